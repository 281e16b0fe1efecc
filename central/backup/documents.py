"""Files of documents (acts, photos) into a backup and back. A file never changes: what the backup before has is linked.

documents/<first two digits>/<SHA-256>
"""

from pathlib import Path

from central.backup.manifest import File, Manifest, link, sha256, sync, under
from central.registry import documents
from central.timeseries.copying import Say

FOLDER = "documents"  # of the backup


def save(kept: Path, partial: Path, before: tuple[Path, Manifest] | None, say: Say) -> dict[str, File]:
    """All files of the folder `kept`; returns them by name. One that is not any more what it was is saved, and told."""
    files = {}
    (partial / FOLDER).mkdir(mode=0o700)
    for found in sorted(kept.glob("[0-9a-f][0-9a-f]/*")):
        if found.name.startswith("."):
            continue  # one that was never written to its end
        name = f"{FOLDER}/{found.parent.name}/{found.name}"
        place = partial / name
        place.parent.mkdir(exist_ok=True, mode=0o700)
        if before is not None and name in before[1].files:
            link(before[0] / name, place)
            files[name] = before[1].files[name]
            continue
        place.write_bytes(found.read_bytes())
        sync(place)
        files[name] = File(sha256(place), place.stat().st_size)
        if files[name].sha256 != found.name:
            say(f"document {found.name} is damaged on this disk")
    return files


def restore(kept: Path, folder: Path, manifest: Manifest) -> int:
    """What the folder `kept` lacks of the backup; returns how many files. Raises OSError."""
    names = [name for name, _ in under(manifest, FOLDER)]
    for name in names:
        documents.keep(kept, Path(name).name, (folder / FOLDER / name).read_bytes())
    return len(names)
