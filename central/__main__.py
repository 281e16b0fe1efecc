"""`python -m central` = `uchet-central`."""

from central.cli import main

main()
