"""Bytes seen on real lines or printed in standards, and what they mean; which of them our tests already claim.

`load(file)` gives all vectors of a file, `claimed(file)` those that must pass. What is not claimed yet stands in
UNCLAIMED, by file or by name, and nowhere else: `test_claims` holds the two lists against the files.
"""

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
SPODES = "spodes_vectors"  # frames printed in ГОСТ Р 58940-2020, in a form of its own: see `spodes_frames`

Vector = dict[str, Any]

WHOLE = ("*",)
CLAIMED: dict[str, tuple[str, ...]] = {
    "hdlc": WHOLE,
    "wrapper": WHOLE,
    "axdr": WHOLE,
    "datetime": WHOLE,
    "modbus": WHOLE,
    SPODES: WHOLE,
    "apdu": (
        "GET LDN",
        "GET response double-long-unsigned 5009",
        "RLRQ normal",
        "GET next block 1",
        "GET error hardware-fault",
        "last datablock carrying an error",
        "AARQ without security",
        "AARE accepted (Green Book)",
        "AARE rejected: application-context-name-not-supported",
        "AARE HLS5: authentication required, StoC",
        "AARQ LLS 12345678, max PDU 1200+",
        "AARE max PDU 239",
        "GET response clock 2016-01-04 09:50:10, deviation unspecified",
        "GET event log buffer, invoke 45",
        "AARE max PDU 155",
        "AARE conformance 1E19",
        "Kaifa image/firmware session APDU 1",
        "object-undefined",
        "confirmed-service-error initiate",
        "GET-with-list one item",
        "GET-with-list response",
        "exception-response service-not-allowed / service-not-supported",
    ),
    "sessions": (
        "Меркурий 203 object_list of the configurator, 513 datablocks",
        "Меркурий 203 demand register 1.0.1.4.0.255 attribute 9",
        "Меркурий 203 capture_objects 0.0.21.0.1.255",
        "Меркурий 203 capture_objects 1.0.99.1.0.255",
        "Меркурий 203 capture_objects 1.0.99.3.0.255",
        "Меркурий 203 capture_objects 1.0.94.7.0.255",
        "Меркурий 203 capture_objects 1.0.94.7.1.255",
        "Меркурий 203 capture_objects 1.0.94.7.4.255",
        "Меркурий 203 capture_objects 1.0.98.1.0.255",
        "Меркурий 203 capture_objects 0.0.99.98.0.255",
        "Меркурий 203 capture_objects 0.0.99.98.2.255",
        "Меркурий 203 capture_objects 0.0.99.98.4.255",
        "Меркурий 203 capture_objects 0.0.99.98.7.255",
        "Меркурий 203 capture_objects 0.0.99.98.9.255",
        "Меркурий 203 scaler_unit of 41 registers, one GET each",
        "segmented HDLC answer (S bit, RR between), object_list with short names, 104 frames",
        "Милур: DISC, SNRM, AARQ LLS, GET scaler, GET value",
    ),
}
UNCLAIMED: dict[str, tuple[str, ...]] = {
    "cipher": WHOLE,
    "gost": WHOLE,
    "mercury": WHOLE,
    "iec62056_21": WHOLE,
    "push": WHOLE,
    "apdu": (
        "ACTION success without return data",
        "SET success",
        "ACTION script_table.execute(2)",
        "ACTION reply_to_HLS 16 bytes",
        "Kaifa reply_to_HLS answer",
        "image_transfer_initiate",
        "relay remote_disconnect (class 70 method 1)",
        "SET block ack",
        "general-block-transfer first block",
    ),
    "sessions": ("Меркурий 203 HLS mechanism 2 association (SNRM, AARQ, AARE, reply_to_HLS)",),
}


def files() -> list[str]:
    return sorted(path.stem for path in DATA.glob("*.json"))


def load(name: str) -> list[Vector]:
    """All vectors of a file."""
    found = json.loads((DATA / f"{name}.json").read_text())
    assert isinstance(found, list)
    return found


def claimed(name: str) -> list[Vector]:
    """The vectors of a file that must pass."""
    names = CLAIMED[name]
    return [vector for vector in load(name) if names == WHOLE or vector["name"] in names]


def one(name: str, title: str) -> Vector:
    (vector,) = (vector for vector in claimed(name) if vector["name"] == title)
    return vector


def spodes_frames() -> dict[str, bytes]:
    """Name -> frame, of the standard."""
    found = json.loads((DATA / f"{SPODES}.json").read_text())["frames"]
    return {name: bytes.fromhex(text) for name, text in found.items()}


def title(vector: Vector) -> str:
    """For `pytest.mark.parametrize(ids=…)`."""
    return str(vector["name"])
