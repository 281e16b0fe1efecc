"""What the client promises: one answer a request, lost frames found again, old answers never taken for new ones."""

import pytest

from protocol.dlms import acse, apdu, association, axdr, hdlc, wrapper
from protocol.dlms.association import Machine, State
from protocol.dlms.client import Client, Closed, Denied, Opened, Value, by_entry, by_range
from protocol.dlms.hdlc import Frame, Kind
from protocol.dlms.server import Server
from protocol.errors import AssociationRefused, Garbled, LocalError, PasswordRefused, Unsupported
from protocol.obis import Obis
from tests.protocol.dlms.pipe import CLOCK, Meter, joined, long_value, talk

pytestmark = pytest.mark.quick

LINKS = pytest.mark.parametrize("link", ["hdlc", "wrapper"])
A, B = Obis.parse("1.0.1.8.0.255"), Obis.parse("1.0.2.8.0.255")


def number(value: int) -> bytes:
    return axdr.encode(axdr.u32(value))


def opened(link: str, **settings: object) -> tuple[Client, Server, Meter]:
    client, server, meter = joined(link, **settings)
    meter.attributes = {(3, A, 2): number(1), (3, B, 2): number(2), (7, A, 2): long_value(500)}
    assert isinstance(talk(client, server.receive, client.open()), Opened)
    return client, server, meter


@LINKS
def test_open_ask_close(link: str) -> None:
    client, server, _ = opened(link)
    assert talk(client, server.receive, client.get(3, A, 2)) == Value(number(1))
    assert talk(client, server.receive, client.get(3, CLOCK, 2)) == Denied(4, "object-undefined")
    assert talk(client, server.receive, client.get(3, B, 2)) == Value(number(2))
    assert talk(client, server.receive, client.close()) == Closed()
    assert client.state is State.CLOSED
    assert isinstance(talk(client, server.receive, client.open()), Opened)


@LINKS
@pytest.mark.parametrize(("max_pdu", "max_info"), [(40, 128), (200, 32), (1200, 128), (65535, 2030)])
def test_a_long_value_comes_in_blocks_and_segments_of_any_size(link: str, max_pdu: int, max_info: int) -> None:
    client, server, _ = opened(link, max_pdu=max_pdu, max_info=max_info, server_max_info=2030, server_max_pdu=4000)
    assert talk(client, server.receive, client.get(7, A, 2)) == Value(long_value(500))


def test_a_long_request_goes_in_segments() -> None:
    client, server, meter = opened("hdlc")
    selection = by_range(bytes(12), bytes(12), [])
    columns = [axdr.structure(axdr.octets(bytes(90))) for _ in range(4)]
    long = selection[:1] + axdr.encode(axdr.array(columns))
    assert talk(client, server.receive, client.get(7, A, 2, long)) == Value(long_value(500))
    assert meter.asked[-1][4].data == axdr.array(columns)


@LINKS
def test_a_selection_reaches_the_device(link: str) -> None:
    client, server, meter = opened(link)
    talk(client, server.receive, client.get(7, A, 2, by_entry(1, 10, 2, 3)))
    found = meter.asked[-1][4]
    assert (found.selector, axdr.plain(found.data)) == (2, [1, 10, 2, 3])
    talk(client, server.receive, client.get(7, A, 2, by_range(b"a" * 12, b"b" * 12)))
    found = meter.asked[-1][4]
    assert found.selector == 1
    assert axdr.plain(found.data) == [[8, bytes(CLOCK), 2, 0], b"a" * 12, b"b" * 12, []]


# --- refusals ---


@LINKS
def test_a_wrong_password_is_told_from_other_refusals(link: str) -> None:
    client, server, _ = joined(link, password=b"wrong")
    with pytest.raises(PasswordRefused) as refused:
        talk(client, server.receive, client.open())
    assert (refused.value.result, refused.value.diagnostic) == (1, 13)
    client, server, _ = joined(link, client=48)
    with pytest.raises(AssociationRefused) as refused_at_all:
        talk(client, server.receive, client.open())
    assert not isinstance(refused_at_all.value, PasswordRefused)
    assert client.state is State.CLOSED


@LINKS
def test_the_lowest_security_needs_no_password(link: str) -> None:
    client, server, _ = joined(link, client=16, password=None)
    assert isinstance(talk(client, server.receive, client.open()), Opened)


def test_a_meter_that_wants_high_security_refuses_our_password() -> None:
    client = Client(link="wrapper", client=32, server=(1, None), password=b"x")
    client.open()
    accepted = acse.InitiateResponse(0x10, 500)
    answer = acse.encode_aare(acse.Aare(1, 0, 14, accepted))
    with pytest.raises(PasswordRefused):
        client.receive(wrapper.encode(wrapper.Packet(1, 32, answer)))


def test_dm_refuses_the_link_and_dm_in_an_association_ends_it() -> None:
    client = Client(link="hdlc", client=32, server=(1, 16))
    dm = hdlc.encode(Frame(hdlc.client_address(32), hdlc.server_address(1, 16), Kind.DM))
    client.open()
    with pytest.raises(AssociationRefused):
        client.receive(dm)
    client, _, _ = opened("hdlc")
    client.get(3, A, 2)
    with pytest.raises(AssociationRefused, match="no link"):
        client.receive(dm)
    assert client.state is State.CLOSED


@LINKS
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (apdu.encode(apdu.ExceptionResponse(1, 2)), Unsupported),
        (apdu.encode(apdu.ServiceError(5, 0, 1)), Unsupported),
        (bytes.fromhex("C801"), Unsupported),
        (b"", Unsupported),
        (apdu.encode(apdu.GetResponse(0xC2, bytes.fromhex("0600"))), Garbled),
        (apdu.encode(apdu.GetResponse(0xC2, bytes.fromhex("0600000001FFFF"))), Garbled),
        (bytes.fromhex("C401C202"), Garbled),
        (bytes.fromhex("C404C200"), Unsupported),
        (apdu.encode(apdu.GetBlock(0xC2, False, 2, b"xx")), Garbled),
        (apdu.encode(apdu.GetBlock(0xC2, False, 1, b"")), Garbled),
    ],
)
def test_an_answer_that_is_none_ends_the_request_and_leaves_the_association(
    link: str, answer: bytes, error: type[Exception]
) -> None:
    client, _, _ = opened(link)
    client.get(3, A, 2)
    if link == "hdlc":  # the id is always 1 there
        answer = answer[:2] + b"\xc1" + answer[3:] if answer[:1] == b"\xc4" else answer
        info = hdlc.LLC_RESPONSE + answer
        frame = Frame(hdlc.client_address(32), hdlc.server_address(1, 16), Kind.I, info, 1, 2)
        wire = hdlc.encode(frame)
    else:
        wire = wrapper.encode(wrapper.Packet(1, 32, answer))
    with pytest.raises(error):
        client.receive(wire)
    assert client.state is State.READY
    assert client.get(3, B, 2)


def test_a_broken_wrapper_header_closes_for_good() -> None:
    client, server, _ = opened("wrapper")
    sent = client.get(3, A, 2)
    with pytest.raises(Garbled, match="version"):
        client.receive(b"\x00\x02\x00\x01\x00\x20\x00\x05\x00\x01\x02\x03\x04")
    assert client.state is State.CLOSED
    assert client.receive(server.receive(sent)).event is None


def test_one_stray_byte_after_a_value_is_dropped() -> None:
    client, _, _ = opened("wrapper")
    client.get(3, A, 2)
    answer = apdu.encode(apdu.GetResponse(0xC2, number(7) + b"\x82"))
    assert client.receive(wrapper.encode(wrapper.Packet(1, 32, answer))).event == Value(number(7))


# --- silence ---


class Line:
    """Loses one request, loses one answer, or lets one answer come late, together with the next."""

    def __init__(self, server: Server, fault: str, at: int) -> None:
        self._server, self._fault, self._at = server, fault, at
        self.count = 0
        self._late = b""

    def __call__(self, sent: bytes) -> bytes:
        late, self._late = self._late, b""
        self.count += 1
        if self.count - 1 != self._at:
            return late + self._server.receive(sent)
        if self._fault == "request":
            return b""
        answer = self._server.receive(sent)
        if self._fault == "late":
            self._late = answer
        return b""


def ask_until_answered(client: Client, line: Line, sent: bytes) -> object:
    for _ in range(500):
        step = client.receive(line(sent))
        if step.event is not None:
            return step.event
        sent = step.send or client.repeat()
    raise AssertionError(f"no answer in state {client.state}")


@LINKS
@pytest.mark.parametrize("fault", ["request", "answer", "late"])
def test_a_lost_or_late_frame_anywhere_in_a_talk_does_no_harm(link: str, fault: str) -> None:
    """Every single frame of a talk with blocks and segments suffers once."""
    at, count = 0, 1
    while at < count:
        client, server, meter = joined(link, server_max_info=64, server_max_pdu=150)
        meter.attributes = {(7, A, 2): long_value(120), (3, B, 2): number(2)}
        line = Line(server, fault, at)
        assert isinstance(ask_until_answered(client, line, client.open()), Opened)
        assert ask_until_answered(client, line, client.get(7, A, 2)) == Value(long_value(120))
        assert ask_until_answered(client, line, client.get(3, B, 2)) == Value(number(2))
        assert ask_until_answered(client, line, client.close()) == Closed()
        at, count = at + 1, line.count
    assert count > 6


def answer_frame(ns: int, nr: int, value: int = 7, **fields: bool) -> bytes:
    info = hdlc.LLC_RESPONSE + apdu.encode(apdu.GetResponse(0xC1, number(value)))
    return hdlc.encode(Frame(hdlc.client_address(32), hdlc.server_address(1, 16), Kind.I, info, ns, nr, **fields))


@pytest.mark.parametrize(("ns", "nr"), [(0, 2), (2, 2), (7, 2), (1, 1), (1, 3), (1, 0)])
def test_an_answer_must_bear_the_next_number_and_confirm_our_request(ns: int, nr: int) -> None:
    client, _, _ = opened("hdlc")
    client.get(3, A, 2)
    assert client.receive(answer_frame(ns, nr)) == (b"", None)
    assert client.receive(answer_frame(1, 2)).event == Value(number(7))


def test_a_segment_that_comes_twice_is_taken_once() -> None:
    client, server, _ = opened("hdlc", server_max_pdu=4000)
    sent, event = client.get(7, A, 2), None
    while event is None:
        answer = server.receive(sent)
        sent, event = client.receive(answer)
        assert client.receive(answer) == (b"", None)
    assert event == Value(long_value(500))


def test_a_block_that_comes_twice_is_taken_once() -> None:
    client, server, _ = opened("wrapper")
    sent, event = client.get(7, A, 2), None
    while event is None:
        answer = server.receive(sent)
        sent, event = client.receive(answer)
        assert client.receive(answer) == (b"", None)
    assert event == Value(long_value(500))


def test_the_beginning_of_a_frame_that_never_ends_does_not_swallow_the_next_answer() -> None:
    long = hdlc.encode(Frame(hdlc.client_address(32), hdlc.server_address(1, 16), Kind.I, bytes(1900), 1, 2))
    client, server, _ = opened("hdlc")
    client.receive(long[:20])
    answer = server.receive(client.get(3, A, 2))
    assert client.receive(answer).event == Value(number(1))
    client.get(3, A, 2)
    client.receive(long[:20])
    answer = server.receive(client.repeat())
    assert client.receive(answer).event == Value(number(1))


def test_over_hdlc_a_second_silence_is_answered_by_a_poll() -> None:
    client, _, _ = opened("hdlc")
    request = client.get(3, A, 2)
    assert client.repeat() == request
    poll = hdlc.decode(client.repeat())
    assert (poll.kind, poll.nr) == (Kind.RR, 1)
    assert client.repeat() == request


def test_a_meter_that_only_says_ready_does_not_make_us_talk_for_ever() -> None:
    client, _, _ = opened("hdlc")
    client.get(3, A, 2)
    ready = hdlc.encode(Frame(hdlc.client_address(32), hdlc.server_address(1, 16), Kind.RR, nr=2))
    sends = [client.receive(ready).send for _ in range(10)]
    assert sum(bool(sent) for sent in sends) == 1


def test_repeat_says_nothing_when_nothing_is_under_way() -> None:
    client, _, _ = opened("wrapper")
    assert client.repeat() == b""
    assert Client(link="hdlc", client=32, server=(1, 16)).repeat() == b""


# --- old answers ---


@LINKS
def test_a_late_answer_is_never_taken_for_a_newer_request(link: str) -> None:
    client, server, _ = opened(link)
    late = server.receive(client.get(3, A, 2))
    assert client.receive(late).event == Value(number(1))
    asked = client.get(3, B, 2)
    step = client.receive(late)  # the same answer once more
    assert (step.send, step.event) == (b"", None)
    assert client.receive(late + server.receive(asked)).event == Value(number(2))
    assert client.receive(late).event is None


def test_over_the_wrapper_both_answers_to_a_repeated_request_may_come() -> None:
    client, server, _ = opened("wrapper")
    asked = client.get(3, A, 2)
    first, second = server.receive(asked), server.receive(client.repeat())
    assert client.receive(first).event == Value(number(1))
    asked = client.get(3, B, 2)
    assert client.receive(second).event is None
    assert client.receive(server.receive(asked)).event == Value(number(2))


def test_a_frame_of_another_meter_on_the_bus_is_not_ours() -> None:
    client, server, _ = opened("hdlc")
    answer = hdlc.decode(server.receive(client.get(3, A, 2)))
    for src, dest in ((hdlc.server_address(1, 17), answer.dest), (answer.src, hdlc.client_address(48))):
        other = Frame(dest, src, answer.kind, answer.info, answer.ns, answer.nr)
        assert client.receive(hdlc.encode(other)).event is None
    assert client.receive(hdlc.encode(answer)).event == Value(number(1))


def test_the_echo_of_our_own_frames_is_not_an_answer() -> None:
    client, server, _ = opened("hdlc")
    asked = client.get(3, A, 2)
    assert client.receive(asked).event is None
    assert client.receive(asked + server.receive(asked)).event == Value(number(1))


def test_noise_before_between_and_after_frames_is_passed_over() -> None:
    client, server, _ = opened("hdlc")
    answer = server.receive(client.get(3, A, 2))
    noise = b"\x00\x7e\xa0\x7e\x7e\xa8\xff\x55\x7e"
    assert client.receive(noise + answer[:9]).event is None
    assert client.receive(answer[9:] + noise).event == Value(number(1))


def test_a_notification_that_nobody_asked_for_is_not_the_answer() -> None:
    client, server, _ = opened("wrapper")
    asked = client.get(3, A, 2)
    push = wrapper.encode(wrapper.Packet(1, 32, b"\x0f\x00\x00\x00\x01\x00\x00"))
    assert client.receive(push + server.receive(asked)).event == Value(number(1))


# --- our own mistakes ---


@LINKS
def test_what_the_state_does_not_allow_is_our_mistake_and_names_it(link: str) -> None:
    client, server, _ = joined(link)
    with pytest.raises(LocalError, match="client: «ask» is impossible in state «closed»"):
        client.get(3, A, 2)
    talk(client, server.receive, client.open())
    with pytest.raises(LocalError, match="«open» is impossible in state «ready»"):
        client.open()
    client.get(3, A, 2)
    with pytest.raises(LocalError, match="«ask» is impossible in state «asking»"):
        client.get(3, B, 2)


def test_closing_a_stream_that_has_no_association_says_nothing() -> None:
    assert Client(link="wrapper", client=32, server=(1, None)).close() == b""


@pytest.mark.parametrize("role", sorted(association.ROLES))
def test_every_state_of_a_table_can_be_reached_and_left(role: str) -> None:
    table = association.ROLES[role]
    reached = {State.CLOSED} | {after for row in table.values() for after in row.values()}
    assert reached == set(table)
    assert all(table.values())


def test_an_event_that_is_not_in_the_table_blames_whoever_caused_it() -> None:
    with pytest.raises(LocalError, match="server: «more» is impossible in state «closed»"):
        Machine("server").ours(association.Event.MORE)
    with pytest.raises(Garbled, match="server: «more» is impossible in state «closed»"):
        Machine("server").theirs(association.Event.MORE)


@pytest.mark.parametrize(("client", "server"), [(0, (1, 16)), (128, (1, 16)), (32, (0x4000, 16)), (32, (128, None))])
def test_an_address_that_does_not_fit_is_our_mistake(client: int, server: tuple[int, int | None]) -> None:
    with pytest.raises(LocalError):
        Client(link="hdlc", client=client, server=server)
