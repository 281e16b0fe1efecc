"""What the server promises: it answers its own clients in their states, and nobody else."""

import pytest

from protocol.dlms import acse, apdu, axdr, hdlc, wrapper
from protocol.dlms.apdu import Attribute
from protocol.dlms.client import Client, Opened, Value
from protocol.dlms.hdlc import Frame, Kind, Parameters
from protocol.dlms.server import MAX_CLIENTS, Server
from protocol.errors import Garbled
from protocol.obis import Obis
from tests.protocol.dlms.pipe import PASSWORD, Meter, joined, long_value, talk

pytestmark = pytest.mark.quick

A = Obis.parse("1.0.1.8.0.255")
ONE = axdr.encode(axdr.u32(1))


def meter() -> Meter:
    return Meter({(3, A, 2): ONE, (7, A, 2): long_value(300)})


def wrapped(server: Server, raw: bytes, client: int = 32) -> bytes:
    """The APDU that answers this one."""
    packet = wrapper.decode(server.receive(wrapper.encode(wrapper.Packet(client, 1, raw))))
    assert (packet.source, packet.destination) == (1, client)
    return packet.apdu


def associated(**settings: int) -> Server:
    server = Server(meter(), link="wrapper", server=(1, None), **settings)  # type: ignore[arg-type]
    aarq = acse.Aarq(1, acse.InitiateRequest(0x007E1F, 200), 1, PASSWORD)
    aare = acse.decode_aare(wrapped(server, acse.encode_aarq(aarq)))
    assert aare.accepted
    return server


def frame(kind: Kind, server: tuple[int, int | None] = (1, 16), info: bytes = b"", **fields: int) -> bytes:
    return hdlc.encode(Frame(hdlc.server_address(*server), hdlc.client_address(32), kind, info, **fields))


# --- association ---


def test_services_proposed_and_sizes_are_negotiated_down() -> None:
    server = Server(meter(), link="wrapper", server=(1, None), max_pdu=500)
    aarq = acse.Aarq(1, acse.InitiateRequest(0xFFFFFF, 0), 1, PASSWORD)
    aare = acse.decode_aare(wrapped(server, acse.encode_aarq(aarq)))
    assert aare.initiate == acse.InitiateResponse(0x001214, 500)


@pytest.mark.parametrize(
    ("aarq", "diagnostic"),
    [
        (acse.Aarq(2, acse.InitiateRequest(0, 0)), 2),
        (acse.Aarq(3, acse.InitiateRequest(0, 0)), 2),
        (acse.Aarq(1, None, 1, PASSWORD), 1),
        (acse.Aarq(1, acse.InitiateRequest(0, 0, version=5), 1, PASSWORD), 1),
        (acse.Aarq(1, acse.InitiateRequest(0, 0), 5, PASSWORD), 11),
        (acse.Aarq(1, acse.InitiateRequest(0, 0), 1, b"?"), 13),
        (acse.Aarq(1, acse.InitiateRequest(0, 0)), 13),
    ],
)
def test_an_association_is_refused_with_its_reason(aarq: acse.Aarq, diagnostic: int) -> None:
    server = Server(meter(), link="wrapper", server=(1, None))
    aare = acse.decode_aare(wrapped(server, acse.encode_aarq(aarq)))
    assert (aare.accepted, aare.diagnostic, aare.initiate) == (False, diagnostic, None)
    ask = apdu.encode(apdu.GetRequest(0xC1, Attribute(3, A, 2)))
    assert apdu.decode(wrapped(server, ask)) == apdu.ExceptionResponse(1, 1)


def test_a_released_client_may_ask_no_more_and_come_again() -> None:
    server = associated()
    ask = apdu.encode(apdu.GetRequest(0xC1, Attribute(3, A, 2)))
    assert apdu.decode(wrapped(server, ask)) == apdu.GetResponse(0xC1, ONE)
    assert wrapped(server, bytes.fromhex("6203800100")) == bytes.fromhex("6303800100")
    assert apdu.decode(wrapped(server, ask)) == apdu.ExceptionResponse(1, 1)
    aarq = acse.Aarq(1, acse.InitiateRequest(0x007E1F, 200), 1, PASSWORD)
    assert acse.decode_aare(wrapped(server, acse.encode_aarq(aarq))).accepted


def test_one_clients_association_is_not_anothers() -> None:
    server = associated()
    ask = apdu.encode(apdu.GetRequest(0xC1, Attribute(3, A, 2)))
    assert apdu.decode(wrapped(server, ask, client=16)) == apdu.ExceptionResponse(1, 1)


# --- GET ---


def test_a_list_is_answered_item_by_item_and_the_invoke_id_comes_back() -> None:
    server = associated()
    items = (Attribute(3, A, 2), Attribute(3, A, 3), Attribute(3, A, 2))
    answer = apdu.decode(wrapped(server, apdu.encode(apdu.GetList(0x47, items))))
    assert answer == apdu.GetListResponse(0x47, (ONE, 4, ONE))


def test_a_long_list_comes_in_blocks() -> None:
    server = associated()
    items = (Attribute(7, A, 2), Attribute(3, A, 2))
    answer = apdu.decode(wrapped(server, apdu.encode(apdu.GetList(0xC2, items))))
    value, number = b"", 0
    while isinstance(answer, apdu.GetBlock):
        assert isinstance(answer.result, bytes)
        value, number = value + answer.result, answer.block
        if answer.last:
            break
        answer = apdu.decode(wrapped(server, apdu.encode(apdu.GetNext(0xC2, number))))
    assert apdu.read_results(value) == (long_value(300), ONE)


def test_a_block_asked_for_again_is_the_same_block_and_a_wrong_one_ends_the_transfer() -> None:
    server = associated()
    first = wrapped(server, apdu.encode(apdu.GetRequest(0xC1, Attribute(7, A, 2))))
    second = wrapped(server, apdu.encode(apdu.GetNext(0xC1, 1)))
    assert first != second
    assert wrapped(server, apdu.encode(apdu.GetNext(0xC1, 1))) == second
    assert apdu.decode(wrapped(server, apdu.encode(apdu.GetNext(0xC1, 7)))) == apdu.GetBlock(0xC1, True, 7, 19)
    assert apdu.decode(wrapped(server, apdu.encode(apdu.GetNext(0xC1, 2)))) == apdu.GetBlock(0xC1, True, 2, 16)


def test_no_answer_is_longer_than_the_client_takes() -> None:
    server = associated()
    sizes = {len(wrapped(server, apdu.encode(apdu.GetRequest(0xC1, Attribute(7, A, 2)))))}
    sizes |= {len(wrapped(server, apdu.encode(apdu.GetNext(0xC1, number)))) for number in range(1, 8)}
    assert 198 <= max(sizes) <= 200  # the length of a block takes one to three bytes


def test_a_client_that_did_not_propose_blocks_gets_none() -> None:
    server = Server(meter(), link="wrapper", server=(1, None))
    aarq = acse.Aarq(1, acse.InitiateRequest(0x000010, 200), 1, PASSWORD)
    wrapped(server, acse.encode_aarq(aarq))
    answer = wrapped(server, apdu.encode(apdu.GetRequest(0xC1, Attribute(7, A, 2))))
    assert apdu.decode(answer) == apdu.GetResponse(0xC1, 250)


@pytest.mark.parametrize("raw", ["C101C1000100002A0000FF02000600000001", "C30181000900000A0000FF0101120002", "", "05"])
def test_a_service_that_we_do_not_have_is_unknown(raw: str) -> None:
    assert apdu.decode(wrapped(associated(), bytes.fromhex(raw))) == apdu.ExceptionResponse(2, 2)


@pytest.mark.parametrize("raw", ["C0", "C001C1", "C001C10003", "C003C1FF", "60", "6001", "62"])
def test_a_garbled_apdu_is_answered_by_an_exception(raw: str) -> None:
    assert isinstance(apdu.decode(wrapped(associated(), bytes.fromhex(raw))), apdu.ExceptionResponse)


# --- who is answered ---


def test_over_the_wrapper_another_logical_device_is_not_answered_and_a_broken_header_is_garbled() -> None:
    server = associated()
    assert server.receive(wrapper.encode(wrapper.Packet(32, 2, b"\xc0"))) == b""
    with pytest.raises(Garbled, match="version"):
        server.receive(b"\x07\x07\x00\x20\x00\x01\x00\x00")


def test_servers_on_one_bus_answer_each_for_itself() -> None:
    one, two = meter(), Meter({(3, A, 2): axdr.encode(axdr.u32(2))})
    servers = [
        Server(one, link="hdlc", server=(1, 16)),
        Server(two, link="hdlc", server=(1, 17)),
        Server(meter(), link="hdlc", server=(1, 5000)),
        Server(meter(), link="hdlc", server=(1, None)),
    ]

    def bus(data: bytes) -> bytes:
        answers = [answer for server in servers if (answer := server.receive(data))]
        assert len(answers) <= 1
        return b"".join(answers)

    for address, wanted in (((1, 16), ONE), ((1, 17), axdr.encode(axdr.u32(2))), ((1, 5000), ONE), ((1, None), ONE)):
        client = Client(link="hdlc", client=32, server=address, password=PASSWORD)
        assert isinstance(talk(client, bus, client.open()), Opened)
        assert talk(client, bus, client.get(3, A, 2)) == Value(wanted)


@pytest.mark.parametrize("address", [(1, 0x7F), (0x7F, 0x7F), (1, 0x7E), (0, 0), (1, 0x3FFF), (2, 16), (1, None)])
def test_broadcast_calling_and_foreign_addresses_are_not_answered(address: tuple[int, int | None]) -> None:
    server = Server(meter(), link="hdlc", server=(1, 16))
    assert server.receive(frame(Kind.SNRM, address)) == b""


def test_an_address_may_be_written_longer_than_needed() -> None:
    server = Server(meter(), link="hdlc", server=(1, 16))
    long = hdlc.server_address(1, 16, 4)
    answer = hdlc.decode(server.receive(hdlc.encode(Frame(long, hdlc.client_address(32), Kind.SNRM))))
    assert (answer.kind, answer.src) == (Kind.UA, long)


def test_without_a_link_everything_but_snrm_is_answered_by_dm() -> None:
    server = Server(meter(), link="hdlc", server=(1, 16))
    for kind in (Kind.DISC, Kind.RR, Kind.I):
        assert hdlc.decode(server.receive(frame(kind))).kind is Kind.DM
    assert server.receive(frame(Kind.UI, info=b"\xe6\xe6\x00\x0f")) == b""
    assert hdlc.decode(server.receive(frame(Kind.SNRM, info=b"\x81\x80\x01"))).kind is Kind.DM
    assert hdlc.decode(server.receive(frame(Kind.SNRM))).kind is Kind.UA
    assert hdlc.decode(server.receive(frame(Kind.DISC))).kind is Kind.UA
    assert hdlc.decode(server.receive(frame(Kind.DISC))).kind is Kind.DM


def test_the_information_field_is_what_both_can_take() -> None:
    server = Server(meter(), link="hdlc", server=(1, 16), max_info=300)
    wanted = hdlc.encode_parameters(Parameters(1000, 200, 7, 7))
    accepted = hdlc.decode_parameters(hdlc.decode(server.receive(frame(Kind.SNRM, info=wanted))).info)
    assert accepted == Parameters(200, 300, 1, 1)
    accepted = hdlc.decode_parameters(hdlc.decode(server.receive(frame(Kind.SNRM))).info)
    assert accepted == Parameters(128, 128, 1, 1)


def test_snrm_again_ends_the_association_before_it() -> None:
    client, server, _ = joined("hdlc", meter())
    talk(client, server.receive, client.open())
    server.receive(frame(Kind.SNRM))
    info = hdlc.LLC_COMMAND + apdu.encode(apdu.GetRequest(0xC1, Attribute(3, A, 2)))
    answer = hdlc.decode(server.receive(frame(Kind.I, info=info)))
    assert (answer.ns, answer.nr) == (0, 1)
    assert apdu.decode(answer.info[3:]) == apdu.ExceptionResponse(1, 1)


def test_an_i_frame_out_of_order_changes_nothing() -> None:
    client, server, served = joined("hdlc", meter())
    talk(client, server.receive, client.open())
    info = hdlc.LLC_COMMAND + apdu.encode(apdu.GetRequest(0xC1, Attribute(3, A, 2)))
    answer = hdlc.decode(server.receive(frame(Kind.I, info=info, ns=3, nr=1)))
    assert (answer.kind, answer.nr, served.asked) == (Kind.RR, 1, [])
    assert talk(client, server.receive, client.get(3, A, 2)) == Value(ONE)


def test_an_i_frame_that_comes_again_gets_the_same_answer_and_the_device_is_not_asked_again() -> None:
    client, server, served = joined("hdlc", meter())
    talk(client, server.receive, client.open())
    asked = client.get(3, A, 2)
    answer = server.receive(asked)
    assert server.receive(asked) == answer
    assert server.receive(frame(Kind.RR, nr=1)) == answer  # a poll that does not confirm it
    assert hdlc.decode(server.receive(frame(Kind.RR, nr=2))).kind is Kind.RR
    assert len(served.asked) == 1


def test_a_client_that_asks_on_without_our_answer_is_answered_by_the_number_it_expects() -> None:
    client, server, _ = joined("hdlc", meter())
    talk(client, server.receive, client.open())
    server.receive(client.get(3, A, 2))  # lost, and not asked for again
    info = hdlc.LLC_COMMAND + apdu.encode(apdu.GetRequest(0xC1, Attribute(3, A, 2)))
    answer = hdlc.decode(server.receive(frame(Kind.I, info=info, ns=2, nr=1)))
    assert (answer.kind, answer.ns, answer.nr) == (Kind.I, 1, 3)


@pytest.mark.parametrize("link", ["hdlc", "wrapper"])
def test_only_so_many_clients_are_served_at_a_time(link: str) -> None:
    server = Server(meter(), link=link, server=(1, 16))  # type: ignore[arg-type]
    for number in range(MAX_CLIENTS):
        client = Client(link=link, client=50 + number, server=(1, 16), password=PASSWORD)  # type: ignore[arg-type]
        assert isinstance(talk(client, server.receive, client.open()), Opened)
    late = Client(link=link, client=99, server=(1, 16))  # type: ignore[arg-type]
    answer = server.receive(late.open())
    assert hdlc.decode(answer).kind is Kind.DM if link == "hdlc" else answer == b""
