"""What waits in SQL, who works on it, and what the edges' clocks say of ours."""

from collections.abc import Iterator
from statistics import median

from sqlalchemy import select

from central.ingest.judge import Reason
from central.ingest.tables import edge
from central.notices import delay
from central.operation import backlog
from central.operation.alarms import Alarm
from central.operation.doctor.findings import Finding, Patient
from protocol.errors import Garbled
from protocol.messages import control

RECENT = 600  # seconds
CLOCK_OFF = 30  # seconds
LATE = 600  # seconds that a message of the inbox may wait
TOLD = 30 * 86_400  # seconds back that notices are looked at
SHOWN = 5  # names in a line

ASIDE = {  # reason of the quarantine -> what it means, what to do
    Reason.UNREADABLE: ("не читаются", "проверьте концентратор: версию и исправность; прочтите причину в записи"),
    Reason.UNKNOWN_VERSION: ("новой версии", "обновите central, затем `uchet-central replay`"),
    Reason.WRONG_CHANNEL: ("не в своём канале", "обновите программу концентратора"),
    Reason.FOREIGN_METER: ("чужого счётчика", "привяжите счётчик к концентратору, затем `uchet-central replay`"),
    Reason.UNKNOWN_COMMAND: ("ответы на неизвестные команды", "проверьте, не восстановлена ли база из старой копии"),
    Reason.BAD_VOID: ("о потере без хэша", "обновите программу концентратора"),
    Reason.UNKNOWN_COLUMNS: ("с неизвестными столбцами", "обновите central, затем `uchet-central replay`"),
    Reason.SERIES_REFUSED: ("отвергнуты хранилищем рядов", "дефект: сохраните журнал worker, сообщите разработчикам"),
}


def edges(patient: Patient) -> Iterator[Finding]:
    """How far the clocks of those heard just now are from ours: all of them = ours is wrong. Raises DBAPIError."""
    heard = select(edge.c.name, edge.c.health, edge.c.health_at).where(edge.c.health_at > patient.now - RECENT)
    with patient.sql.connect() as connection:
        rows = connection.execute(heard.order_by(edge.c.name)).all()
    ahead = {}
    for row in rows:
        try:
            health = control.decode(row.health, control.Health)
        except Garbled:
            continue
        if health.clock == "trusted":
            ahead[row.name] = health.time.timestamp() - row.health_at
    if not ahead:
        yield Finding("часы", "концентраторы с верными часами сейчас не на связи: сверить не с чем")
        return
    middle = median(ahead.values())
    if abs(middle) > CLOCK_OFF:
        do = "проверьте время и пояс этого сервера (timedatectl), затем перезапустите службы"
        yield Finding("часы", f"часы сервера и {len(ahead)} концентраторов расходятся на {-middle:+.0f} с", do)
    else:
        yield Finding("часы", f"с часами {len(ahead)} концентраторов сходятся, расхождение {-middle:+.0f} с")
    off = [name for name, seconds in ahead.items() if abs(seconds - middle) > CLOCK_OFF]
    if off:
        what = f"отстают или спешат концентраторы: {_names(off)}"
        yield Finding("часы", what, "проверьте на них службу времени (uchet-edge doctor)")


def work(patient: Patient) -> Iterator[Finding]:
    """Raises DBAPIError."""
    with patient.sql.connect() as connection:
        found = backlog.read(connection, patient.now)
    yield _workers(found)
    yield _inbox(found, patient.now)
    yield Finding("расчёт", f"суток к пересчёту: {found.dirty}")
    yield from _aside(found)
    if found.conflicts:
        yield Finding("расхождения", f"ждут проверки: {found.conflicts} (разные значения за один момент)")
    yield from _jobs(found, patient.config.mail is not None)


def notices(patient: Patient) -> Iterator[Finding]:
    """How long it took to tell people of the five cases of the decree. Raises DBAPIError."""
    with patient.sql.connect() as connection:
        found = delay.measured(connection, patient.now - TOLD)
    if found is None:
        yield Finding("уведомления", "за 30 суток рассказывать было не о чем")
        return
    letter = "" if found.letter is None else f", до письма ещё {_took(found.letter)}"
    before = f"случаев за 30 суток {found.cases}; до сервера {_took(found.received)}"
    what = f"{before}, до кабинета ещё {_took(found.shown)}{letter}"
    late = found.whole.most > delay.MOST_SECONDS
    do = "позже суток: проверьте связь с концентраторами и worker" if late else ""
    yield Finding("уведомления", what, do)


def _took(found: delay.Took) -> str:
    return f"обычно {_long(found.median)}, самое долгое {_long(found.most)}"


def _long(seconds: int) -> str:
    return f"{seconds} с" if seconds < 120 else f"{seconds // 60} мин" if seconds < 7200 else f"{seconds / 3600:.1f} ч"


def _workers(found: backlog.Backlog) -> Finding:
    if not found.workers:
        return Finding("worker", "ни один не работает", "запустите: systemctl start uchet-worker")
    if found.held < found.leases:
        what = f"работает {found.workers}, но часть работы никем не занята ({found.held} из {found.leases})"
        return Finding("worker", what, "подождите минуту и повторите; если не прошло — перезапустите worker")
    return Finding("worker", f"работает {found.workers}, вся работа распределена")


def _inbox(found: backlog.Backlog, now: int) -> Finding:
    if found.oldest is None:
        return Finding("входящие", "все разобраны")
    age = max(0, now - found.oldest)
    do = "проверьте worker и хранилище рядов (строки выше): потерь нет, очередь разберётся сама" if age > LATE else ""
    return Finding("входящие", f"ждут {found.waiting}, старшее {age // 60} мин", do)


def _aside(found: backlog.Backlog) -> Iterator[Finding]:
    if not found.aside and not found.strays:
        yield Finding("карантин", "пуст")
    for reason, count in sorted(found.aside.items()):
        means, do = ASIDE.get(Reason(reason), (reason, Alarm.QUARANTINE.remedy))
        yield Finding("карантин", f"{means}: {count} ({reason})", do)
    if found.strays:
        yield Finding("карантин", f"непонятных сообщений: {found.strays}", Alarm.STRAY.remedy)


def _jobs(found: backlog.Backlog, mail: bool) -> Iterator[Finding]:
    dead = {kind: count for (kind, state), count in sorted(found.jobs.items()) if state == "dead"}
    waiting = sum(count for (_, state), count in found.jobs.items() if state == "waiting")
    for kind, count in dead.items():
        yield Finding("задания", f"не выполнено {count} ({kind})", Alarm.JOB_DEAD.remedy)
    if not dead:
        yield Finding("задания", f"ждут {waiting}, невыполненных нет")
    letters = found.jobs.get(("mail", "waiting"), 0)
    if letters:
        do = "" if mail else "настройте [mail] и перезапустите worker"
        yield Finding("почта", f"писем в очереди: {letters}", do)


def _names(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" и ещё {more}" if more > 0 else "")
