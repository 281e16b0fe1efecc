"""`./run bench` lists the measurements, `./run bench NAME [arguments]` runs one; each is a module of this package."""

import runpy
import sys
from importlib import import_module
from pathlib import Path


def names() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def main(arguments: list[str]) -> int:
    if not arguments:
        for name in names():
            summary = (import_module(f"bench.{name}").__doc__ or "").strip().splitlines()[0]
            print(f"{name:12} {summary}")
        return 0
    if arguments[0] not in names():
        print(f"usage: ./run bench [{' | '.join(names())}]", file=sys.stderr)
        return 2
    sys.argv = arguments
    runpy.run_module(f"bench.{arguments[0]}", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
