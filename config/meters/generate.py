"""Makes the templates of this folder from a list of register maps: `python config/meters/generate.py MAPS.json`.

MAPS.json: {"maker's name of the meter": {"src", "serial": how its line is set, "regs": [{"addr", "fc", "words", "type",
"scale", "unit", "name", "quantity"}], "holding": […]}}. Only registers with a quantity are taken. What a map says in
prose alone (word order, «no value», where the serial number is) stands in METERS. The files are then kept by hand.
"""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from protocol.modbus.template import template

PHASES = {"l1": "a", "l2": "b", "l3": "c"}
QUANTITIES = {
    "a_plus": "active_import_total",
    "a_minus": "active_export_total",
    "r_plus": "reactive_import_total",
    "r_minus": "reactive_export_total",
    "p": "active_power",
    "q": "reactive_power",
    "s": "apparent_power",
    "pf": "power_factor",
    "f": "frequency",
    "i_n": "current_neutral",
    **{f"u_{line}": f"voltage_{phase}" for line, phase in PHASES.items()},
    **{f"i_{line}": f"current_{phase}" for line, phase in PHASES.items()},
    **{f"p_{line}": f"active_power_{phase}" for line, phase in PHASES.items()},
    **{f"q_{line}": f"reactive_power_{phase}" for line, phase in PHASES.items()},
    **{f"pf_{line}": f"power_factor_{phase}" for line, phase in PHASES.items()},
}
UNITS = {
    "": "1",
    "None": "1",
    "Volts": "V",
    "Amps": "A",
    "Watts": "W",
    "VoltAmps": "VA",
    "VAr": "var",
    "kWh/MWh": "kWh",
    "kVArh/MVArh": "kvarh",
    "kVarh": "kvarh",
    "kVArh": "kvarh",
}
LOW_FIRST = " (LOW word first)"
EASTRON = {"gap": 8, "serial": {"address": 0xFC00, "function": 3, "type": "uint32"}}
# name in the maps -> file, and what the map tells in prose
METERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Eastron SDM120": ("eastron-sdm120", EASTRON),
    "Eastron SDM630": (
        "eastron-sdm630",
        {**EASTRON, "prefix": {"address": 0x001E, "function": 3, "type": "float32"}},
    ),
    "Schneider iEM3000 (iEM3150/3155/3250/3255)": ("schneider-iem3000", {}),
    "Carlo Gavazzi EM24 RS-485 (AV)": ("carlo-gavazzi-em24-rs485", {}),
    "Carlo Gavazzi EM24 E1 (Ethernet)": (
        "carlo-gavazzi-em24-e1",
        {"serial": {"address": 0x5000, "function": 4, "type": "text", "words": 7}},
    ),
    "ABB B21/B23/B24": (
        "abb-b2x",
        {"sentinel": True, "serial": {"address": 0x8900, "function": 3, "type": "uint32"}},
    ),
}


def main(maps: Path) -> None:
    for meter, found in json.loads(maps.read_text()).items():
        name, extra = METERS[meter]
        text = _toml(meter, found, extra)
        template(tomllib.loads(text))
        (Path(__file__).parent / f"{name}.toml").write_text(text)


def _toml(meter: str, found: dict[str, Any], extra: dict[str, Any]) -> str:
    registers = [register for register in found["regs"] if register["quantity"] in QUANTITIES]
    swapped = any(LOW_FIRST in register["type"] for register in registers)
    lines = [
        f"name = {_text(meter)}",
        f"source = {_text(found['src'])}",
        f"link = {_text(found['serial'])}",
        f"word_order = {_text('low first' if swapped else 'high first')}",
    ]
    lines += [f"{key} = {_plain(value)}" for key, value in extra.items() if not isinstance(value, dict)]
    for key, value in extra.items():
        if isinstance(value, dict):
            lines += ["", f"[{key}]", *(f"{name} = {_plain(part)}" for name, part in value.items())]
    for register in registers:
        lines += ["", "[[register]]", f"# {register['name']}", *_register(register)]
    return "\n".join(lines) + "\n"


def _register(register: dict[str, Any]) -> list[str]:
    parts = {
        "quantity": QUANTITIES[register["quantity"]],
        "address": register["addr"],
        "function": register["fc"],
        "type": register["type"].removesuffix(LOW_FIRST),
        "unit": UNITS.get(register["unit"], register["unit"]),
    }
    if register["scale"] != 1:
        parts["scale"] = str(register["scale"])  # text: 0.1 has no exact binary form
    return [f"{name} = {_plain(part)}" for name, part in parts.items()]


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _text(value) if isinstance(value, str) else str(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)  # a JSON string is a TOML basic string


if __name__ == "__main__":
    main(Path(sys.argv[1]))
