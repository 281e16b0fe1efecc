"""The configuration: the example loads; a wrong setting is named with file, line, key, value and what is allowed."""

from pathlib import Path

import msgspec
import pytest

from central.config import CentralConfig, ConfigError, load

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parent.parent.parent


def wrong(tmp_path: Path, text: str) -> str:
    file = tmp_path / "central.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as refused:
        load(file)
    message = str(refused.value)
    assert message.startswith(str(file))
    return message.removeprefix(str(file))


def test_the_example_loads_with_every_comment_taken_off(tmp_path: Path) -> None:
    text = (ROOT / "config/central.toml").read_text()
    example = load(ROOT / "config/central.toml")
    assert example.https
    assert example.series.kind == "influxdb"
    opened = [
        line.removeprefix("# ") if " = " in line and line.startswith("# ") else line for line in text.splitlines()
    ]
    (tmp_path / "central.toml").write_text("\n".join(opened))
    full = load(tmp_path / "central.toml")
    assert full.sql_url.startswith("postgresql")
    assert full.web.threads == example.web.threads


def test_only_the_folder_of_data_is_needed(tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text('[central]\ndata = "here"\n')
    config = load(tmp_path / "central.toml")
    assert config.data == tmp_path / "here"
    assert config.sql_url == f"sqlite:///{tmp_path}/here/central.sqlite"
    assert config.secret_file == tmp_path / "here" / "secret"
    assert config.address == ("127.0.0.1", 8080)
    assert [config.metrics.address(program) for program in ("ingest", "worker", "web", "serve")] == [None] * 4


DATA = '[central]\ndata = "x"\n'
MAIL = DATA + '[mail]\nhost = "h"\n'
SECTIONS = ", ".join(field.name for field in msgspec.structs.fields(CentralConfig) if field.name != "folder")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[central]\n", ", line 1: [central]: Object missing required field `data`"),
        ("[central]\ndata = 5\n", ", line 2: central.data = 5: Expected `str`, got `int`"),
        (DATA + "[mqtt]\nport = 70000\n", ", line 4: mqtt.port = 70000: Expected `int` <= 65535"),
        (DATA + '[mqtt]\nprotocol = "4"\n', ", line 4: mqtt.protocol = '4': allowed: '3.1.1', '5'"),
        (DATA + '[series]\nkind = "csv"\n', ", line 4: series.kind = 'csv': allowed: 'sqlite', 'influxdb'"),
        (DATA + "[mqt]\n", f", line 3: [mqt]: there is no such setting; known here: {SECTIONS}"),
        (DATA + "[sql]\nurls = 1\n", ", line 4: sql.urls: there is no such setting; known here: url"),
        (
            DATA + '[mqtt.tls]\nca = "c"\ncrt = "d"\n',
            ", line 5: mqtt.tls.crt: there is no such setting; known here: ca, certificate, key",
        ),
        (DATA + '[web]\nlisten = "h:99999"\n', ", line 4: web.listen: port 99999: 1 to 65535 is allowed"),
        (
            DATA + '[mqtt]\npassword = "a"\npassword_file = "b"\n',
            ", line 4: mqtt.password: either password or password_file",
        ),
        (
            DATA + '[worker]\ntime_zone = "Moscow"\n',
            ", line 4: worker.time_zone = 'Moscow': a name like Europe/Moscow is allowed",
        ),
        (DATA + '[metrics]\nworker = "h:0"\n', ", line 4: metrics.worker: port 0: 1 to 65535 is allowed"),
        (DATA + '[log]\nformat = "xml"\n', ", line 4: log.format = 'xml': allowed: 'logfmt', 'json'"),
        (MAIL, ", line 3: [mail]: Object missing required field `sender`"),
        (MAIL + 'sender = "Учёт"\n', ", line 5: mail.sender: an address, or a name and <address>"),
        (
            MAIL + 'sender = "a@b"\npassword = "a"\npassword_file = "b"\n',
            ", line 6: mail.password: either password or password_file",
        ),
        (DATA + "[mqtt\n", ": not TOML: Expected ']' at the end of a table declaration (at line 3, column 6)"),
        (
            'folder = "x"\n' + DATA,
            f", line 1: folder: there is no such setting; known here: {SECTIONS}",
        ),
    ],
)
def test_a_wrong_setting(tmp_path: Path, text: str, message: str) -> None:
    assert wrong(tmp_path, text) == message


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    assert "hush" not in wrong(tmp_path, DATA + '[mqtt]\npassword = ["hush"]\n')
    assert "hush" not in wrong(tmp_path, DATA + '[series]\nurl = "http://a:hush@b:1/"\n')
    assert "hush" not in wrong(tmp_path, DATA + '[sql]\nurl = "mysql://a:hush@b/"\n')


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: No such file"):
        load(tmp_path / "nowhere.toml")


def test_secrets_are_read_from_their_files(tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text(DATA + '[mqtt]\npassword_file = "p"\n')
    config = load(tmp_path / "central.toml")
    with pytest.raises(ConfigError, match=r"cannot read the secret in .*/p: No such file"):
        config.secret("", config.mqtt.password_file)
    (tmp_path / "p").write_text("hush\n")
    assert config.secret("", config.mqtt.password_file) == "hush"
    assert config.secret("direct", "") == "direct"
