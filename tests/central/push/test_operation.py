"""What the administrator sees and does: settings, the doctor's line, another key."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from central.cli import main
from central.config import CentralConfig, ConfigError, Push, load
from central.operation.doctor import links
from central.operation.doctor.findings import Finding, Patient
from tests.central import scene as s
from tests.central.notices.parts import HOUR
from tests.central.push.conftest import PAGE, Phones

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs/admin/push.md").read_text()


def written(folder: Path, push: str) -> CentralConfig:
    file = folder / "central.toml"
    file.write_text(f'[central]\ndata = "."\n{push}')
    return load(file)


def test_without_the_section_nobody_is_sent_anything_and_one_word_is_enough(tmp_path: Path) -> None:
    assert written(tmp_path, "").push is None
    assert written(tmp_path, "[push]\n").push == Push()


@pytest.mark.parametrize(
    "wrong",
    [
        'services = "fcm.googleapis.com"',
        'services = ["https://fcm.googleapis.com"]',
        'services = ["*"]',
        'services = ["*.*.com"]',
        'services = ["fcm.googleapis.com/x"]',
        'services = ["FCM.googleapis.com"]',
        'contact = "admin"',
        'contact = "http://example.org"',
        "key = 1",
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ConfigError, match="push"):
        written(tmp_path, f"[push]\n{wrong}\n")


def test_the_guide_and_the_example_tell_the_settings_as_they_are() -> None:
    example = (ROOT / "config/central.toml").read_text()
    for name in Push.__struct_fields__:
        assert f"| `{name}` |" in GUIDE
        assert f"# {name} = " in example
    for host in Push().services:
        assert f'"{host}"' in GUIDE
        assert f'"{host}"' in example


def findings(phones: Phones, config: CentralConfig | None = None) -> list[Finding]:
    return list(links.push(Patient(config or phones.config, phones.scene.engine, phones.now)))


def test_the_doctor_says_whether_phones_are_told_and_how_it_went(phones: Phones) -> None:
    (off,) = findings(phones, replace(phones.config, push=None))
    assert off.well
    assert "не отправляются" in off.what
    config = replace(phones.config, push=replace(phones.config.push, contact="mailto:a@example.org"))
    wrong, _ = findings(phones)
    assert "contact" in wrong.do, "the address of the tests is no https"
    phones.config = config
    phones.subscribe(phones.person(), "anna")
    assert [one.what for one in findings(phones)] == ["включены у 1, повторяется сообщений 0"]
    phones.service.answers["/send/anna"] = [503]
    phones.come((phones.now - HOUR, 4, 4))
    phones.minute()
    (late,) = findings(phones)
    assert late.what == "включены у 1, повторяется сообщений 1"
    assert not late.well
    (config.data / "secret").write_text("another secret of the tests, long enough")
    (closed,) = findings(phones)
    assert "new-key" in closed.do
    assert f"| {closed.what} |" in GUIDE


def test_another_key_turns_every_phone_off(phones: Phones, tmp_path: Path) -> None:
    client = phones.person()
    phones.subscribe(client, "anna")
    first = client.get(PAGE).text
    file = tmp_path / "scene" / "central.toml"
    file.write_text(
        f'[central]\ndata = "."\n[sql]\nurl = "{phones.config.sql.url}"\n[push]\nservices = ["{phones.service.host}"]\n'
    )
    assert CliRunner().invoke(main, ["--config", str(file), "migrate"]).exit_code == 0
    done = CliRunner().invoke(main, ["--config", str(file), "push", "new-key", "--yes"])
    assert done.exit_code == 0, done.output
    assert "turned off: 1" in done.output
    assert phones.devices() == []
    second = client.get(PAGE).text
    assert first.partition('data-push="')[2][:87] != second.partition('data-push="')[2][:87]
    assert s.CONSUMER in second
