"""edge.toml: the example is right; what is wrong is told with file, line, key, value and what is allowed."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.cli import main
from edge.config import ConfigError, load
from edge.meters.base import ModbusMeter, SpodesMeter

EXAMPLE = Path(__file__).parents[2] / "config/edge.toml"

pytestmark = pytest.mark.quick

BASE = """\
[edge]
name = "edge-1"
data = "data"

[uplink]
host = "mqtt"
central = "c1"

[[line]]
name = "A"
url = "tcp://10.0.0.1:4059"

[[meter]]
id = "m-1"
line = "A"
driver = "spodes"

[[meter]]
id = "m-2"
line = "A"
driver = "modbus"
template = "eastron-sdm630"
period = 900
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "edge.toml"
    file.write_text(text)
    return file


def test_the_example_loads_and_what_it_comments_out_are_the_defaults(tmp_path: Path) -> None:
    shown = load(EXAMPLE)
    lines = [line[2:] if line.startswith("# ") and " = " in line and "/" not in line.split("=")[1] else line
             for line in EXAMPLE.read_text().splitlines() if "username" not in line]  # fmt: skip
    assert load(written(tmp_path, "\n".join(lines))).schedule == shown.schedule
    assert [type(meter) for meter in shown.meters] == [SpodesMeter, ModbusMeter]


def test_meters_are_what_the_drivers_take(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("12345678\n")
    text = BASE.replace(
        'driver = "spodes"',
        f'driver = "spodes"\nserver = "1/24"\nclient = 48\npassword_file = "{tmp_path}/secret"\noffset = 420',
    )
    spodes, modbus = load(written(tmp_path, text)).meters
    assert spodes == SpodesMeter("m-1", "A", server=(1, 24), client=48, password="12345678", offset=420)
    assert modbus == ModbusMeter("m-2", "A", "eastron-sdm630", period=900)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('name = "edge-1"', 'nane = "edge-1"', 2, ["edge.nane", "did you mean «name»"]),
        ('name = "edge-1"', 'name = "to"', 2, ["edge.name = 'to'", "«to»"]),
        ('data = "data"', "data = 5", 3, ["edge.data = 5", "expected `str`, got `int`"]),
        ('central = "c1"', "", 5, ["uplink", "«central» is missing"]),
        ('host = "mqtt"', 'host = "mqtt"\nport = 99999', 7, ["uplink.port = 99999", "<= 65535"]),
        ('host = "mqtt"', 'host = "mqtt"\nprotocol = "4"', 7, ["uplink.protocol = '4'"]),
        ('host = "mqtt"', 'host = "mqtt"\ncommand_key = "c2hvcnQ="', 7, ["uplink.command_key", "5 bytes, a key"]),
        ('host = "mqtt"', 'host = "mqtt"\ncommand_key = "§"', 7, ["uplink.command_key", "base64"]),
        ("tcp://10.0.0.1:4059", "udp://10.0.0.1", 11, ["line 1: url = 'udp://10.0.0.1'", "tcp://"]),
        ('line = "A"\ndriver = "modbus"', 'line = "B"\ndriver = "modbus"', 20, ["meter 2: line = 'B'", "there are: A"]),
        ('id = "m-2"', 'id = "m-1"', 19, ["meter 2: id = 'm-1'", "another meter"]),
        ('id = "m-2"', 'id = "m 2"', 19, ["meter 2: id = 'm 2'", "1 to 40"]),
        ('driver = "spodes"', 'driver = "spodus"', 16, ["meter 1: driver = 'spodus'", "spodes or modbus"]),
        ('driver = "spodes"', 'driver = "spodes"\nserver = "x"', 17, ["meter 1: server = 'x'", "1/16"]),
        ('driver = "spodes"', 'driver = "spodes"\ntemplate = "x"', 17, ["meter 1: template", "no such setting"]),
        ("period = 900", "period = 7000", 23, ["meter 2: period = 7000", "divide a day"]),
        ("period = 900", "perod = 900", 23, ["meter 2: perod = 900", "«period»"]),
        ("eastron-sdm630", "eastron-x", 22, ["meter 2: template = 'eastron-x'", "eastron-sdm630"]),
        ('host = "mqtt"', 'host = "mqtt', 6, ["not TOML"]),
        ('host = "mqtt"', 'host = "mqtt"\npassword_file = "/no/such"', 7, ["uplink.password_file", "cannot be read"]),
        ('host = "mqtt"', 'host = "mqtt"\ntls = {ca = "/no/such"}', 7, ["uplink.tls.ca", "no such file"]),
        ("[[line]]", "[page]\nlisten = \"8118\"\n\n[[line]]", 10, ["page.listen = '8118'", "host:port"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: list[str]) -> None:
    assert old in BASE
    file = written(tmp_path, BASE.replace(old, new, 1))
    with pytest.raises(ConfigError) as error:
        load(file)
    assert str(error.value).startswith(f"{file}:{line}: ")
    assert [word for word in words if word not in str(error.value)] == []


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    text = BASE.replace('host = "mqtt"', f'host = "mqtt"\npassword = "s3cret"\npassword_file = "{tmp_path}/edge.toml"')
    with pytest.raises(ConfigError) as error:
        load(written(tmp_path, text))
    assert "s3cret" not in str(error.value)


def test_the_hash_is_of_the_settings_without_their_secrets(tmp_path: Path) -> None:
    def hashed(text: str) -> str:
        return load(written(tmp_path, text)).hash

    plain = hashed(BASE)
    assert plain == hashed("# a comment\n" + BASE)
    assert plain != hashed(BASE.replace("period = 900", "period = 1800"))
    secret = 'host = "mqtt"\npassword = "{}"'
    assert hashed(BASE.replace('host = "mqtt"', secret.format("a"))) == hashed(
        BASE.replace('host = "mqtt"', secret.format("b"))
    )


def test_config_check_says_right_or_where_it_is_wrong(tmp_path: Path) -> None:
    good = CliRunner().invoke(main, ["config", "check", str(EXAMPLE)])
    assert (good.exit_code, "right" in good.output) == (0, True)
    bad = CliRunner().invoke(main, ["config", "check", str(written(tmp_path, BASE.replace("tcp:", "tpc:")))])
    assert (bad.exit_code, ":11: line 1: url" in bad.output) == (2, True)
    none = CliRunner().invoke(main, ["config", "check", str(tmp_path / "none.toml")])
    assert (none.exit_code, "cannot be read" in none.output) == (2, True)
