"""Replies and their parser: whatever comes, in whatever pieces."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.errors import RemoteProtocolError
from smtplab.replies import (
    MAX_REPLY_LINE,
    MAX_REPLY_OCTETS,
    EnhancedStatusCode,
    Reply,
    ReplyParser,
    Severity,
)

OK = Reply(250, (b"OK",))
A_LINE = b"250-" + b"x" * (MAX_REPLY_LINE - 6) + b"\r\n"


def parse(pieces: Iterable[bytes]) -> tuple[list[Reply], str]:
    """The replies in the pieces, and the error that ended them or ""."""
    parser, replies = ReplyParser(), []
    try:
        for piece in pieces:
            parser.feed(piece)
            while reply := parser.next_reply():
                replies.append(reply)
    except RemoteProtocolError as error:
        return replies, str(error)
    return replies, ""


def check(octets: bytes, replies: list[Reply], error: str) -> None:
    """The same replies and error, whole, byte by byte, and with octets in front and behind."""
    one_by_one = [octets[n : n + 1] for n in range(len(octets))]
    for pieces in ([octets], one_by_one):
        found, message = parse(pieces)
        assert found == replies
        assert error in message
        assert bool(error) == bool(message)
    assert parse([b"250 OK\r\n" + octets])[0] == [OK, *replies]
    if not error:
        assert parse([octets + b"250 O", b"K\r\n"]) == ([*replies, OK], "")


WELL_FORMED = {
    "one line": (b"250 OK\r\n", [OK]),
    "no text": (b"250 \r\n", [Reply(250)]),
    "a code alone": (b"354\r\n", [Reply(354)]),
    "two lines": (b"250-mx.example.net\r\n250 DSN\r\n", [Reply(250, (b"mx.example.net", b"DSN"))]),
    "an empty line inside": (b"214-\r\n214-a\r\n214 \r\n", [Reply(214, (b"", b"a", b""))]),
    "a code alone ends": (b"250-a\r\n250\r\n", [Reply(250, (b"a", b""))]),
    "two replies": (b"354 go\r\n250 OK\r\n", [Reply(354, (b"go",)), OK]),
    "tab": (b"220 a\tb\r\n", [Reply(220, (b"a\tb",))]),
    "UTF-8": ("250 grüß\r\n".encode(), [Reply(250, ("grüß".encode(),))]),
    "text like a line": (b"250-250 OK\r\n250 -\r\n", [Reply(250, (b"250 OK", b"-"))]),
    "lowest and highest code": (b"200 a\r\n559 b\r\n", [Reply(200, (b"a",)), Reply(559, (b"b",))]),
    "the longest line": (
        A_LINE.replace(b"-", b" "),
        [Reply(250, (b"x" * (MAX_REPLY_LINE - 6),))],
    ),
}


@pytest.mark.parametrize(("octets", "replies"), WELL_FORMED.values(), ids=WELL_FORMED)
def test_a_well_formed_reply_is_read_in_any_pieces(octets: bytes, replies: list[Reply]) -> None:
    check(octets, replies, error="")


NOT_A_LINE = "not an SMTP reply line"
HOSTILE = {
    "garbage": (b"\x16\x03\x01\x02\x00 hello\r\n", NOT_A_LINE),
    "HTTP": (b"HTTP/1.1 400 Bad Request\r\n", NOT_A_LINE),
    "an underscore in the code": (b"2_5 x\r\n", NOT_A_LINE),
    "a plus sign in the code": (b"+25 x\r\n", NOT_A_LINE),
    "digits of another script": ("٢٥٠ x\r\n".encode(), NOT_A_LINE),
    "two digits": (b"25 x\r\n", NOT_A_LINE),
    "four digits": (b"2500 x\r\n", NOT_A_LINE),
    "code 199": (b"199 x\r\n", NOT_A_LINE),
    "code 600": (b"600 x\r\n", NOT_A_LINE),
    "second digit 6": (b"260 x\r\n", NOT_A_LINE),
    "no separator": (b"250OK\r\n", NOT_A_LINE),
    "space first": (b" 250 OK\r\n", NOT_A_LINE),
    "an empty line": (b"\r\n", NOT_A_LINE),
    "NUL": (b"250 a\0b\r\n", NOT_A_LINE),
    "ESC": (b"250 \x1b[2J\r\n", NOT_A_LINE),
    "DEL": (b"250 \x7f\r\n", NOT_A_LINE),
    "bare CR": (b"250 a\rb\r\n", NOT_A_LINE),
    "CR before CR LF": (b"250 a\r\r\n", NOT_A_LINE),
    "bare LF": (b"250 OK\n", "LF without CR"),
    "bare LF inside": (b"250 OK\n250 OK\r\n", "LF without CR"),
    "8-bit that is no UTF-8": (b"250 gr\xfc\xdf\r\n", "neither ASCII nor UTF-8"),
    "another code inside": (b"250-a\r\n251 b\r\n", "the code changed inside one reply, from 250"),
    "another class inside": (b"250-a\r\n550-b\r\n", "the code changed inside one reply, from 250"),
    "garbage inside": (b"250-a\r\nb\r\n", NOT_A_LINE),
    "a line too long": (b"250 " + b"x" * MAX_REPLY_LINE + b"\r\n", "4096"),
    "one octet too long": (A_LINE.replace(b"-", b"-x"), "4096"),
    "endless continuation": (A_LINE * (MAX_REPLY_OCTETS // len(A_LINE) + 1), "too long"),
}


@pytest.mark.parametrize(("octets", "error"), HOSTILE.values(), ids=HOSTILE)
def test_what_breaks_the_rules_is_refused_in_any_pieces(octets: bytes, error: str) -> None:
    check(octets, [], error)


def test_a_megabyte_without_an_end_of_line_is_refused_at_once() -> None:
    """A server that never ends its line could otherwise fill the memory."""
    parser = ReplyParser()
    for n in range(MAX_REPLY_LINE):
        parser.feed(b"2")
        assert parser.next_reply() is None, n
    parser.feed(b"2")
    with pytest.raises(RemoteProtocolError, match="4097 octets without an end of line"):
        parser.next_reply()


def test_the_longest_reply_is_taken_and_one_octet_more_is_not() -> None:
    lines, rest = divmod(MAX_REPLY_OCTETS, len(A_LINE))
    assert rest == 0
    last = A_LINE.replace(b"-", b" ")
    octets = A_LINE * (lines - 1) + last
    assert len(parse([octets, octets])[0]) == 2
    assert parse([b"250-\r\n" + octets])[0] == []


@pytest.mark.parametrize("octets", [case[0] for case in HOSTILE.values()], ids=HOSTILE)
def test_an_error_shows_some_of_the_octets_and_never_floods(octets: bytes) -> None:
    message = parse([octets])[1]
    assert "b'" in message
    assert len(message) < 600


@pytest.mark.parametrize(("length", "more"), [(80, ""), (81, "...")])
def test_an_error_quotes_eighty_octets_and_says_that_there_are_more(length: int, more: str) -> None:
    line = b"x" * (length - 2) + b"\r\n"
    message = parse([line])[1]
    assert f"reply line: {line[:80] + more.encode()!r};" in message


def test_the_error_of_a_line_that_is_no_reply_says_what_one_is() -> None:
    message = parse([b"tea\r\n"])[1]
    wanted = "it should be three digits, a space or hyphen, and text"
    assert message == rf"this is not an SMTP reply line: b'tea\r\n'; {wanted}"
    endless = parse([b"x" * 41 + b"y" * MAX_REPLY_LINE])[1]
    assert f"of line: {b'x' * 40!r}…; " in endless


@pytest.mark.parametrize("before", [b"", b"250 2.0.0 Ok\r\n"])
def test_an_end_of_line_by_itself_is_refused_at_once(before: bytes) -> None:
    assert "ends in LF without CR" in parse([before + b"\n"])[1]


def test_a_usual_reply_that_ends_a_longer_one_belongs_to_it() -> None:
    parser = ReplyParser()
    assert (parser.octets, parser.in_reply) == (b"", False)
    assert parser.reply_after(b"250-first\r\n") is None
    assert parser.reply_after(b"250 2.0.0 Ok\r\n") == Reply(250, (b"first", b"2.0.0 Ok"))


def test_a_parser_tells_what_it_has_not_used() -> None:
    parser = ReplyParser()
    assert not parser.in_reply
    parser.feed(b"250-a\r\n250")
    assert parser.next_reply() is None
    assert (parser.in_reply, parser.pending) == (True, b"250")
    parser.feed(b" b\r\n")
    assert parser.in_reply
    assert parser.next_reply() == Reply(250, (b"a", b"b"))
    assert (parser.in_reply, parser.pending) == (False, b"")
    parser.feed(b"2")
    assert parser.in_reply


@pytest.mark.parametrize("octets", [b"354\r\n", b"250-a\r\n250\r\n", b"250 OK\r\n"])
def test_a_parser_keeps_the_octets_as_they_came(octets: bytes) -> None:
    parser = ReplyParser()
    for piece in (b"220 hi\r\n", octets[:5], octets[5:]):
        parser.feed(piece)
        parser.next_reply()
    assert parser.octets == octets


def test_a_reply_that_waits_behind_another_counts_as_pending() -> None:
    """Injected octets behind a reply must not be taken for the next one."""
    parser = ReplyParser()
    parser.feed(b"220 go\r\n250 injected\r\n")
    assert parser.next_reply() == Reply(220, (b"go",))
    assert (parser.in_reply, parser.pending) == (True, b"250 injected\r\n")


FRAGMENTS = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([b"250", b"-", b" ", b"\r\n", b"\n", b"\r", b"550 5.7.1 x\r\n", b"250-a\r\n"]),
)


@given(st.lists(FRAGMENTS, max_size=30))
def test_no_octets_raise_anything_but_a_remote_protocol_error(pieces: list[bytes]) -> None:
    replies, error = parse(pieces)
    assert all(200 <= reply.code <= 559 for reply in replies)
    whole = parse([b"".join(pieces)])
    assert whole[0] == replies
    assert bool(whole[1]) == bool(error)


TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.just("\t"), max_size=40).map(
    str.encode
)
CODES = st.integers(200, 559).filter(lambda code: code // 10 % 10 < 6)
REPLIES = st.builds(Reply, CODES, st.lists(TEXTS, min_size=1, max_size=6).map(tuple))


@given(st.lists(REPLIES, max_size=4), st.lists(st.integers(0, 400), max_size=8))
def test_a_reply_round_trips(replies: list[Reply], cuts: list[int]) -> None:
    octets = b"".join(reply.octets for reply in replies)
    places = [0, *sorted(cuts), len(octets)]
    pieces = [octets[a:b] for a, b in zip(places, places[1:], strict=False)]
    assert parse(pieces) == (replies, "")


# What a reply says.


@pytest.mark.parametrize(
    ("texts", "lines", "enhanced"),
    [
        ((b"5.7.1 Relaying denied",), ("Relaying denied",), "5.7.1"),
        ((b"5.1.1 no", b"5.1.1 such", b"mailbox"), ("no", "such", "mailbox"), "5.1.1"),
        ((b"5.1.1",), ("",), "5.1.1"),
        ((b"4.7.1 class of another code",), ("4.7.1 class of another code",), None),
        ((b"5.07.1 leading zero",), ("5.07.1 leading zero",), None),
        ((b"5.7.1.2 four numbers",), ("5.7.1.2 four numbers",), None),
        ((b"5.1000.1 four digits",), ("5.1000.1 four digits",), None),
        ((b"x 5.7.1",), ("x 5.7.1",), None),
        ((b"gr\xfc\xdf",), ("gr\\xfc\\xdf",), None),
    ],
)
def test_the_enhanced_status_code_is_read_off_and_the_text_is_the_rest(
    texts: tuple[bytes, ...], lines: tuple[str, ...], enhanced: str | None
) -> None:
    reply = Reply(550, texts)
    assert reply.lines == lines
    assert reply.text == "\n".join(lines)
    assert reply.enhanced == (EnhancedStatusCode.at_start_of(enhanced) if enhanced else None)


def test_an_intermediate_reply_has_no_enhanced_status_code() -> None:
    assert Reply(354, (b"3.0.0 go on",)).enhanced is None
    assert EnhancedStatusCode.at_start_of("3.0.0") is None
    assert EnhancedStatusCode.at_start_of("5.1٧.1") is None
    assert EnhancedStatusCode.at_start_of("5.7.1\n") is None


def test_an_enhanced_status_code_has_class_subject_and_detail() -> None:
    code = EnhancedStatusCode(5, 7, 10)
    assert (code.class_, code.subject, code.detail, str(code)) == (5, 7, 10, "5.7.10")
    assert EnhancedStatusCode(5, 7, 9) < code


@pytest.mark.parametrize(
    ("code", "severity", "meaning", "positive"),
    [
        (250, Severity.POSITIVE_COMPLETION, "done", True),
        (354, Severity.POSITIVE_INTERMEDIATE, "go on", True),
        (421, Severity.TRANSIENT_NEGATIVE, "again later", False),
        (550, Severity.PERMANENT_NEGATIVE, "will fail again", False),
    ],
)
def test_the_first_digit_decides(
    code: int, severity: Severity, meaning: str, positive: bool
) -> None:
    reply = Reply(code)
    assert reply.severity is severity
    assert meaning in severity.meaning
    assert reply.is_positive is positive


def test_octets_that_are_no_text_are_shown_as_escapes() -> None:
    assert str(Reply(250, (b"caf\xe9",))) == r"250 caf\xe9"


def test_a_reply_is_shown_as_an_rfc_prints_it() -> None:
    assert str(Reply(250, (b"a", b"", b"c"))) == "250-a\n250-\n250 c"
