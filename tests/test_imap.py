"""IMAP: imaplib and curl read Inbox and Junk; what would write and what is wrong gets BAD."""

import imaplib
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest

from smtplab import Sandbox
from smtplab.sandbox.certificates import Authority
from tests.readers import (
    BOB,
    CAFE,
    CONTENTS,
    IMAP,
    IMAP_SIGN_IN,
    PASSWORD,
    TEA,
    WITHIN,
    Lines,
    curl,
    imap_inbox,
    imap_session,
    put,
)
from tests.test_queue import calls_in
from tests.watch import wait_until

BARE = b"no header section"
TEA_SUBJECT = b"Subject: Tea\r\n"


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


def signed_in(sandbox: Sandbox) -> imaplib.IMAP4:
    imap = sandbox.imaplib()
    imap.login(BOB, PASSWORD)
    return imap


# What a mail program does.


def test_what_was_sent_by_smtp_can_be_read_by_imap(sandbox: Sandbox) -> None:
    with sandbox.smtplib(port=465) as smtp:
        smtp.login("alice@example.org", "looking-glass")
        smtp.sendmail("alice@example.org", [BOB], TEA)
    imap = imap_inbox(sandbox)
    ((_, content), _) = imap.fetch("1", "(BODY[])")[1]  # type: ignore[misc]
    assert content == sandbox.inbox(BOB)[0].content
    assert content.startswith(b"Return-Path: <alice@example.org>") and content.endswith(TEA)
    assert imap.logout()[0] == "BYE"


def test_every_content_comes_back_octet_by_octet(sandbox: Sandbox) -> None:
    contents = [*CONTENTS.values(), BARE]
    put(sandbox, *contents)
    imap = imap_inbox(sandbox)
    for number, content in enumerate(contents, 1):
        for item in ("BODY[]", "BODY.PEEK[]", "RFC822"):
            told: Any = imap.fetch(str(number), f"({item} RFC822.SIZE)")[1]
            label, octets = told[0]
            assert octets == content
            assert label.split()[1:2] == [f"({item.replace('.PEEK', '')}".encode()]
        sizes = imap.fetch(str(number), "(RFC822.SIZE)")[1]
        assert sizes == [b"%d (RFC822.SIZE %d)" % (number, len(content))]


def test_folders_are_listed_and_each_is_open_to_read_only(sandbox: Sandbox) -> None:
    put(sandbox, TEA)
    put(sandbox, CAFE, CAFE, folder="Junk")
    imap = signed_in(sandbox)
    assert imap.list()[1] == [b'(\\Noinferiors) "/" INBOX', b'(\\Noinferiors) "/" Junk']
    assert imap.select("inBOX", readonly=True) == ("OK", [b"1"])
    assert imap.select("Junk", readonly=True) == ("OK", [b"2"])
    assert imap.response("PERMANENTFLAGS")[1] == [b"()"]
    with pytest.raises(imaplib.IMAP4.readonly):
        imap.select("Junk")
    assert imap.select("Sent", readonly=True)[0] == "NO"


def test_select_shows_the_same_as_examine(in_memory: Sandbox) -> None:
    put(in_memory, TEA, CAFE)
    with imap_session(in_memory) as lines:
        lines.say(b"c SELECT INBOX\r\nd EXAMINE INBOX\r\n")
        selected, examined = lines.until(b"c "), lines.until(b"d ")
    assert selected[:-1] == examined[:-1] == [
        b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n",
        b"* 2 EXISTS\r\n",
        b"* 2 RECENT\r\n",
        b"* OK [UNSEEN 1] No message is ever marked as seen here\r\n",
        b"* OK [PERMANENTFLAGS ()] No flag can be set here\r\n",
        b"* OK [UIDVALIDITY 1772442000] UIDs are valid\r\n",
        b"* OK [UIDNEXT 3] Predicted next UID\r\n",
    ]  # fmt: skip
    assert selected[-1].startswith(b"c OK [READ-ONLY]")


LISTS = {
    '"" "*"': ["INBOX", "Junk"], '"" "%"': ["INBOX", "Junk"], "INB %": ["INBOX"], "Ju %": ["Junk"],
    "in box": ["INBOX"],
    '"" inbox': ["INBOX"], '"" junk': [], '"" J*': ["Junk"], '"" %n%': ["INBOX", "Junk"],
    '"" *N*': ["INBOX"],
    '"" ""': ['""'], '"" nothing': [], '"" ' + "%*" * 4000: ["INBOX", "Junk"],
    '"" ' + "*a" * 4000: [], '"" "J[u]nk"': [], '"" ".*"': [],
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "names"), LISTS.items(), ids=lambda value: str(value)[:12])
def test_list_matches_by_its_wildcards(
    in_memory: Sandbox, arguments: str, names: list[str]
) -> None:
    with imap_session(in_memory) as lines:
        lines.say(f"c LIST {arguments}\r\n".encode())
        found = [line.split()[-1].decode() for line in lines.until(b"c OK")[:-1]]
    assert found == names


FETCHES = {
    "FLAGS": rb"FLAGS (\Recent)",
    "UID": b"UID 1",
    "(UID UID)": b"UID 1",
    "RFC822.SIZE": b"RFC822.SIZE %d" % len(TEA),
    "INTERNALDATE": b'INTERNALDATE "02-Mar-2026 09:00:00 +0000"',
    "fast": rb'FLAGS (\Recent) INTERNALDATE "02-Mar-2026 09:00:00 +0000" RFC822.SIZE %d' % len(TEA),
    "BODY[TEXT]": b"BODY[TEXT] {10}\r\nAt five?\r\n",
    "RFC822.TEXT": b"RFC822.TEXT {10}\r\nAt five?\r\n",
    "body.peek[text]<3.4>": b"BODY[TEXT]<3> {4}\r\nfive",
    "BODY[]<0.8>": b"BODY[]<0> {8}\r\nFrom: Al",
    "BODY[]<9999.5>": b"BODY[]<9999> {0}\r\n",
    "(BODY[]<0.4> BODY[]<4.2>)": b"BODY[]<0> {4}\r\nFrom BODY[]<4> {2}\r\n: ",
    "(BODY[]<0.4> BODY[]<0.2>)": b"BODY[]<0> {4}\r\nFrom BODY[]<0> {2}\r\nFr",
    "BODY[HEADER]": b"BODY[HEADER] {%d}\r\n%b" % (len(TEA) - 10, TEA[:-10]),
    "RFC822.HEADER": b"RFC822.HEADER {%d}\r\n%b" % (len(TEA) - 10, TEA[:-10]),
    "BODY.PEEK[HEADER.FIELDS (SUBJECT)]":
        b"BODY[HEADER.FIELDS (SUBJECT)] {16}\r\nSubject: Tea\r\n\r\n",
    'BODY[HEADER.FIELDS ("x-note" Nothing)]<0.14>':
        b"BODY[HEADER.FIELDS (x-note Nothing)]<0> {14}\r\nX-Note: folded",
    "BODY[HEADER.FIELDS.NOT (From To Date X-Note Message-ID)]":
        b"BODY[HEADER.FIELDS.NOT (From To Date X-Note Message-ID)] {16}\r\n"
        b"Subject: Tea\r\n\r\n",
    "ENVELOPE":
        b'ENVELOPE ("Sun, 1 Mar 2026 23:30:00 -0500" "Tea" '
        b'(("Alice" NIL "alice" "example.org")) (("Alice" NIL "alice" "example.org")) '
        b'(("Alice" NIL "alice" "example.org")) '
        b'((NIL NIL "bob" "example.net")("Carol" NIL "carol" "example.org")) '
        b'NIL NIL NIL "<1@example.org>")',
}  # fmt: skip


@pytest.mark.parametrize(("items", "value"), FETCHES.items(), ids=FETCHES)
def test_fetch_gives_each_item_as_the_grammar_says(
    in_memory: Sandbox, items: str, value: bytes
) -> None:
    put(in_memory, TEA)
    with imap_session(in_memory) as lines:
        lines.say(f"c FETCH 1 {items}\r\n".encode())
        *parts, end = lines.until(b"c ")
    assert b"".join(parts) == b"* 1 FETCH (%b)\r\n" % value
    assert end == b"c OK FETCH completed\r\n"


ENVELOPES = {
    "encoded words stay": (b"Subject: =?utf-8?q?Caf=C3=A9?=", b'"=?utf-8?q?Caf=C3=A9?="'),
    "quotes": (b'Subject: say "hi" \\o/', b'"say \\"hi\\" \\\\o/"'),
    "eight bits are a literal": ("Subject: na\u00efve".encode(), b"{6}\r\nna\xc3\xafve"),
    "folded": (b"Subject: a\r\n b", b'"a b"'),
    "empty": (b"Subject:", b'""'),
    "the first of two": (b"Subject: 1\r\nSubject: 2", b'"1"'),
    "long": (b"Subject: " + b"x" * 201, b"{201}\r\n" + b"x" * 201),
    "no colon": (b"Subject", b'""'),
    "none": (b"X: y", b"NIL"),
}


@pytest.mark.parametrize(("field", "value"), ENVELOPES.values(), ids=ENVELOPES)
def test_a_subject_comes_as_it_was_written(in_memory: Sandbox, field: bytes, value: bytes) -> None:
    put(in_memory, field + b"\r\n\r\n")
    with imap_session(in_memory) as lines:
        lines.say(b"c FETCH 1 ENVELOPE\r\n")
        told = b"".join(lines.until(b"c ")[:-1])
    assert told == b"* 1 FETCH (ENVELOPE (NIL %b%b))\r\n" % (value, b" NIL" * 8)


def test_sets_name_messages_by_number_or_by_uid(sandbox: Sandbox) -> None:
    put(sandbox, *(b"Subject: %d\r\n\r\n" % n for n in range(1, 6)))
    sandbox.mailbox(BOB).remove("Inbox", {2})
    imap = imap_inbox(sandbox)

    def uids(command: str, numbers: str) -> list[int]:
        told: Any
        if command == "uid":
            told = imap.uid("FETCH", numbers, "FLAGS")[1]
        else:
            told = imap.fetch(numbers, "UID")[1]
        return [int(one.split(b"UID ")[1].split()[0].rstrip(b")")) for one in told if one]

    assert uids("fetch", "1:*") == [1, 3, 4, 5]
    assert uids("fetch", "*") == [5] and uids("fetch", "3:2") == [3, 4]
    assert uids("fetch", "4,1,1:1") == [1, 5]
    assert uids("uid", "2") == [] and uids("uid", "2:3,900") == [3]
    assert uids("uid", "900:*") == [5] and uids("uid", "1:4294967295") == [1, 3, 4, 5]
    with pytest.raises(imaplib.IMAP4.error, match="There is no such message; there are 4"):
        imap.fetch("1:5", "UID")
    imap.select("Junk", readonly=True)
    with pytest.raises(imaplib.IMAP4.error, match="There is no such message; there are 0"):
        imap.fetch("*", "UID")
    assert uids("uid", "1:*") == []


SEARCHES = {
    "ALL": "1 2 3", "1:2": "1 2", "*": "3", "2:*,1": "1 2 3", "UID 2:9": "2 3", "UID 77": "",
    "SUBJECT tea": "1", "SUBJECT Caf": "2", 'SUBJECT ""': "1 2", 'FROM "alice@"': "1",
    "TO carol": "1", "CC bob": "2", "BCC bob": "", "TEXT five": "1", "TEXT TEA": "1",
    "TEXT quatre": "2", "BODY tea": "", "TEXT section": "3",
    "HEADER x-note LINE": "1", 'HEADER Message-ID ""': "1",
    "LARGER 100": "1 2", "LARGER 16": "1 2 3", "LARGER 17": "1 2", "SMALLER 17": "",
    "SMALLER 18": "3",
    "SMALLER 100": "3", "LARGER 4294967295": "",
    "SINCE 2-Mar-2026": "1 2 3", "SINCE 3-mar-2026": "3", "BEFORE 3-Mar-2026": "1 2",
    'ON "02-Mar-2026"': "1 2", "SENTON 1-Mar-2026": "1", "SENTSINCE 2-Mar-2026": "2",
    "SENTBEFORE 1-Jan-2027": "1 2",
    "NOT 2": "1 3", "OR 1 SUBJECT caf": "1 2", "NOT OR 1 2": "3", "(1:2 SUBJECT tea)": "1",
    "NOT (1 SUBJECT tea)": "2 3", "1:2 NOT SUBJECT tea": "2", "OR (NOT 1) (1 2)": "2 3",
    "UNSEEN": "1 2 3", "SEEN": "", "NEW UNDELETED": "1 2 3", "OLD": "", "KEYWORD $Junk": "",
    "UNKEYWORD $Junk": "1 2 3", "CHARSET UTF-8 SUBJECT caf": "2", "charset us-ascii 1": "1",
}  # fmt: skip


@pytest.mark.parametrize(("keys", "numbers"), SEARCHES.items(), ids=SEARCHES)
def test_search_finds_by_each_key(in_memory: Sandbox, keys: str, numbers: str) -> None:
    put(in_memory, TEA, CAFE)
    in_memory.clock.advance(timedelta(days=1))
    put(in_memory, BARE)
    with imap_session(in_memory) as lines:
        lines.say(f"c SEARCH {keys}\r\n".encode())
        assert lines.until(b"c ") == [
            b" ".join((b"* SEARCH", *numbers.encode().split())) + b"\r\n",
            b"c OK SEARCH completed\r\n",
        ]


def test_a_date_that_is_no_date_hides_no_other_mail(in_memory: Sandbox) -> None:
    """One mail from a stranger must not make a folder unsearchable."""
    absurd = b"Date: Mon, 02 Mar 2026 09:00:00 +9999999999999999\r\n\r\n"
    put(in_memory, absurd, TEA)
    assert imap_inbox(in_memory).search(None, "SENTSINCE", "1-Jan-2026")[1] == [b"2"]


def test_a_search_costs_no_more_where_multiparts_lie_in_each_other(in_memory: Sandbox) -> None:
    """Python's reader compares each line with each boundary that is open: with a few hundred of
    them ten megabytes of empty lines would keep the server, and everybody else, for an hour."""

    def nested(depth: int) -> bytes:
        opened = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
        return b"".join(opened % (n, n) for n in range(depth)) + b"\r\n" * 3000

    put(in_memory, nested(1), nested(100))
    imap = imap_inbox(in_memory)
    flat = calls_in(lambda: imap.search(None, "1", "BODY", "x"))
    assert calls_in(lambda: imap.search(None, "2", "BODY", "x")) < 3 * flat


def test_search_takes_text_of_eight_bits_as_a_literal(sandbox: Sandbox) -> None:
    put(sandbox, TEA, CAFE)
    sandbox.mailbox(BOB).remove("Inbox", {1})
    imap = imap_inbox(sandbox)
    for where in ("SUBJECT", "TEXT"):
        setattr(imap, "literal", "CAF\u00c9".encode())  # noqa: B010  # typed as if it were str
        assert imap.search("UTF-8", where) == ("OK", [b"1"])
    assert imap.uid("SEARCH", "BODY", "quatre") == ("OK", [b"2"])


def test_an_unknown_charset_is_refused_with_those_that_are_known(in_memory: Sandbox) -> None:
    with imap_session(in_memory) as lines:
        assert lines.ask(b"c SEARCH CHARSET KOI8-R TEXT x").startswith(
            b"c NO [BADCHARSET (US-ASCII UTF-8)]"
        )


def test_the_internal_date_is_when_the_message_came(in_memory: Sandbox) -> None:
    in_memory.clock.advance(timedelta(days=300, hours=5, seconds=9))
    put(in_memory, TEA)
    with imap_session(in_memory) as lines:
        told = lines.ask(b"c FETCH 1 INTERNALDATE")
    assert told == b'* 1 FETCH (INTERNALDATE "27-Dec-2026 14:00:09 +0000")\r\n'


def test_noop_tells_what_has_come_and_what_pop3_took_away(sandbox: Sandbox) -> None:
    put(sandbox, b"Subject: 1\r\n\r\n", b"Subject: 2\r\n\r\n", b"Subject: 3\r\n\r\n")
    with imap_session(sandbox) as lines:
        pop = sandbox.poplib()
        pop.user(BOB)
        pop.pass_(PASSWORD)
        pop.dele(1)
        pop.dele(3)
        pop.quit()
        lines.say(b"c FETCH 1 BODY[]\r\nd FETCH 2 UID\r\n")
        assert b"Subject: 1\r\n" in lines.until(b"c OK")  # a number means the same until NOOP
        assert lines.until(b"d OK")[0] == b"* 2 FETCH (UID 2)\r\n"
        put(sandbox, b"Subject: 4\r\n\r\n")
        lines.say(b"e NOOP\r\nf FETCH 1:2 UID\r\ng NOOP\r\n")
        assert lines.until(b"e OK")[:-1] == [
            b"* 3 EXPUNGE\r\n", b"* 1 EXPUNGE\r\n", b"* 2 EXISTS\r\n", b"* 2 RECENT\r\n",
        ]  # fmt: skip
        assert lines.until(b"f OK")[:-1] == [
            b"* 1 FETCH (UID 2)\r\n", b"* 2 FETCH (UID 4)\r\n",
        ]  # fmt: skip
        assert lines.until(b"g ") == [b"g OK NOOP completed\r\n"]


def test_each_provider_knows_its_own_users(sandbox: Sandbox) -> None:
    put(sandbox, TEA, mailbox="carol@example.org")
    imap = sandbox.imaplib("imap.example.org")
    imap.login("carol@example.org", "winter-song")
    assert imap.select(readonly=True) == ("OK", [b"1"])
    with pytest.raises(imaplib.IMAP4.error, match="name or the password is wrong"):
        sandbox.imaplib("imap.example.org").login(BOB, PASSWORD)


# TLS and signing in.


def test_on_143_nobody_signs_in_before_starttls(sandbox: Sandbox) -> None:
    imap = sandbox.imaplib(port=143)
    assert {"STARTTLS", "LOGINDISABLED"} < set(imap.capabilities)
    with pytest.raises(imaplib.IMAP4.error, match=r"\[PRIVACYREQUIRED\]"):
        imap.login(BOB, PASSWORD)
    imap.starttls()
    assert imap.capabilities == ("IMAP4REV1", "AUTH=PLAIN", "SASL-IR")
    assert imap.login(BOB, PASSWORD) == ("OK", [b"[CAPABILITY IMAP4rev1] Signed in"])


def test_before_starttls_no_literal_with_a_name_or_password_is_asked_for(
    sandbox: Sandbox,
) -> None:
    with Lines(sandbox, IMAP, 143) as lines:
        assert lines.ask(b"a LOGIN {15}").startswith(b"a NO [PRIVACYREQUIRED]")
        assert lines.ask(b"b NOOP") == b"b OK NOOP completed\r\n"


def test_starttls_checks_the_certificate(sandbox: Sandbox) -> None:
    imap = sandbox.imaplib(port=143)
    with pytest.raises(Exception, match="not trusted here"):
        imap.starttls(ssl.create_default_context())
    imap.shutdown()


def test_commands_that_came_in_plain_behind_starttls_do_not_count(sandbox: Sandbox) -> None:
    """A man in the middle could put them there, and they would run inside TLS."""
    with Lines(sandbox, IMAP, 143) as lines:
        lines.say(b"a STARTTLS\r\nb NOOP\r\nc LOGIN {3}\r\n")
        assert lines.line() == b"a OK Begin TLS\r\n"
        lines.start_tls()
        assert lines.ask(b"d NOOP") == b"d OK NOOP completed\r\n"
        assert lines.ask(b"e STARTTLS") == b"e BAD TLS is active already\r\n"


def test_without_tls_in_this_python_the_ports_are_private_and_take_login(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Authority, "is_available", staticmethod(lambda: False))
    with Sandbox("memory") as sandbox:
        imap = sandbox.imaplib(port=143)
        assert imap.capabilities == ("IMAP4REV1", "AUTH=PLAIN", "SASL-IR")
        assert imap.login(BOB, PASSWORD)[0] == "OK"
        with Lines(sandbox, IMAP, 143) as lines:
            assert lines.ask(b"a STARTTLS") == b"a BAD STARTTLS is not offered here\r\n"


LOGINS = {
    "atoms": f"a LOGIN {BOB} {PASSWORD}\r\n",
    "quoted": f'a login "{BOB}" "{PASSWORD}"\r\n',
    "with escapes": f'a Login "{BOB}" "blue-print"\r\n',
    "a literal": f"a LOGIN {BOB} {{10}}\r\n{PASSWORD}\r\n",
    "two literals": f"a LOGIN {{15}}\r\n{BOB} {{10}}\r\n{PASSWORD}\r\n",
    "a literal and an atom": f"a LOGIN {{15}}\r\n{BOB} {PASSWORD}\r\n",
}


@pytest.mark.parametrize("octets", LOGINS.values(), ids=LOGINS)
def test_login_takes_atoms_quoted_strings_and_literals(sandbox: Sandbox, octets: str) -> None:
    with Lines(sandbox, IMAP, 993) as lines:
        for part in octets.encode().split(b"}\r\n"):
            lines.say(part + (b"}\r\n" if not part.endswith(b"\r\n") else b""))
            reply = lines.line()
        assert reply == b"a OK [CAPABILITY IMAP4rev1] Signed in\r\n"
    text = sandbox.transcript.to_text()
    assert PASSWORD not in text and "********" in text and BOB in text


def test_the_third_wrong_password_ends_the_connection(sandbox: Sandbox) -> None:
    with Lines(sandbox, IMAP, 993) as lines:
        lines.say(f"a LOGIN {BOB} wrong\r\n".encode() * 3 + IMAP_SIGN_IN)
        replies = list(iter(lines.line, b""))
    assert replies[:3] == [b"a NO [AUTHENTICATIONFAILED] The name or the password is wrong\r\n"] * 3
    assert replies[3:] == [b"* BYE Too many commands were refused\r\n"]


@pytest.mark.parametrize(
    "octets",
    [b"a LOGIN bob secret", b'a LOGIN "b o b" "secret word"', b"a  LOGIN  bob  secret",
     b"a login bob\tsecret", b'a LOGIN "bob secret', b"a LOGIN bob secret secret",
     b"\xff LOGIN bob secret",
     b"a AUTHENTICATE PLAIN secret", b"a LOGIN bob {6}\r\nsecret", b"a LOGIN bob secret\0",
     b"a LOGIN {3}\r\nbob secret", b"a LOGIN {3}\r\nbob {6}\r\nsecret",
     b"a LOGIN bob secret {3}\r\nxyz"],
)  # fmt: skip
def test_a_wrong_password_is_hidden_too_also_where_the_command_is_refused(
    in_memory: Sandbox, octets: bytes
) -> None:
    with Lines(in_memory, IMAP, 993) as lines:
        lines.say(octets + b"\r\n")
        lines.until(b"a " if octets.startswith(b"a") else b"* BAD")
    text = in_memory.transcript.to_text()
    assert "secret" not in text and "********" in text


# What is recorded; memory; curl.


def test_the_transcript_is_the_same_over_both_transports_and_hides_the_password() -> None:
    texts = []
    for transport in ("memory", "tcp"):
        with Sandbox(transport) as sandbox:
            put(sandbox, b"Subject: 1\r\n\r\nhello\r\n")
            with Lines(sandbox, IMAP, 143) as lines:
                assert lines.ask(b"a STARTTLS").startswith(b"a OK")
                lines.start_tls()
                assert lines.ask(b"b LOGIN bob@example.net {10}").startswith(b"+ ")
                assert lines.ask(PASSWORD.encode()).startswith(b"b OK")
                lines.say(b"c EXAMINE INBOX\r\nd FETCH 1 (UID BODY[TEXT])\r\ne LOGOUT\r\n")
                lines.until(b"e OK")
            wait_until(lambda: not sandbox._world.live)
            texts.append(sandbox.transcript.to_text().splitlines())
    assert texts[0] == texts[1]
    assert texts[0][:9] == [
        "-- laptop.example.org connects to imap.example.net : 143",
        "S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] imap.example.net smtplab",
        "C: a STARTTLS",
        "S: a OK Begin TLS",
        "-- TLS begins: TLS 1.3, as the server sees it",
        "C: b LOGIN bob@example.net {10}",
        "S: + Send 10 octets and the rest of the command",
        "C: ********",
        "S: b OK [CAPABILITY IMAP4rev1] Signed in",
    ]
    assert texts[0][-9:] == [
        "C: d FETCH 1 (UID BODY[TEXT])",
        "S: * 1 FETCH (UID 1 BODY[TEXT] {7}",
        "S: hello",
        "S: )",
        "S: d OK FETCH completed",
        "C: e LOGOUT",
        "S: * BYE imap.example.net closes the connection",
        "S: e OK LOGOUT completed",
        "-- connection closed: by the server",
    ]


def test_a_client_that_reads_nothing_costs_no_memory_and_others_are_served() -> None:
    with Sandbox("tcp") as sandbox:
        content = b"Subject: big\r\n\r\n" + b"x" * 70 * 2**16 + b"\r\n"
        put(sandbox, *[content] * 50)
        with imap_session(sandbox) as lines:
            lines.say(b"c FETCH 1:* BODY[]\r\n")
            assert signed_in(sandbox).logout()[0] == "BYE"
            said = [one for one in sandbox.transcript.of("c1") if one.length > len(content)]
            assert 0 < len(said) < 5


def test_a_fetch_goes_on_when_the_client_reads_again() -> None:
    with Sandbox("tcp") as sandbox:
        content = b"Subject: big\r\n\r\n" + b"x" * 70 * 2**16 + b"\r\n"
        put(sandbox, *[content] * 5)
        fetched = imap_inbox(sandbox).fetch("1:*", "BODY[]")[1]
    assert [one[1] for one in fetched if isinstance(one, tuple)] == [content] * 5


def test_octets_in_tiny_segments_are_understood() -> None:
    with Sandbox("memory") as sandbox:
        put(sandbox, TEA)
        with Lines(sandbox, IMAP, 993) as lines:
            for octet in IMAP_SIGN_IN + b"b SELECT INBOX\r\nc SEARCH SUBJECT {3}\r\ntea\r\n":
                lines.say(bytes([octet]))
            assert lines.until(b"c OK")[-2] == b"* SEARCH 1\r\n"


def test_curl_lists_searches_and_fetches(tool: Callable[[str], str]) -> None:
    with Sandbox("tcp") as sandbox:
        put(sandbox, TEA, *CONTENTS.values())
        put(sandbox, CAFE, folder="Junk")

        def said(url: str, *options: str) -> bytes:
            done = curl(sandbox, tool, url, *options)
            assert done.returncode == 0, done.stderr
            return done.stdout

        listed = said(f"imaps://{IMAP}/").split(b"\r\n")
        assert [line.split()[-1] for line in listed[:2]] == [b"INBOX", b"Junk"]
        assert said(f"imaps://{IMAP}/INBOX;MAILINDEX=1") == TEA
        assert said(f"imaps://{IMAP}/Junk;UID=1") == CAFE
        for number, content in enumerate(CONTENTS.values(), 2):
            assert said(f"imaps://{IMAP}/INBOX;MAILINDEX={number}") == content
        assert said(f"imaps://{IMAP}/INBOX?SUBJECT%20tea") == b"* SEARCH 1 2\r\n"
        part = said(f"imaps://{IMAP}/INBOX;MAILINDEX=1;SECTION=HEADER.FIELDS%20(SUBJECT)")
        assert part == TEA_SUBJECT + b"\r\n"
        assert message_from_bytes(said(f"imaps://{IMAP}/INBOX;UID=1"))["Subject"] == "Tea"
        # curl remembers LOGINDISABLED from before STARTTLS, so here it takes AUTHENTICATE.
        assert said(f"imap://{IMAP}/INBOX;MAILINDEX=1") == TEA
        refused = curl(sandbox, tool, f"imaps://{IMAP}/", user="carol@example.org")
        assert refused.returncode == 67  # CURLE_LOGIN_DENIED


def test_plain_octets_on_993_end_the_connection(sandbox: Sandbox) -> None:
    stream = sandbox.open(IMAP, 993, source=None, timeout=WITHIN)
    stream.write(b"a NOOP\r\n")
    while stream.read(100):
        pass
    stream.close()
    wait_until(lambda: not sandbox._world.live)
    detail: Any = sandbox.transcript.events[-1].detail
    assert detail["why"] == "in the TLS handshake"


def test_a_program_that_is_not_ours_counts_as_the_laptop() -> None:
    with Sandbox("tcp") as sandbox:
        bound = {one.key: port for one, port in sandbox.bound_ports.items()}[IMAP, 143]
        with socket.create_connection(("127.0.0.1", bound), WITHIN) as client:
            assert client.recv(100).startswith(b"* OK [CAPABILITY IMAP4rev1 ")
        detail: Any = sandbox.transcript.events[0].detail
        assert detail["source"] == "laptop.example.org"
