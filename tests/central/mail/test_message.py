"""The message on the wire: the same each time it is made, and no header can be smuggled into it."""

from email import message_from_bytes
from email.policy import default

import pytest

from central.mail import Mail
from central.mail.message import compose, written
from tests.central.parts import NOW

pytestmark = pytest.mark.quick

MAIL = Mail("anna@example.org", "Показания приняты", "Строка\nи вторая", "<p>Строка</p>")


def test_it_says_who_when_and_what() -> None:
    wire = compose(MAIL, "Учёт <uchet@example.org>", "job-7.00c0ffee", NOW).as_bytes()
    message = message_from_bytes(wire, policy=default)
    assert message["From"] == "Учёт <uchet@example.org>"
    assert message["To"] == "anna@example.org"
    assert message["Subject"] == "Показания приняты"
    assert message["Date"].datetime.timestamp() == NOW
    assert message["Message-ID"] == "<job-7.00c0ffee@example.org>"
    plain, html = message.iter_parts()  # type: ignore[attr-defined]
    assert plain.get_content().splitlines() == ["Строка", "и вторая"]
    assert html.get_content_type() == "text/html"
    assert html.get_content().strip() == "<p>Строка</p>"
    assert wire.isascii()
    assert compose(MAIL, "Учёт <uchet@example.org>", "job-7.00c0ffee", NOW).as_bytes() == wire


def test_text_alone_is_one_part() -> None:
    message = compose(Mail("a@b.org", "s", "t"), "u@b.org", "n", NOW)
    assert message.get_content_type() == "text/plain"


@pytest.mark.parametrize(
    "to", ["", "anna", "anna@example.org\r\nBcc: all@example.org", "a@b, c@d", "Anna <a@b>", "@", "a@", "a b@c"]
)
def test_what_is_no_address_is_refused_without_naming_it(to: str) -> None:
    with pytest.raises(ValueError, match="not an address") as refused:
        compose(Mail(to, "s", "t"), "u@b.org", "n", NOW)
    assert not to or "anna" not in str(refused.value)


@pytest.mark.parametrize("subject", ["a\nBcc: all@example.org", "a\r\n\r\nbody"])
def test_a_subject_of_two_lines_is_refused(subject: str) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        compose(Mail("a@b.org", subject, "t"), "u@b.org", "n", NOW)


def test_a_letter_is_written_once_and_its_html_is_the_same_text() -> None:
    found = written(
        "a@example.org", "О письме\n\nЗдравствуйте, <b>Вера</b>!\n\nhttps://x/y?Key=1&a=2\nдве строки\n", "ru"
    )
    assert (found.subject, found.text) == (
        "О письме",
        "Здравствуйте, <b>Вера</b>!\n\nhttps://x/y?Key=1&a=2\nдве строки\n",
    )
    assert found.html is not None
    assert "<p>Здравствуйте, &lt;b&gt;Вера&lt;/b&gt;!</p>" in found.html
    assert '<a href="https://x/y?Key=1&amp;a=2">https://x/y?Key=1&amp;a=2</a><br>две строки</p>' in found.html
