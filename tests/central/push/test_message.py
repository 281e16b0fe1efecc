"""What a service is sent: opened by another implementation, by the example of the standard, and signed."""

import base64
import json

import http_ece
import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from central.push import keys, message
from central.push.message import FILLED, Words, body, headers, sealed
from tests.central.push.stub import Browser, base64url, octets, verified

WORDS = Words("Вскрыт счётчик", "Откройте кабинет.", "/notices#notice-7", "uchet-7")


def number(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(octets(text)), ec.SECP256R1())


def test_the_example_of_rfc_8291() -> None:
    """Section 5 and appendix A."""
    made = sealed(
        b"When I grow up, I want to be a watermelon",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
        octets("DGv6ra1nlYgDCS1FRnbzlw"),
        number("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
    )
    assert base64url(made) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_browser_opens_it_and_no_other_does() -> None:
    browser, other = Browser("https://push.example/1"), Browser("https://push.example/2")
    told = browser.subscription["keys"]
    made = body(WORDS, told["p256dh"], told["auth"])
    assert browser.open(made) == {
        "title": WORDS.title, "body": WORDS.body, "path": WORDS.path, "tag": WORDS.tag,
    }  # fmt: skip
    with pytest.raises((InvalidTag, http_ece.ECEException)):
        other.open(made)


def test_its_length_tells_nothing_of_the_words() -> None:
    told = Browser("https://push.example/1").subscription["keys"]
    lengths = {len(body(Words(title, "", "/", ""), told["p256dh"], told["auth"])) for title in ("", "Сбой", "О" * 100)}
    assert lengths == {16 + 4 + 1 + 65 + FILLED + 1 + 16}


def test_two_messages_share_no_key_and_no_salt() -> None:
    told = Browser("https://push.example/1").subscription["keys"]
    first, second = (body(WORDS, told["p256dh"], told["auth"]) for _ in range(2))
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]


def test_who_sends_it_is_signed_for_the_one_service_and_half_a_day() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    key = keys.Key(private, keys.public_of(private))
    told = headers(key, "https://push.example", "mailto:a@example.org", 1_000, ttl=60, urgent=True)
    assert (told["TTL"], told["Urgency"], told["Content-Encoding"]) == ("60", "high", "aes128gcm")
    jwt = told["Authorization"].removeprefix("vapid t=").partition(",")[0]
    claims = verified(jwt, key.public)
    assert claims == {"aud": "https://push.example", "exp": 1_000 + 43_200, "sub": "mailto:a@example.org"}
    forged = jwt.split(".")
    forged[1] = base64url(json.dumps({**claims, "aud": "https://else.example"}).encode())
    with pytest.raises(InvalidSignature):
        verified(".".join(forged), key.public)


@pytest.mark.parametrize(
    "text", ["", "A", "!" * 87, base64url(bytes(64)), base64url(bytes(66)), base64.b64encode(bytes(65)).decode() + "x"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        message.read_key(text, message.POINT)


def test_a_point_off_the_curve_is_none() -> None:
    assert not message.is_point(b"\4" + bytes(64))
    assert not message.is_point(bytes(65))
