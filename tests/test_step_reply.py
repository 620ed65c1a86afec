"""The reply to one step: how it shows and explains itself, and what it says is legal next."""

from html.parser import HTMLParser

import pytest

from smtplab.replies import Reply
from smtplab.session import State
from smtplab.step_reply import StepReply
from tests.peers import Peer

HELLO = (b"220 smtp.example.org\r\n", b"250-smtp.example.org\r\n250 STARTTLS\r\n")


def reply_to_mail(octets: bytes) -> StepReply:
    with Peer(*HELLO, octets) as peer:
        client = peer.connect()
        client.ehlo()
        reply: StepReply = client.mail("alice@example.org")
    return reply


def test_a_step_reply_equals_the_plain_reply_and_has_its_hash() -> None:
    """A set of replies would otherwise hold one and not find it."""
    step, plain = reply_to_mail(b"250 OK\r\n"), Reply(250, (b"OK",))
    assert step == plain and plain == step
    assert hash(step) == hash(plain)
    assert {plain} == {step}
    assert step != Reply(250, (b"ok",))
    assert step != "250 OK"


def test_a_positive_reply_says_what_it_means_and_what_is_next() -> None:
    shown = repr(reply_to_mail(b"250 2.1.0 OK\r\n"))
    first, *rest = shown.split("\n")
    assert first == "S: 250 2.1.0 OK"
    assert "Legal next: EHLO, HELO, RCPT, RSET" in " ".join(" ".join(rest).split())
    assert "What to do" not in shown


def test_a_negative_reply_says_cause_and_remedy_too() -> None:
    reply = reply_to_mail(b"530 5.7.0 Authentication required\r\n")
    assert (reply.step, reply.state) == ("MAIL", State.READY)
    words = " ".join(repr(reply).split())
    for text in (reply.explanation.meaning, reply.explanation.cause, reply.explanation.remedy):
        assert " ".join(text.split()) in words
    assert "STARTTLS" in reply.legal_next


def test_what_is_legal_next_stays_as_it_was_at_that_step() -> None:
    with Peer(*HELLO, b"250 OK\r\n", b"250 OK\r\n") as peer:
        client = peer.connect()
        client.ehlo()
        reply = client.mail("alice@example.org")
        before = reply.legal_next
        client.rcpt("bob@example.net")
        assert reply.legal_next == before
        assert "DATA" not in before and "DATA" in client.session.legal_next()


def test_nothing_is_legal_after_the_session_has_ended() -> None:
    reply = reply_to_mail(b"421 closing\r\n")
    assert reply.legal_next == ()
    assert "Legal next" not in repr(reply)
    assert "Now: closed" in repr(reply)


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        assert not attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("code", [b"250", b"550"])
def test_a_reply_from_the_wire_is_text_on_a_page_and_nothing_else(code: bytes) -> None:
    """A server could otherwise run a script in the learner's notebook."""
    text = "5.1.1 <script>alert(1)</script> &lt; \u202eevil".encode()
    reply = reply_to_mail(code + b"-" + text + b"\r\n" + code + b" <img src=x>\r\n")
    page = Tags(reply._repr_html_())
    assert page.found <= {"p", "b", "br", "code"}
    assert "<script>alert(1)</script> &lt; \\u202eevil" in page.text
    assert reply.explanation.meaning in page.text
    assert "\u202e" not in reply._repr_html_() + repr(reply)


def test_an_enhanced_status_code_sharpens_the_explanation() -> None:
    plain, sharp = reply_to_mail(b"550 no\r\n"), reply_to_mail(b"550 5.7.1 no\r\n")
    assert plain.explanation.term == "550"
    assert sharp.explanation.meaning != plain.explanation.meaning
