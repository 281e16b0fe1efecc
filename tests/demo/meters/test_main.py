"""`./run meter`: what it prints, how it ends, what it refuses."""

import asyncio
import signal
import sys

import pytest

from demo.meters.__main__ import Wish, main, site
from demo.meters.model import Enterprise, Household, Sdm630


def test_wishes_become_meters() -> None:
    three = site(Wish(kind="three", serial="77", seed="5", address="2/20", period="900", offset="420"))
    assert isinstance(three, Enterprise)
    assert (three.serial, three.seed, three.address, three.period, three.offset) == ("77", 5, (2, 20), 900, 420)
    assert isinstance(site(Wish()), Household)
    shop = site(Wish(kind="sdm630", address="7"))
    assert isinstance(shop, Sdm630)
    assert shop.device == 7


def test_faults_are_set_from_words() -> None:
    faults = site(Wish(fault=("late=2.5", "silent", "cut=100", "clock=3600"))).faults
    assert (faults.late, faults.silent, faults.cut, faults.clock[0].shift) == (2.5, True, 100, 3600)
    far = site(Wish(fault=("clock=2099",))).faults.clock[0]
    assert far.shift % 86400 == 0
    assert far.shift > 70 * 365 * 86400


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--kind", "steam"], "kind='steam': one of single, three, sdm630"),
        (["--period", "7"], "period='7': a whole number from 60 to 3600"),
        (["--period", "700"], "period=700: seconds that divide a day"),
        (["--address", "x/16"], "address='x': a whole number"),
        (["--fault", "tired"], "fault=tired: for this kind one of silent"),
        (["--fault", "late=soon"], "fault=late=soon: wants seconds"),
        (["--kind", "sdm630", "--fault", "refuse"], "fault=refuse: for this kind one of"),
        (["--kind", "sdm630", "--link", "hdlc"], "do not speak over 'hdlc'"),
        (["--kind", "sdm630", "--serial", "A1"], "serial='A1': a whole number"),
        (["--meter", "kind=single,colour=red"], "'colour' is none of kind, serial"),
        (["--listen", "udp://x:1"], "cannot listen on 'udp://x:1'"),
    ],
)
def test_wrong_arguments_say_what_is_allowed(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--listen", "tcp://127.0.0.1:0", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
async def test_a_bus_says_where_it_listens_and_ends_quietly(ending: signal.Signals) -> None:
    words = ["--listen", "tcp://127.0.0.1:0", "--link", "hdlc"]
    words += ["--meter", "kind=single,serial=101,address=1/17,fault=late=0.1", "--meter", "kind=three,serial=102"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo.meters", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    lines = [(await asyncio.wait_for(process.stdout.readline(), 20)).decode() for _ in range(2)]
    assert lines[0].startswith("tcp://127.0.0.1:")
    assert lines[0].endswith(" hdlc Household serial=101 address=1/17 password=12345678\n")
    assert lines[1].endswith(" hdlc Enterprise serial=102 address=1/16 password=12345678\n")
    process.send_signal(ending)
    rest, errors = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, rest, errors) == (0, b"", b"")
