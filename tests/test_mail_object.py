"""Mail objects: transparency both ways, one end of mail data, and what was wrong on the way."""

import tracemalloc
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.errors import LocalProtocolError
from smtplab.line_rules import MAX_TEXT_LINE
from smtplab.mail_object import (
    ChunkedContent,
    ContentReader,
    Envelope,
    MailObject,
    encode_content,
    from_email,
    header_section,
)

ENCODED = {
    "empty": (b"", b".\r\n"),
    "one line": (b"a\r\n", b"a\r\n.\r\n"),
    "no last CR LF": (b"a", b"a\r\n.\r\n"),
    "a dot alone": (b".\r\n", b"..\r\n.\r\n"),
    "a dot alone, no CR LF": (b".", b"..\r\n.\r\n"),
    "dots at the start of lines": (b".a\r\n..b\r\nc.\r\n", b"..a\r\n...b\r\nc.\r\n.\r\n"),
    "an end of mail data inside": (b"a\r\n.\r\nb", b"a\r\n..\r\nb\r\n.\r\n"),
    "two in a row": (b"\r\n.\r\n.\r\n", b"\r\n..\r\n..\r\n.\r\n"),
    "a bare LF stays as it is": (b"a\n.\nb", b"a\n.\nb\r\n.\r\n"),
    "a bare CR stays as it is": (b"a\r.\rb\r", b"a\r.\rb\r\r\n.\r\n"),
    "8-bit and NUL stay": (b"\0\xff", b"\0\xff\r\n.\r\n"),
}


@pytest.mark.parametrize(("content", "octets"), ENCODED.values(), ids=ENCODED)
def test_a_content_is_sent_as_exactly_these_octets(content: bytes, octets: bytes) -> None:
    assert encode_content(content) == octets


def read(pieces: Sequence[bytes], limit: int | None = None) -> tuple[ContentReader, bytes]:
    """Feed pieces until the mail data end; what stands behind the end comes back joined."""
    reader, rest = ContentReader(limit), b""
    for piece in pieces:
        rest += piece if reader.ended else reader.feed(piece)
    return reader, rest


def findings(pieces: Sequence[bytes], limit: int | None = None) -> dict[str, object]:
    """All that a reader found out, and the octets behind the end."""
    reader, rest = read(pieces, limit)
    names = ("content", "size", "ended", "bare_line_end", "long_line", "nul", "too_big")
    return {name: getattr(reader, name) for name in names} | {"rest": rest}


def pieces_of(octets: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(octets) + 1) for cut in cuts), len(octets)]
    return [octets[a:b] for a, b in zip(places, places[1:], strict=False)]


HOSTILE_BITS = st.sampled_from(
    [
        b"\r",
        b"\n",
        b".",
        b"\r\n",
        b"\r\n.",
        b"\r\n.\r\n",
        b".\r\n",
        b"a",
        b"\0",
        b"x" * 997,
        b"x" * 1500,
    ]
)
CONTENTS = st.lists(HOSTILE_BITS | st.binary(max_size=9), max_size=20).map(b"".join)
CUTS = st.lists(st.integers(0, 10**6), max_size=12)


@given(CONTENTS, CUTS)
def test_a_content_round_trips_with_one_end_of_mail_data_only(
    content: bytes, cuts: list[int]
) -> None:
    octets = encode_content(content)
    assert (b"\r\n" + octets).count(b"\r\n.\r\n") == 1
    whole = content if content.endswith(b"\r\n") or not content else content + b"\r\n"
    reader, rest = read(pieces_of(octets + b"QUIT\r\n.\r\n", cuts))
    assert (reader.ended, rest, reader.size) == (True, b"QUIT\r\n.\r\n", len(whole))
    longest = max(map(len, whole.split(b"\r\n")))
    assert reader.long_line == (longest > MAX_TEXT_LINE)
    assert reader.content == (b"" if reader.long_line else whole)


@given(CONTENTS, CUTS, st.none() | st.integers(0, 60))
def test_how_mail_data_are_cut_changes_nothing(
    octets: bytes, cuts: list[int], limit: int | None
) -> None:
    """A server whose end of mail data depends on the segments can be smuggled through."""
    octets += b"\r\n.\r\nRSET\r\n"
    whole = findings([octets], limit)
    assert findings(pieces_of(octets, cuts), limit) == whole
    step = 1 if len(octets) < 3000 else 7
    in_crumbs = [octets[n : n + step] for n in range(0, len(octets), step)]
    assert findings(in_crumbs, limit) == whole
    assert whole["ended"]


@pytest.mark.parametrize(
    "octets",
    [
        b"a\n.\nb\r\n.\r\n",
        b"a\n.\r\nb\r\n.\r\n",
        b"a\r\n.\nb\r\n.\r\n",
        b"a\r.\rb\r\n.\r\n",
        b"a\r.\r\nb\r\n.\r\n",
        b"a\r\n.\rb\r\n.\r\n",
        b"a\r\n\0.\r\nb\r\n.\r\n",
        b"a\r\n.\0\r\nb\r\n.\r\n",
        b"a\r\n.\r\r\nb\r\n.\r\n",
        b"a\r\n..\r\nb\r\n.\r\n",
        b"a\r\n. \r\nb\r\n.\r\n",
    ],
    ids=repr,
)
def test_nothing_but_cr_lf_dot_cr_lf_ends_mail_data(octets: bytes) -> None:
    """Servers that took one of these for the end let a second mail object be smuggled in."""
    reader, rest = read([octets + b"MAIL"])
    assert rest == b"MAIL"
    assert reader.content.count(b"b\r\n") == 1


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"plain", set()),
        (b"..dot", set()),
        (b"a\rb", {"bare_line_end"}),
        (b"a\nb", {"bare_line_end"}),
        (b"a\r", {"bare_line_end"}),
        (b"a\0b", {"nul"}),
        (b"x" * 998, set()),
        (b"x" * 999, {"long_line"}),
        (b"." + b"." * 998, set()),
        (b"." + b"." * 999, {"long_line"}),
        (b"x" * 5000 + b"\0", {"long_line", "nul"}),
        (b"x" * 5000 + b"\n" + b"x" * 5000, {"long_line", "bare_line_end"}),
        (b"x" * 5000 + b"\ry", {"long_line", "bare_line_end"}),
        (b"\0" + b"x" * 5000 + b"\r", {"long_line", "bare_line_end", "nul"}),
    ],
    ids=lambda value: repr(value[:9]) if isinstance(value, bytes) else "",
)
def test_what_is_wrong_with_a_line_is_noticed_in_any_pieces(line: bytes, found: set[str]) -> None:
    octets = b"first\r\n" + line + b"\r\nlast\r\n.\r\n"
    for size in (1, 2, 997, 998, 999, 1000, 1001, 1006, len(octets)):
        result = findings([octets[n : n + size] for n in range(0, len(octets), size)])
        flags = ("bare_line_end", "long_line", "nul", "too_big")
        assert {name for name in flags if result[name]} == found, size
        assert result["ended"]


def test_the_limit_counts_the_content_without_transparency() -> None:
    """RFC 1870, 6.3: what SIZE counts is the content, not what stuffing made of it."""
    content = b".dots\r\n" * 4
    octets = encode_content(content)
    assert findings([octets], len(content))["content"] == content
    over = findings([octets], len(content) - 1)
    assert (over["too_big"], over["content"], over["size"]) == (True, b"", len(content))
    assert not findings([octets], None)["too_big"]


def test_two_chunks_past_the_limit_are_both_counted_and_none_is_kept() -> None:
    result = findings([b"aaaa\r\n", b"bbbb\r\n", b".\r\n"], 7)
    assert (result["size"], result["content"], result["ended"]) == (12, b"", True)


def test_chunks_fill_the_limit_to_its_last_octet_and_the_content_comes_out_once() -> None:
    chunks = ChunkedContent(10)
    chunks.feed(b"abcdef")
    assert chunks.has_room_for(4) and not chunks.has_room_for(5)
    chunks.feed(b"ghij")
    assert chunks.size == 10 and not chunks.has_room_for(1)
    assert [chunks.take(), chunks.take()] == [b"abcdefghij", b""]


def test_a_reader_hands_its_content_out_once() -> None:
    reader = ContentReader()
    reader.feed(b"tea\r\n.\r\n")
    assert [reader.take(), reader.take()] == [b"tea\r\n", b""]


def test_an_envelope_shows_its_parameters_where_there_are_any() -> None:
    paths = "reverse_path='a@b.example', forward_paths=('c@d.example',)"
    assert repr(Envelope("a@b.example", ("c@d.example",))) == f"Envelope({paths})"
    wishes = {"c@d.example": {"NOTIFY": "NEVER"}}
    full = Envelope("a@b.example", ("c@d.example",), {"SIZE": "5"}, wishes)
    shown = f"{paths}, parameters={{'SIZE': '5'}}, recipient_parameters={wishes}"
    assert repr(full) == f"Envelope({shown})"


@pytest.mark.parametrize("piece", [b"x" * 65536, b"x" * 70 + b"\r\n"], ids=["one line", "lines"])
def test_memory_stays_bounded_by_the_limit(piece: bytes) -> None:
    """Mail data without end must not fill the server's memory."""
    reader = ContentReader(limit=100_000)
    tracemalloc.start()
    try:
        for _ in range(4_000_000 // len(piece)):
            reader.feed(piece)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert reader.size > 3_900_000
    assert reader.too_big
    assert peak < 1_000_000


# From Python's own message class.


def letter(**fields: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in fields.items():
        message[name] = value
    message.set_content("Hello\n.\n")
    return message


def test_the_envelope_is_read_off_and_bcc_stays_out_of_the_content() -> None:
    message = letter(
        From="Alice <alice@example.org>",
        To="Bob <bob@example.net>, carol@example.org",
        Cc="bob@example.net, erin@example.net",
        Bcc="dave@example.com",
    )
    fields = message.keys()
    mail = from_email(message)
    paths = ("bob@example.net", "carol@example.org", "erin@example.net", "dave@example.com")
    assert mail == MailObject(Envelope("alice@example.org", paths), mail.content)
    assert b"dave" not in mail.content and b"Bcc" not in mail.content
    assert message["Bcc"] == "dave@example.com" and sorted(message.keys()) == sorted(fields)
    assert mail.content.endswith(b"\r\n\r\nHello\r\n.\r\n")
    assert mail.content.count(b"\n") == mail.content.count(b"\r\n")


@pytest.mark.parametrize(
    ("content", "section"),
    [
        (b"Subject: x", b"Subject: x"),
        (b"Subject: x\r\n\r\none\r\n\r\ntwo", b"Subject: x"),
        (b"\r\nno field\r\n\r\n", b""),
    ],
)
def test_the_header_section_ends_at_the_first_empty_line(content: bytes, section: bytes) -> None:
    assert header_section(content) == section


def test_bcc_alone_is_enough_and_sender_goes_before_from() -> None:
    fields = {"From": "a@example.org, b@example.org", "Sender": "b@example.org"}
    mail = from_email(letter(**fields, Bcc="c@example.org"))
    assert mail.envelope == Envelope("b@example.org", ("c@example.org",))


NO_AUTHOR = "the message has no From header field, so no reverse-path"
NO_RECIPIENT = "the message names no recipient in To, Cc or Bcc"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"To": "bob@example.net"}, NO_AUTHOR),
        ({"From": "", "To": "bob@example.net"}, NO_AUTHOR),
        ({"From": "alice@example.org"}, NO_RECIPIENT),
        ({"From": "alice@example.org", "To": "friends:;"}, NO_RECIPIENT),
    ],
)
def test_a_message_without_an_envelope_is_refused(fields: dict[str, str], why: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        from_email(letter(**fields))
    assert str(caught.value) == why


class Unwritable(EmailMessage):
    def as_bytes(self, *args: object, **kwargs: object) -> bytes:
        raise UnicodeError


def test_bcc_is_put_back_when_the_message_cannot_be_written() -> None:
    message = Unwritable()
    message["From"], message["Bcc"] = "alice@example.org", "dave@example.com"
    with pytest.raises(UnicodeError):
        from_email(message)
    assert message["Bcc"] == "dave@example.com"


def test_a_message_of_the_older_class_works_too() -> None:
    octets = b"From: alice@example.org\nTo: bob@example.net\nBcc: c@example.org\n\nHi\n"
    mail = from_email(message_from_bytes(octets, policy=policy.compat32))
    assert mail.envelope.forward_paths == ("bob@example.net", "c@example.org")
    assert mail.content == b"From: alice@example.org\r\nTo: bob@example.net\r\n\r\nHi\r\n"
