"""The machine: the data folder, its files, the clock, the backup, the key of commands."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from central.backup.make import secret_files
from central.backup.manifest import BadBackup, Manifest, backups, read
from central.commands import keys
from central.operation.alarms import Alarm
from central.operation.doctor.findings import Finding, Patient
from protocol.messages import command

DAY = 86_400
GIB = 2**30
LEAST_FREE = GIB
LEAST_DAYS = 30  # of room
BACKUP_HOURS = 26  # a nightly one, and two hours for itself


def folder(patient: Patient) -> Iterator[Finding]:
    """It is there, ours alone, and has room."""
    path = patient.config.data
    if not path.is_dir():
        yield Finding("данные", f"нет папки {path}", "создайте её: install -d -m 750 -o uchet -g uchet; затем migrate")
        return
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        do = "запустите doctor от пользователя службы (sudo -u uchet …) или исправьте владельца папки"
        yield Finding("данные", f"папка {path} недоступна этому пользователю", do)
        return
    for name, secret in secret_files(patient.config).items():
        if not secret.is_file():
            yield Finding("данные", f"нет файла {secret}", "выполните `uchet-central migrate`: он создаст его")
        elif secret.stat().st_mode & 0o077:
            yield Finding("данные", f"файл {name} читают и другие пользователи", f"chmod 600 {secret}")
    yield _room(patient, path)


def _room(patient: Patient, path: Path) -> Finding:
    free = shutil.disk_usage(path).free
    held = sum(file.stat().st_size for file in path.glob("*") if file.is_file())
    growth = _growth(patient)
    what = f"свободно {_size(free)}, файлы данных занимают {_size(held)}"
    if growth is not None:
        what += f", рост по резервным копиям {_size(growth)} в сутки"
    full_soon = growth is not None and growth > 0 and free / growth < LEAST_DAYS
    do = "освободите место или перенесите данные на больший диск" if free < LEAST_FREE or full_soon else ""
    return Finding("диск", what, do)


def _growth(patient: Patient) -> float | None:
    """Bytes a day, from the oldest backup to the newest; None = too few of them."""
    found = [manifest for _, manifest in _manifests(patient)]
    if len(found) < 2:
        return None
    days = (found[-1].made - found[0].made).total_seconds() / DAY
    return (_bytes(found[-1]) - _bytes(found[0])) / days if days >= 1 else None


def clock(_patient: Patient) -> Iterator[Finding]:
    """As systemd knows it; nothing where systemd does not."""
    program = shutil.which("timedatectl")
    if program is None:
        return
    command_ = [program, "show", "--property=NTPSynchronized", "--value"]
    done = subprocess.run(command_, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603 - our own words
    if done.returncode == 0:
        exact = done.stdout.strip() == "yes"
        do = "" if exact else "включите: timedatectl set-ntp true (или chrony) и проверьте доступ к серверам времени"
        yield Finding("часы", "синхронизированы" if exact else "не синхронизированы (NTP)", do)


def backup(patient: Patient) -> Iterator[Finding]:
    """There is one, and it is fresh."""
    root = patient.config.backup.folder
    if not root:
        do = "задайте [backup] folder: worker будет делать копию каждую ночь"
        yield Finding("копия", "папка резервных копий не задана", do)
        return
    found = list(_manifests(patient))
    if not found:
        do = "выполните `uchet-central backup`; ночью это делает worker: `uchet-central jobs list` скажет, почему нет"
        yield Finding("копия", f"в {patient.config.path(root)} нет ни одной целой копии", do)
        return
    path, newest = found[-1]
    hours = (patient.now - newest.made.timestamp()) / 3600
    do = "выполните `uchet-central backup`; `uchet-central jobs list --state dead` скажет, почему не вышло ночью"
    what = f"последняя — {path.name}, {hours:.0f} ч назад, {_size(_bytes(newest))}"
    yield Finding("копия", what, do if hours > BACKUP_HOURS else "")


def _manifests(patient: Patient) -> Iterator[tuple[Path, Manifest]]:
    """Of the backups that can be read, oldest first."""
    root = patient.config.backup.folder
    for path in backups(patient.config.path(root)) if root else ():
        try:
            yield path, read(path)
        except BadBackup:
            continue


def _bytes(manifest: Manifest) -> int:
    return sum(file.bytes for file in manifest.files.values())


def command_key(patient: Patient) -> Iterator[Finding]:
    """The private half is here, and SQL names its public one. Raises ConfigError."""
    ours = command.public_of(keys.private_key(patient.config))
    with patient.sql.connect() as connection:
        known = keys.public_key(connection)
    what = "есть, база знает его" if ours == known else "в файле другой ключ, чем знает база"
    yield Finding("ключ команд", what, "" if ours == known else Alarm.COMMAND_KEY_CHANGED.remedy)


def _size(number: float) -> str:
    for unit, name in ((GIB, "ГиБ"), (2**20, "МиБ")):
        if abs(number) >= unit:
            return f"{number / unit:.1f} {name}"
    return f"{number / 2**10:.0f} КиБ"
