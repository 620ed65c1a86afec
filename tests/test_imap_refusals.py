"""IMAP: what would write, what is wrong and what comes from strangers gets one clear reply."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtplab import Sandbox
from smtplab.transcript import Kind
from tests.readers import (
    CAFE,
    IMAP,
    IMAP_SIGN_IN,
    TEA,
    Lines,
    imap_inbox,
    imap_session,
    put,
)


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running
        assert running.errors == ()


@pytest.fixture
def in_memory() -> Iterator[Sandbox]:
    with Sandbox("memory") as running:
        yield running
        assert running.errors == ()


# What is refused.

NOT_HERE = (
    "LSUB \"\" *", "STATUS INBOX (MESSAGES)", "CREATE x", "DELETE x",
    "RENAME x y", "SUBSCRIBE x", "UNSUBSCRIBE x", "APPEND INBOX {3}", "CHECK", "CLOSE", "EXPUNGE",
    "COPY 1 Junk", "STORE 1 +FLAGS (\\Seen)", "UID STORE 1 +FLAGS (\\Seen)", "UID COPY 1 Junk",
    "IDLE", "ID NIL", "ENABLE UTF8=ACCEPT", "NAMESPACE", "XYZZY", "MOVE 1 Junk", "UNSELECT",
)  # fmt: skip


@pytest.mark.parametrize("command", NOT_HERE)
def test_every_other_command_is_bad(in_memory: Sandbox, command: str) -> None:
    put(in_memory, TEA)
    with imap_session(in_memory) as lines:
        reply = lines.ask(f"c {command}".encode())
        assert reply.startswith(b"c BAD ")
        assert reply.endswith(b" is no command of this read-only server\r\n")
        assert lines.ask(b"d NOOP") == b"d OK NOOP completed\r\n"


WRONG = {
    "empty": (b"", b"* BAD A command begins with a tag"),
    "a space": (b" ", b"* BAD A command begins with a tag"),
    "no verb": (b"c", b"* BAD A command begins with a tag"),
    "tag and space": (b"c ", b"c BAD A command's second word"),
    "plus in the tag": (b"+c NOOP", b"* BAD A command begins"),
    "brace in the tag": (b"{c NOOP", b"* BAD A command begins"),
    "star as the tag": (b"* NOOP", b"* BAD A command begins"),
    "eight bits in the tag": (b"\xe9 NOOP", b"* BAD A command begins"),
    "NUL in the tag": (b"c\0 NOOP", b"* BAD A command begins"),
    "two spaces": (b"c  NOOP", b"c BAD A command's second word"),
    "an argument too many": (b"c NOOP now", b"c BAD Nothing more is wanted at ' now'"),
    "a space too many": (b"c NOOP ", b"c BAD Nothing more is wanted at ' '"),
    "eight bits in the verb": (b"c NO\xd6P", b"c BAD A command's second word"),
    "LF alone": (b"c NOOP\nd NOOP", b"c BAD A command ends in CR LF"),
    "CR inside": (b"c LIST \"\" a\rb", b"c BAD Nothing more is wanted"),
    "NUL in a string": (b'c LIST "" "a\0b"', b"c BAD A string is wanted"),
    "eight bits in quotes": ('c LIST "" "\u00e9"'.encode(), b"c BAD A string is wanted"),
    "an open quote": (b'c LIST "" "a', b"c BAD A string is wanted"),
    "LIST alone": (b"c LIST", b"c BAD A space and an argument are wanted at the end"),
    "LIST with one": (b'c LIST ""', b"c BAD A space"),
    "SELECT alone": (b"c SELECT", b"c BAD A space"),
    "SELECT with two": (b"c SELECT INBOX Junk", b"c BAD Nothing more"),
    "no such folder": (b"c EXAMINE Sent", b"c NO [NONEXISTENT]"),
    "a path as a folder": (b"c EXAMINE ../../etc", b"c NO [NONEXISTENT]"),
    "LOGIN again": (b"c LOGIN bob x", b"c BAD LOGIN does not fit here; this session is selected"),
    "STARTTLS too late": (b"c STARTTLS", b"c BAD STARTTLS does not fit here"),
    "FETCH alone": (b"c FETCH", b"c BAD A space"),
    "FETCH without items": (b"c FETCH 1", b"c BAD A space"),
    "FETCH of nothing": (b"c FETCH 1 ()", b"c BAD A keyword"),
    "FETCH, list left open": (b"c FETCH 1 (UID", b"c BAD A space"),
    "FETCH of an unknown item": (b"c FETCH 1 XYZZY", b"c BAD There is no data item 'XYZZY'"),
    "FETCH of message 0": (b"c FETCH 0 UID", b"c BAD A set of numbers"),
    "FETCH of too many": (b"c FETCH 2 UID", b"c BAD There is no such message; there are 1"),
    "FETCH of a huge number": (b"c FETCH " + b"9" * 5000 + b" UID", b"c BAD A number of 32 bits"),
    "FETCH of 2**32": (b"c UID FETCH 4294967296 UID", b"c BAD A number of 32 bits"),
    "FETCH of three ends": (b"c FETCH 1:1:1 UID", b"c BAD A range has two ends"),
    "FETCH of an open range": (b"c FETCH 1: UID", b"c BAD A space"),
    "FETCH of MIME structure": (b"c FETCH 1 BODYSTRUCTURE", b"c BAD MIME structure is not told"),
    "FETCH of BODY": (b"c FETCH 1 (UID BODY)", b"c BAD MIME structure is not told"),
    "FETCH FULL": (b"c FETCH 1 FULL", b"c BAD MIME structure is not told"),
    "FETCH of a part": (b"c FETCH 1 BODY[1.2]", b"c BAD MIME parts are not served"),
    "FETCH of an unknown section": (b"c FETCH 1 BODY[MIME]", b"c BAD There is no section 'MIME'"),
    "a section left open": (b"c FETCH 1 BODY[TEXT", b"c BAD ']' is wanted at the end"),
    "no field names": (b"c FETCH 1 BODY[HEADER.FIELDS ()]", b"c BAD A string is wanted"),
    "an empty part": (b"c FETCH 1 BODY[]<0.0>", b"c BAD Nothing more is wanted"),
    "SEARCH alone": (b"c SEARCH", b"c BAD A space"),
    "SEARCH with an empty list": (b"c SEARCH ()", b"c BAD A keyword"),
    "SEARCH, unknown key": (b"c SEARCH XYZZY", b"c BAD There is no search key 'XYZZY'"),
    "SEARCH, no such day": (b"c SEARCH ON 31-Feb-2026", b"c BAD A date such as 2-Mar-2026"),
    "SEARCH, no such month": (b"c SEARCH ON 1-Foo-2026", b"c BAD A date such as 2-Mar-2026"),
    "SEARCH, too large": (b"c SEARCH LARGER 4294967296", b"c BAD A number of 32 bits"),
    "SEARCH, no such message": (b"c SEARCH 2", b"c BAD There is no such message; there are 1"),
    "SEARCH, deep in parentheses": (b"c SEARCH " + b"(" * 4000, b"c BAD One SEARCH may have 50"),
    "SEARCH, a chain of NOT": (b"c SEARCH " + b"NOT " * 1900, b"c BAD One SEARCH may have 50"),
    "SEARCH, a chain of OR": (b"c SEARCH " + b"OR " * 1900, b"c BAD One SEARCH may have 50"),
    "SEARCH, a hundred keys": (b"c SEARCH" + b" ALL" * 100, b"c BAD One SEARCH may have 50"),
    "FETCH, a hundred items": (
        b"c FETCH 1 (%b)" % b" ".join(b"BODY[]<%d.1>" % n for n in range(100)),
        b"c BAD One FETCH may ask for 20"),
    "UID alone": (b"c UID", b"c BAD A space"),
    "too long": (b"c SEARCH TEXT " + b"x" * 8192, b"c BAD The command line is longer than 8192"),
    "far too long": (b"c SEARCH TEXT " + b"x" * 9 * 2**17, b"c BAD The command line is longer"),
    "far too long and no tag": (b"\xff" * 300_000, b"* BAD The command line is longer than 8192"),
    "a literal too large": (b"c SEARCH TEXT {16400}", b"c BAD A command with its literals may"),
    "a huge literal": (b"c SEARCH TEXT {9999999999}", b"c BAD A command with its literals may"),
    "a number too long for a literal": (b"c SEARCH TEXT {99999999999}", b"c BAD A string is"),
    "a negative literal": (b"c SEARCH TEXT {-1}", b"c BAD A string is wanted"),
    "a literal for an unknown command": (b"c XYZZY {5}", b"c BAD XYZZY is no command"),
}  # fmt: skip


@pytest.mark.parametrize(("octets", "start"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_gets_one_clear_reply_and_the_session_goes_on(
    sandbox: Sandbox, octets: bytes, start: bytes
) -> None:
    put(sandbox, TEA)
    with imap_session(sandbox) as lines:
        assert lines.ask(octets).startswith(start)
        if octets.startswith(b"c NOOP\n"):
            assert lines.line() == b"d OK NOOP completed\r\n"
        assert lines.ask(b"e NOOP") == b"e OK NOOP completed\r\n"


EARLY = (
    'LIST "" *',
    "SELECT INBOX",
    "EXAMINE INBOX",
    "FETCH 1 UID",
    "SEARCH ALL",
    "UID FETCH 1 UID",
)


@pytest.mark.parametrize("command", EARLY)
def test_before_signing_in_nothing_is_shown(in_memory: Sandbox, command: str) -> None:
    put(in_memory, TEA)
    with Lines(in_memory, IMAP, 993) as lines:
        reply = lines.ask(f"a {command}".encode())
        assert reply.endswith(b"does not fit here; this session is signed out\r\n")


def test_a_line_too_long_behind_a_literal_keeps_the_tag_and_ends_the_command(
    in_memory: Sandbox,
) -> None:
    with imap_session(in_memory) as lines:
        assert lines.ask(b"c SEARCH TEXT {3}").startswith(b"+ ")
        assert lines.ask(b"abc " + b"x" * 9000).startswith(b"c BAD The command line is longer")
        assert lines.ask(b"d NOOP") == b"d OK NOOP completed\r\n"


def test_many_literals_stay_within_the_bound_of_one_command(in_memory: Sandbox) -> None:
    with imap_session(in_memory) as lines:
        reply = lines.ask(b"c SEARCH TEXT {4000}")
        rounds = 0
        while reply.startswith(b"+ "):
            rounds += 1
            reply = lines.ask(b"x" * 4000 + b" TEXT {4000}")
        assert rounds == 4 and reply.startswith(b"c BAD A command with its literals may hold")
        assert lines.ask(b"d NOOP") == b"d OK NOOP completed\r\n"


def test_what_is_inside_a_literal_is_never_a_command(in_memory: Sandbox) -> None:
    with imap_session(in_memory) as lines:
        assert lines.ask(b"c SEARCH SUBJECT {10}").startswith(b"+ ")
        lines.say(b"d LOGOUT\r\n\r\n")
        assert lines.until(b"c ") == [b"* SEARCH\r\n", b"c OK SEARCH completed\r\n"]
        assert lines.ask(b"e NOOP") == b"e OK NOOP completed\r\n"


def test_a_literal_that_looks_like_the_start_of_another_is_its_own_octets(
    in_memory: Sandbox,
) -> None:
    put(in_memory, b"Subject: a {5} b\r\n\r\n")
    with imap_session(in_memory) as lines:
        assert lines.ask(b"c SEARCH SUBJECT {3}").startswith(b"+ ")
        assert lines.ask(b"{5}") == b"* SEARCH 1\r\n"


def test_a_folder_that_cannot_be_opened_leaves_none_open(in_memory: Sandbox) -> None:
    put(in_memory, TEA)
    with imap_session(in_memory) as lines:
        assert lines.ask(b"c EXAMINE Sent").startswith(b"c NO ")
        assert lines.ask(b"d FETCH 1 UID").endswith(b"this session is signed in\r\n")


def test_a_literal_that_does_not_wait_ends_the_session(sandbox: Sandbox) -> None:
    """Its octets would be taken for commands."""
    with imap_session(sandbox) as lines:
        lines.say(b"c SEARCH SUBJECT {10+}\r\nd LOGOUT\r\n\r\n")
        assert lines.line() == b"* BYE A literal without waiting is not offered here\r\n"
        assert lines.line() == b""


def test_the_hundredth_bad_command_ends_the_connection(sandbox: Sandbox) -> None:
    with Lines(sandbox, IMAP, 993) as lines:
        lines.say(b"a XYZZY\r\n" * 200)
        replies = list(iter(lines.line, b""))
    assert len(replies) == 101 and replies[-1].startswith(b"* BYE ")


def test_commands_sent_together_are_answered_in_order(sandbox: Sandbox) -> None:
    put(sandbox, TEA)
    with Lines(sandbox, IMAP, 993) as lines:
        lines.say(IMAP_SIGN_IN + b"b SELECT INBOX\r\nc FETCH 1 UID\r\nd LOGOUT\r\ne NOOP\r\n")
        replies = list(iter(lines.line, b""))
    assert [line[:4] for line in replies if line[:1] != b"*"] == [
        b"a OK",
        b"b OK",
        b"c OK",
        b"d OK",
    ]
    assert replies[-2].startswith(b"* BYE imap.example.net")


def test_an_error_of_ours_is_told_and_kept_and_the_session_goes_on() -> None:
    with Sandbox("memory") as sandbox, Lines(sandbox, IMAP, 993) as lines:
        sandbox._world.hosts[IMAP].mailboxes = None  # type: ignore[assignment]
        assert lines.ask(IMAP_SIGN_IN[:-2]).startswith(b"a NO [SERVERBUG]")
        assert lines.ask(b"b NOOP") == b"b OK NOOP completed\r\n"
        assert isinstance(sandbox.errors[0], TypeError)


def test_half_an_hour_of_silence_ends_the_session_with_bye(in_memory: Sandbox) -> None:
    with Lines(in_memory, IMAP, 993, timeout=1801) as lines:
        assert lines.line() == b"* BYE No command for too long\r\n"
        assert lines.line() == b""


# Mail from strangers.

NESTED = b"".join(
    b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(2000)
)
HOSTILE = {
    "comments in comments": b"From: " + b"(" * 60_000 + b"\r\n\r\n",
    "a hundred thousand addresses": b"To: " + b"a@b.example," * 100_000 + b"\r\n\r\n",
    "ten thousand header fields": b"X: y\r\n" * 10_000 + b"\r\n",
    "parts in parts": NESTED,
    "encoded words that are none": b"Subject: =?utf-8?b?a?= =?nope?q?x?= =?utf-8?q?=ff?=\r\n\r\n",
    "an encoded word in an unknown charset": b"Subject: =?nope?q?x?=\r\n\r\n",
    "an unknown charset": b"Content-Type: text/plain; charset=nope\r\n\r\nhello\r\n",
    "a charset that is no text": b"Content-Type: text/plain; charset=base64\r\n\r\nhello\r\n",
    "broken base64": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\na\r\n",
    "a date that is none": b"Date: Mon, 99 Foo 99999999999 99:99:99 +9999\r\n\r\n",
    "a zone that is none": b"Date: Mon, 2 Mar 2026 09:00:00 +9999999999\r\n\r\n",
    "an empty date": b"Date:\r\n\r\n",
    "a reply inside a subject": b'Subject: " a OK \\"\r\n\r\na1 OK done\r\n',
    "addresses without a host": b"From: alice\r\nTo: @b.example, c@, <>, :;,\r\n\r\n",
    "eight bits": b"From: \xff\xfe <\xe9@\xe9.example>\r\nSubject: \xff\r\n\r\n\xff\r\n",
    "nothing at all": b"",
    "a line end": b"\r\n",
    "colons": b":\r\n:::\r\n\r\n",
    "folding first": b" folded\r\n\tagain\r\n\r\n",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_mail_from_strangers_does_not_stop_list_or_search(
    in_memory: Sandbox, content: bytes
) -> None:
    put(in_memory, content, TEA)
    imap = imap_inbox(in_memory)
    shown = imap.fetch("1:*", "(UID ENVELOPE BODY.PEEK[HEADER.FIELDS (Subject From Date)])")
    assert shown[0] == "OK"
    assert imap.fetch("1", "(BODY[HEADER] BODY[TEXT] RFC822.SIZE)")[0] == "OK"
    assert imap.search(None, "TEXT", "five") == ("OK", [b"2"])
    assert imap.search(None, "SENTON", "1-Mar-2026", "SUBJECT", "tea") == ("OK", [b"2"])
    assert imap.search(None, "NOT", "FROM", "nobody")[1] == [b"1 2"]


PIECES = [
    b"a ", b"+ ", b"LOGIN ", b"SELECT ", b"INBOX", b"FETCH ", b"SEARCH ", b"UID ", b"LIST ",
    b"NOOP", b"STARTTLS", b"LOGOUT", b"1:*", b"2", b"(", b")", b"[", b"]", b'"', b"\\", b"{3}",
    b"{0}", b"{3+}", b"<0.5>", b"BODY", b".PEEK", b"ENVELOPE", b"HEADER.FIELDS ", b"TEXT ", b"NOT ",
    b"OR ", b"SINCE ", b"2-Mar-2026", b" ",
    b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\0", b"\xff", b"%*",
    b"x" * 9000, IMAP_SIGN_IN, b"b EXAMINE INBOX\r\n", b"c FETCH 1 (", b"c UID SEARCH ",
]  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.booleans(), st.lists(st.sampled_from(PIECES), max_size=40))
def test_no_octets_are_an_error_of_ours(is_open: bool, pieces: list[bytes]) -> None:
    with Sandbox("memory") as sandbox:
        put(sandbox, TEA, CAFE)
        with imap_session(sandbox) if is_open else Lines(sandbox, IMAP, 993) as lines:
            for piece in pieces:
                try:
                    lines.say(piece)
                except OSError:
                    break
        assert sandbox.errors == ()
    events = sandbox.transcript.events
    said = [one.octets for one in events if one.kind in (Kind.REPLY, Kind.CHALLENGE)]
    assert all(octets.endswith(b"\r\n") for octets in said)
    assert all(len(octets.split()) > 1 for octets in said)
