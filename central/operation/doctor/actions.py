"""The journal of actions: its newest seals, and whether rows wait for one too long."""

from collections.abc import Iterator

from central.actions import seals
from central.actions.verify import verify
from central.operation.doctor.findings import Finding, Patient

PART = "журнал действий"
LOOKED = 24  # seals: of a day
VERIFY = "выполните `uchet-central actions verify --head …` с письмом о последней печати и выясните, кто менял базу"
WORKER = "печати ставит worker каждый час: проверьте, что он работает, и `uchet-central jobs list --kind seal_actions`"


def journal(patient: Patient) -> Iterator[Finding]:
    """Raises DBAPIError."""
    with patient.sql.connect() as connection:
        state, found = seals.state(connection), verify(connection, newest=LOOKED)
    if found.faults:
        numbers = ", ".join(str(fault.seal) for fault in found.faults[:LOOKED])
        yield Finding(PART, f"цепь печатей нарушена: № {numbers}", VERIFY)
    elif state.newest is not None:
        yield Finding(PART, f"последние печати целы, новейшая № {state.newest.number}")
    if state.since is not None and state.since < patient.now - seals.LATE:
        hours = (patient.now - state.since) // 3600
        yield Finding(PART, f"записи ждут печати {hours} ч", WORKER)
    elif state.newest is None:
        yield Finding(PART, "печатей ещё нет")
