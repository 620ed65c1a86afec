"""A walk through RFC 5321, sections 3, 4 and 6: a plain socket says it, the sandbox replies.

Each row is a sentence with MUST or SHOULD in our own words, and the dialogue that shows it over
TCP at the exchange of example.net. `tests/proofs/rfc5321.md` names what shows the others.
"""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from smtplab import Sandbox
from smtplab.replies import Reply, ReplyParser

MX = "mx.example.net"
PATIENCE = 120  # seconds after which a server counts as stuck


class Walk(NamedTuple):
    section: str
    rule: str
    dialogue: str  # each line: what is said -> the codes of all replies to it


# The dialogue of a mail transaction up to its data.
HELLO = "EHLO a.example -> 250\n"
TO_BOB = HELLO + "MAIL FROM:<a@example.org> -> 250\nRCPT TO:<bob@example.net> -> 250\n"

WALKS = [
    Walk("2.2.1", "HELO is there for old clients", "HELO a.example -> 250"),
    Walk("2.3.8", "CR LF ends a line: what ends otherwise is refused",
         "NOOP\\nNOOP -> 500 250\nNOOP\\rNOOP -> 500\nNOOP -> 250"),
    Walk("2.3.8", "neither alone ends mail data",
         TO_BOB + "DATA -> 354\na\\n.\\nQUIT\\r\\n. -> 554\nNOOP -> 250"),
    Walk("2.4", "verbs in any case", "eHLo a.example -> 250\nnoOP -> 250\nQuIt -> 221"),
    Walk("3.2", "HELO is never answered with keywords", "HELO a.example -> 250"),
    Walk("3.3", "a reply tells whether the reverse-path is taken", HELLO +
         "MAIL FROM:<> -> 250\nRSET -> 250\nMAIL FROM:a@example.org -> 501"),
    Walk("3.3", "RCPT without MAIL is 503", HELLO + "RCPT TO:<bob@example.net> -> 503"),
    Walk("3.3", "DATA without MAIL, or without RCPT, is 503 or 554", HELLO +
         "DATA -> 503\nMAIL FROM:<> -> 250\nDATA -> 503"),
    Walk("3.3", "DATA after every RCPT was refused is 503 or 554", HELLO +
         "MAIL FROM:<> -> 250\nRCPT TO:<nobody@example.net> -> 550\nDATA -> 503"),
    Walk("3.3", "a source route in a forward-path is read and passed over", HELLO +
         "MAIL FROM:<> -> 250\nRCPT TO:<@one.example,@two.example:bob@example.net> -> 250"),
    Walk("3.3", "no content is refused because its header section has faults",
         TO_BOB + "DATA -> 354\nno header section at all\\r\\n. -> 250"),
    Walk("3.4", "251 forwards, 551 names the other mailbox", HELLO + "MAIL FROM:<> -> 250\n"
         "RCPT TO:<forwarded@example.net> -> 251\nRCPT TO:<moved@example.net> -> 551"),
    Walk("3.5.3", "VRFY gives no 250 for what was not verified: 252", "VRFY bob -> 252"),
    Walk("3.5.3", "what is known and not done is 502", "EXPN staff -> 502\nTURN -> 500"),
    Walk("3.6.2", "who does not relay says 550", HELLO +
         "MAIL FROM:<> -> 250\nRCPT TO:<x@elsewhere.example> -> 550"),
    Walk("3.8", "a command that is not understood does not end the connection",
         "FLY -> 500\n\\xff\\xfe -> 500\nNOOP -> 250\nQUIT -> 221"),
    Walk("4.1.1", "white space before the end of a line is tolerated",
         "NOOP   -> 250\nEHLO a.example   -> 250\nMAIL FROM:<>   -> 250"),
    Walk("4.1.1.1", "no mail transaction before EHLO or HELO", "MAIL FROM:<> -> 503"),
    Walk("4.1.1.3", "<Postmaster> needs no domain and has no case", HELLO +
         "MAIL FROM:<> -> 250\nRCPT TO:<pOSTmaster> -> 250\nRCPT TO:<bob> -> 501"),
    Walk("4.1.1.4", "only CR LF . CR LF ends the data, and each end has one reply",
         TO_BOB + "DATA -> 354\n.\\n.\\r\\n..\\r\\n. -> 554\nNOOP -> 250"),
    Walk("4.1.1.4", "the end at once is an empty content", TO_BOB + "DATA -> 354\n. -> 250"),
    Walk("4.1.1.4", "what follows is no command before 354, and is mail data after it",
         TO_BOB + "DATA -> 354\nQUIT\\r\\nRSET\\r\\n. -> 250\nRSET -> 250"),
    Walk("4.1.1.5", "RSET drops the transaction and is 250 at any time", "RSET -> 250\n" + TO_BOB +
         "RSET -> 250\nRSET -> 250\nDATA -> 503\nRCPT TO:<bob@example.net> -> 503"),
    Walk("4.1.1.8", "HELP needs no argument and may have one", "HELP -> 214\nHELP MAIL -> 214"),
    Walk("4.1.1.9", "NOOP ignores its string and touches nothing",
         TO_BOB + "NOOP what ever -> 250\nDATA -> 354\n. -> 250"),
    Walk("4.1.1.10", "QUIT is 221 at any time", TO_BOB + "QUIT -> 221"),
    Walk("4.1.1.11", "a parameter that was not offered is 555", HELLO +
         "MAIL FROM:<> FLY=1 -> 555\nMAIL FROM:<> -> 250\nRCPT TO:<bob@example.net> FLY -> 555"),
    Walk("4.1.2", "no control character in a path: 501", HELLO +
         "MAIL FROM:<a\\tb@example.org> -> 501\nMAIL FROM:<\"a\\x7f\"@example.org> -> 501"),
    Walk("4.1.2", "all forms of a quoted local part are the same mailbox", HELLO +
         'MAIL FROM:<> -> 250\nRCPT TO:<"bob"@example.net> -> 250\n'
         'RCPT TO:<"b\\\\ob"@example.net> -> 250'),
    Walk("4.1.4", "a second EHLO drops the transaction",
         TO_BOB + "EHLO a.example -> 250\nDATA -> 503\nMAIL FROM:<> -> 250"),
    Walk("4.1.4", "an EHLO that is refused changes nothing",
         TO_BOB + "EHLO a b -> 501\nEHLO -> 501\nDATA -> 354\n. -> 250"),
    Walk("4.1.4", "no 503 for NOOP, HELP, RSET, VRFY and QUIT before EHLO",
         "NOOP -> 250\nHELP -> 214\nRSET -> 250\nVRFY bob -> 252\nQUIT -> 221"),
    Walk("4.1.4", "no MAIL inside a transaction, and the state stays", HELLO +
         "MAIL FROM:<a@example.org> -> 250\nMAIL FROM:<b@example.org> -> 503\n"
         "RCPT TO:<bob@example.net> -> 250"),
    Walk("4.1.4", "a line that is out of order changes nothing",
         TO_BOB + "MAIL FROM:<> -> 503\nEXPN x -> 502\nDATA -> 354\n. -> 250"),
    Walk("4.2", "each command has one reply",
         "NOOP\\r\\nNOOP\\r\\nFLY\\r\\nNOOP -> 250 250 500 250"),
    Walk("4.2.4", "unknown is 500, known and not done is 502", "XFLY -> 500\nEXPN x -> 502"),
    Walk("4.3.2", "an argument of DATA, RSET or QUIT is 501",
         TO_BOB + "DATA now -> 501\nRSET now -> 501\nQUIT now -> 501\nDATA -> 354\n. -> 250"),
    Walk("4.5.1", "EHLO, HELO, MAIL, RCPT, DATA, RSET, NOOP, QUIT and VRFY are there",
         "HELO a.example -> 250\nVRFY postmaster -> 252\nNOOP -> 250\n" + TO_BOB +
         "RSET -> 250\n" + TO_BOB + "DATA -> 354\n. -> 250\nQUIT -> 221"),
    Walk("4.5.2", "a dot in front is taken off, and a dot inside a line stays",
         TO_BOB + "DATA -> 354\n..\\r\\n.a\\r\\na.\\r\\n. -> 250"),
    Walk("4.5.3.1.1", "a local part may have 64 octets", HELLO + "MAIL FROM:<" + "a" * 64 +
         "@example.org> -> 250\nRSET -> 250\nMAIL FROM:<" + "a" * 65 + "@example.org> -> 501"),
    Walk("4.5.3.1.4", "a command line may have 512 octets", "NOOP " + "x" * 505 + " -> 250\n"
         "NOOP " + "x" * 5000 + " -> 500\nNOOP -> 250"),
    Walk("4.5.3.1.6", "a text line may have 1000 octets, and a dot more",
         TO_BOB + "DATA -> 354\n" + "x" * 998 + "\\r\\n." + "." * 998 + "\\r\\n. -> 250"),
    Walk("4.5.3.1.7", "64K octets of content are taken",
         TO_BOB + "DATA -> 354\n" + ("x" * 70 + "\\r\\n") * 1000 + ". -> 250"),
    Walk("4.5.3.1.8", "a hundred recipients are taken, and one more is 452 (4.5.3.1.10)", HELLO +
         "MAIL FROM:<> -> 250\n" + "RCPT TO:<bob@example.net> -> 250\n" * 100 +
         "RCPT TO:<bob@example.net> -> 452\nDATA -> 354\n. -> 250"),
    Walk("4.5.5", "the null reverse-path is taken", TO_BOB.replace("a@example.org", "") +
         "DATA -> 354\n. -> 250"),
    Walk("6.3", "a content with many Received fields is no reason to refuse it here",
         TO_BOB + "DATA -> 354\n" + "Received: x\\r\\n" * 99 + "\\r\\n. -> 250"),
]  # fmt: skip


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with Sandbox("tcp") as running:
        yield next(bound for one, bound in running.bound_ports.items() if one.port == 25)
        assert not running.errors


def replies(connection: socket.socket, parser: ReplyParser, count: int) -> list[Reply]:
    """So many replies, and no octet more."""
    found: list[Reply] = []
    while len(found) < count:
        octets = connection.recv(65536)
        assert octets, "the server has ended the connection"
        parser.feed(octets)
        while reply := parser.next_reply():
            found.append(reply)
    return found


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: f"{walk.section} {walk.rule}")
def test_the_sandbox_does_as_the_sentence_says(port: int, walk: Walk) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        parser = ReplyParser()
        assert [reply.code for reply in replies(connection, parser, 1)] == [220]
        for line in walk.dialogue.rstrip("\n").split("\n"):
            said, _, expected = line.rpartition(" -> ")
            octets = said.encode().decode("unicode_escape").encode("latin-1")
            connection.sendall(octets + b"\r\n")
            codes = [int(code) for code in expected.split()]
            got = [reply.code for reply in replies(connection, parser, len(codes))]
            assert got == codes, f"{said[:80]!r}"
        connection.shutdown(socket.SHUT_WR)
        assert not connection.recv(65536), "each command had one reply and no more (4.2)"


# Sections 2 to 8 that hold MUST or SHOULD, read off the text of the RFC.
SECTIONS = (
    "2.1 2.2.1 2.2.2 2.2.3 2.3.4 2.3.5 2.3.8 2.3.11 2.4 3.1 3.2 3.3 3.4 3.5.1 3.5.2 3.5.3 3.5.4 "
    "3.6.1 3.6.2 3.6.3 3.7.2 3.7.3 3.7.4 3.7.5 3.8 3.9 4.1.1 4.1.1.1 4.1.1.3 4.1.1.4 4.1.1.5 "
    "4.1.1.8 4.1.1.9 4.1.1.10 4.1.1.11 4.1.2 4.1.3 4.1.4 4.1.5 4.2 4.2.1 4.2.4 4.2.5 4.3.1 4.3.2 "
    "4.4 4.5.1 4.5.2 4.5.3.1 4.5.3.1.7 4.5.3.1.8 4.5.3.1.10 4.5.3.2 4.5.3.2.7 4.5.4 4.5.4.1 "
    "4.5.4.2 4.5.5 5.1 6.1 6.2 6.3 6.4 7.1 7.3 7.5 7.9 8"
).split()


def test_the_sheet_speaks_of_every_section_with_a_must_or_a_should() -> None:
    text = (Path(__file__).parent / "proofs/rfc5321.md").read_text("utf-8")
    heads = re.findall(r"(?m)^(?:\| |- )([0-9., ]+)[: ]", text)
    told = {section for head in heads for section in re.findall(r"[0-9]+(?:\.[0-9]+)*", head)}
    assert not set(SECTIONS) - told
    assert {walk.section for walk in WALKS} <= set(SECTIONS) | {
        "4.5.3.1.1",
        "4.5.3.1.4",
        "4.5.3.1.6",
    }
