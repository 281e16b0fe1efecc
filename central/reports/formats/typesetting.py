"""A program of its own: typst makes `paper.pdf` of the `report.typ` in a folder, within limits of memory and time.

    python -I typesetting.py FOLDER FONTS BYTES tagged|plain
It is started by `pdf.py`, and imports nothing of ours: what a document asks of memory ends with it.
"""

import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

import typst

LATER_THAN_OTHERS = 5  # pages of people come first; more, and a busy machine never gets to it
PROCESSOR = 60  # seconds; a paper takes two of them


def main(folder: Path, fonts: str, memory: int, *, tagged: bool) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(PermissionError):  # where the units of systemd do not let it, they say who comes first
        os.nice(LATER_THAN_OTHERS)
    typst.compile(
        str(folder / "report.typ"),
        output=str(folder / "paper.pdf"),
        root=str(folder),
        font_paths=[fonts],
        ignore_system_fonts=True,
        package_path=str(folder),
        package_cache_path=str(folder),
        pdf_tags=tagged,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), tagged=sys.argv[4] == "tagged")
