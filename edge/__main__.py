"""`python -m edge` = `uchet-edge`."""

from edge.cli import main

main(prog_name="uchet-edge")
