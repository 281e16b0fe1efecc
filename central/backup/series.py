"""The series by month as compressed line protocol: written from any store, read as one that can be copied from."""

import gzip
from collections.abc import Iterator
from pathlib import Path

from central.backup.manifest import BadBackup, File, Manifest, link, sha256, sync, under
from central.timeseries.base import BILLED, AnyRow, Series, stamp
from central.timeseries.copying import Say
from central.timeseries.lines import LOAD, REGISTER, line, parse
from central.timeseries.months import bounds, month_of
from protocol.reading import Kind

FOLDER = "series"
_SUFFIX = ".lp.gz"


def save(
    series: Series, folder: Path, before: tuple[Path, Manifest] | None, say: Say
) -> tuple[dict[str, File], dict[str, str]]:
    """All months; one that stands unchanged in the backup before is linked to. Returns files, and marks by month.

    The mark is asked for before the rows: what is written meanwhile is saved next time. Raises SeriesUnavailable.
    """
    (folder / FOLDER).mkdir()
    files: dict[str, File] = {}
    months = series.months()
    for month, mark in months.items():
        name = f"{FOLDER}/{month}{_SUFFIX}"
        if before is not None and mark and before[1].months.get(month) == mark:
            if name in before[1].files:
                link(before[0] / name, folder / name)
                files[name] = before[1].files[name]
            continue
        if rows := _save(series, month, folder / name):
            files[name] = File(sha256(folder / name), (folder / name).stat().st_size, rows)
            say(f"{month}: {rows} rows of the series")
        else:
            (folder / name).unlink()
    return files, months


def _save(series: Series, month: str, path: Path) -> int:
    rows = 0
    with gzip.open(path, "wt", compresslevel=6, encoding="ascii") as out:
        for kind in BILLED:
            for row in series.scan(kind, *bounds(month)):
                out.write(line(row) + "\n")
                rows += 1
    sync(path)
    return rows


class SavedSeries:
    """The months of a backup, to be copied from (central/timeseries/copying.py)."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder = folder / FOLDER
        self._months = {name.removesuffix(_SUFFIX): "" for name, _ in under(manifest, FOLDER)}

    def months(self) -> dict[str, str]:
        return dict(self._months)

    def scan(self, kind: str, since: int, until: int) -> Iterator[AnyRow]:
        """Raises BadBackup for a line that is not one of ours."""
        month = month_of(until)
        if month not in self._months:
            return
        start = f"{LOAD}," if kind == Kind.LOAD else f"{REGISTER},kind={kind},"
        try:
            with gzip.open(self._folder / f"{month}{_SUFFIX}", "rt", encoding="ascii") as lines:
                for text in lines:
                    if text.startswith(start):
                        row = parse(text.rstrip("\n"))
                        if since < stamp(row) <= until:
                            yield row
        except (ValueError, OSError, EOFError) as error:
            raise BadBackup(f"{self._folder}/{month}{_SUFFIX}: {error}") from None
