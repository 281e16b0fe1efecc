"""A simulated СПОДЭС meter as `protocol.dlms.server` wants it: who may come in, and what its attributes are.

    client 16   public: no secret; clock, logical device name, the list of these objects
    client 32   reader: LLS password; everything
Any other client is refused. Nothing can be written and no method runs.
"""

from dataclasses import replace
from functools import lru_cache

from demo.meters.cosem import ASSOCIATION_LN, SAP, CosemObject, ProfileObject, constant, refusal
from demo.meters.faults import ClockSet
from demo.meters.model import SpodesSite
from demo.meters.spodes import device_name, spodes_objects
from protocol.dlms import axdr
from protocol.dlms.axdr import Data
from protocol.dlms.server import Admission, Selection
from protocol.obis import Obis
from protocol.spodes.objects import ASSOCIATION, CLOCK, DEVICE_NAME, PUBLIC, READER

_LOWEST, _LLS = 0, 1  # mechanisms
_ASSOCIATIONS = {PUBLIC: Obis.parse("0.0.40.0.1"), READER: Obis.parse("0.0.40.0.2")}
_SAP_ASSIGNMENT = Obis.parse("0.0.41.0.0")
_OPEN = frozenset({CLOCK, DEVICE_NAME})
_READ_ONLY = 1
_ASSOCIATED = 2


class SpodesDevice:
    """`protocol.dlms.server.Device` over one site."""

    def __init__(self, site: SpodesSite) -> None:
        self.site = site
        self._tables = lru_cache(8)(self._make_tables)

    def admit(self, client: int, mechanism: int, secret: bytes | None) -> Admission:
        if self.site.faults.refuse or client not in _ASSOCIATIONS:
            return Admission.REFUSED
        if client == PUBLIC:
            return Admission.ACCEPTED if mechanism == _LOWEST else Admission.REFUSED
        if mechanism == _LLS and secret == self.site.password.encode():
            return Admission.ACCEPTED
        return Admission.BAD_PASSWORD

    def get(self, client: int, class_id: int, obis: Obis, attribute: int, selection: Selection | None) -> bytes:
        faults = self.site.faults
        table = self._tables(faults.serial, faults.clock)[client]
        found = table.get(obis)
        if found is None:
            raise refusal("object-undefined")
        if found.class_id != class_id:
            raise refusal("object-class-inconsistent")
        if selection is None:
            return found.read(attribute, self.site.now())
        if not isinstance(found, ProfileObject) or attribute != 2:
            raise refusal("type-unmatched")
        return found.buffer(self.site.now(), selection.selector, selection.data)

    def _make_tables(self, serial: str | None, clock: tuple[ClockSet, ...]) -> dict[int, dict[Obis, CosemObject]]:
        """What each client sees, when the meter has this number (None: its own) and its clock was set so."""
        site = self.site  # itself when nothing is wrong: what it has computed is shared
        if serial or clock:
            site = replace(site, serial=serial or site.serial, clock_sets=clock)
        everything = spodes_objects(site)
        everything[_SAP_ASSIGNMENT] = _sap_assignment(site)
        public = {obis: item for obis, item in everything.items() if obis in _OPEN}
        return {
            PUBLIC: _with_association(public, site, PUBLIC),
            READER: _with_association(everything, site, READER),
        }


def _with_association(objects: dict[Obis, CosemObject], site: SpodesSite, client: int) -> dict[Obis, CosemObject]:
    """The objects and the client's own association, under its own name and as the current one."""
    names = (ASSOCIATION, _ASSOCIATIONS[client])
    seen = dict(objects)
    for name in names:
        seen[name] = CosemObject(ASSOCIATION_LN, name)
    listed = axdr.array(_listed(item) for item in seen.values())
    for name in names:
        seen[name].attributes[2] = constant(listed)
        seen[name].attributes[3] = constant(axdr.structure(axdr.i8(client), axdr.u16(site.address[0])))
        seen[name].attributes[8] = constant(axdr.enum(_ASSOCIATED))
    return seen


def _listed(item: CosemObject) -> Data:
    """An element of the object list: class, version, name, and that its attributes can be read."""
    numbers = sorted({*item.attributes, *((2, 3, 8) if item.class_id == ASSOCIATION_LN else ())})
    rights = axdr.array(axdr.structure(axdr.i8(number), axdr.enum(_READ_ONLY), axdr.null) for number in numbers)
    access = axdr.structure(rights, axdr.array(()))
    return axdr.structure(axdr.u16(item.class_id), axdr.u8(item.version), axdr.octets(bytes(item.obis)), access)


def _sap_assignment(site: SpodesSite) -> CosemObject:
    entry = axdr.structure(axdr.u16(site.address[0]), axdr.octets(device_name(site)))
    return CosemObject(SAP, _SAP_ASSIGNMENT, {2: constant(axdr.array([entry]))})
