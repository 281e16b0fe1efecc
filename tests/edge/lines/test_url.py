"""Addresses of lines, and a clear word on each that is none."""

import pytest

from edge.lines.url import BadUrl, SerialUrl, TcpUrl, parse

pytestmark = pytest.mark.quick


def test_addresses() -> None:
    assert parse("tcp://192.168.0.7:4059") == TcpUrl("192.168.0.7", 4059)
    assert parse("tcp://[::1]:502") == TcpUrl("::1", 502)
    assert parse("serial:/dev/ttyUSB0") == SerialUrl("/dev/ttyUSB0", 9600, "N", 1, 8)
    assert parse("serial:///dev/ttyS1?baud=2400&parity=e&stop=2&bits=7") == SerialUrl("/dev/ttyS1", 2400, "E", 2, 7)


def test_a_byte_takes_its_bits() -> None:
    assert SerialUrl("/dev/x", 9600).byte_time == pytest.approx(10 / 9600)
    assert SerialUrl("/dev/x", 9600, "E", 2).byte_time == pytest.approx(12 / 9600)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a line: tcp://"),
        ("/dev/ttyUSB0", "is not a line"),
        ("http://x:80", "is not a line"),
        ("tcp://host", "names no port, 1 to 65535"),
        ("tcp://host:70000", "names no port"),
        ("tcp://:502", "names no host"),
        ("tcp://host:502/x", "after the port"),
        ("serial:ttyUSB0", "names no device"),
        ("serial://ttyUSB0/x", "names no device"),
        ("serial:/dev/x?speed=9600", "no such setting 'speed'; there are baud, parity, stop, bits"),
        ("serial:/dev/x?baud=12345", "baud=12345: allowed are 300, 600"),
        ("serial:/dev/x?parity=", "parity=: allowed are N, E, O"),
    ],
)
def test_what_is_no_address_is_told_with_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(BadUrl, match=says):
        parse(text)
