"""What goes to a host that cannot take all: converted, or back, and never silently spoilt."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

import pytest

from smtplab import Sandbox
from tests.mta_world import ALICE, CONTENT, HOP, TO_HOP, put, status
from tests.next_hop import NextHop

MIME = b"Subject: x\r\nX-Odd:  two  spaces and a line that is long " + b"y" * 200
MIME += b"\r\nMIME-Version: 1.0\r\n"
TEXT = (
    "Grüße = aus dem Café \r\n.\r\n.x\r\n\r\n" + "ä" * 300 + "\r\nFrom me\r\nplain \t\r\n"
).encode()
SIMPLE = (
    MIME
    + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    + TEXT
)
OCTETS = bytes(range(256)) * 9 + b"\r\n\r"
PARTS = (
    MIME
    + b'Content-Type: multipart/mixed; boundary="=b="\r\nContent-Transfer-Encoding: 8bit\r\n'
    + b"\r\npreamble\r\n--=b=\r\nContent-Type: text/plain; charset=utf-8\r\n"
    + b"Content-Transfer-Encoding: 8bit\r\n\r\n"
    + TEXT
    + b"\r\n--=b=\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    + SIMPLE
    + b"\r\n--=b=\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+\r\n"
    + b"\r\n--=b=--\r\n"
)
BINARY = (
    MIME
    + b'Content-Type: multipart/mixed; boundary="=b="\r\nContent-Transfer-Encoding: binary\r\n'
    + b"\r\n--=b=\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    + OCTETS
    + b"\r\n--=b=--\r\n"
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("tcp") as running:
        yield running


@pytest.fixture(autouse=True)
def afresh(sandbox: Sandbox) -> None:
    sandbox.restart()


def texts(content: bytes) -> list[bytes]:
    """The decoded text of each leaf, with the line ends of mail."""
    message: Any = message_from_bytes(content, policy=policy.SMTP)
    leaves = [part for part in message.walk() if not part.is_multipart()]
    return [leaf.get_payload(decode=True).replace(b"\r\n", b"\n") for leaf in leaves]


@pytest.mark.parametrize("content", [SIMPLE, PARTS], ids=["one part", "several"])
def test_eight_bits_are_re_encoded_for_a_host_of_seven(sandbox: Sandbox, content: bytes) -> None:
    with NextHop() as hop:
        sandbox.add_outside_host(HOP, hop.port)
        put(sandbox, TO_HOP, content=content, mail={"BODY": "8BITMIME"})
        assert hop.said("MAIL") == ["MAIL FROM:<alice@example.org>"]
    (sent,) = hop.contents
    assert sent.isascii() and texts(sent) == texts(content)
    assert max(map(len, sent.replace(MIME, b"").split(b"\r\n"))) <= 76
    assert sent.startswith(MIME), "the header fields stay as they were"
    assert b"\r\nContent-Transfer-Encoding: 8bit" not in sent
    assert sent.count(b"\r\n") == sent.count(b"\n")


def test_a_host_that_takes_eight_bits_gets_them_as_they_are(sandbox: Sandbox) -> None:
    with NextHop("8BITMIME", "SIZE 100000") as hop:
        sandbox.add_outside_host(HOP, hop.port)
        put(sandbox, TO_HOP, content=PARTS)
        put(sandbox, TO_HOP)
        assert hop.said("MAIL") == [
            f"MAIL FROM:<alice@example.org> SIZE={len(PARTS)} BODY=8BITMIME",
            f"MAIL FROM:<alice@example.org> SIZE={len(CONTENT)}",
        ]
    assert hop.contents == [PARTS, CONTENT]


SIGNED = (
    MIME
    + b'Content-Type: multipart/signed; boundary="=s="; micalg=sha-256; protocol="a/b"\r\n\r\n'
    + b"--=s=\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa9\r\n--=s=\r\n\r\nx\r\n--=s=--\r\n"
)


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: \xc3\xa9\r\nMIME-Version: 1.0\r\n\r\n\xc3\xa9\r\n",
        b"Subject: not MIME\r\n\r\n\xc3\xa9\r\n",
        b"\xc3\xa9",
        SIGNED,
    ],
    ids=["header field", "not MIME", "no header section", "signed"],
)
def test_what_cannot_be_converted_without_guessing_comes_back(
    sandbox: Sandbox, content: bytes
) -> None:
    with NextHop() as hop:
        sandbox.add_outside_host(HOP, hop.port)
        put(sandbox, TO_HOP, content=content)
        assert status(sandbox) == "5.6.3" and not sandbox.queue
    assert not hop.contents and not hop.said("MAIL")


def test_binary_content_goes_by_bdat(sandbox: Sandbox) -> None:
    with NextHop("CHUNKING", "BINARYMIME", "8BITMIME") as hop:
        sandbox.add_outside_host(HOP, hop.port)
        put(sandbox, TO_HOP, content=BINARY, mail={"BODY": "BINARYMIME"})
        assert hop.said("MAIL") == ["MAIL FROM:<alice@example.org> BODY=BINARYMIME"]
        assert hop.said("BDAT") == [f"BDAT {len(BINARY)} LAST"] and not hop.said("DATA")
    assert hop.contents == [BINARY]


@pytest.mark.parametrize("keywords", [(), ("CHUNKING", "8BITMIME"), ("BINARYMIME",)], ids=str)
def test_binary_content_is_re_encoded_for_a_host_of_lines(
    sandbox: Sandbox, keywords: tuple[str, ...]
) -> None:
    with NextHop(*keywords) as hop:
        sandbox.add_outside_host(HOP, hop.port)
        put(sandbox, TO_HOP, content=BINARY, mail={"BODY": "BINARYMIME"})
    (sent,) = hop.contents
    assert sent.isascii() and hop.said("DATA")
    (part,) = message_from_bytes(sent, policy=policy.SMTP).iter_parts()
    assert part.get_payload(decode=True) == OCTETS
    assert part["Content-Transfer-Encoding"] == "base64"


# SMTPUTF8.


@pytest.mark.parametrize(
    ("sender", "path", "content", "offered", "needed"),
    [
        (ALICE, TO_HOP, CONTENT, False, False),
        (ALICE, "jörg@hop.example", CONTENT, True, True),
        ("älice@example.org", TO_HOP, CONTENT, True, True),
        (ALICE, TO_HOP, b"Subject: \xc3\xa9\r\n\r\n", True, True),
        (ALICE, TO_HOP, SIMPLE.replace(b"text/plain;", "text/plain; name=ä;".encode()), True, True),
        (ALICE, TO_HOP, SIMPLE, False, False),
    ],
    ids=["ASCII", "forward-path", "reverse-path", "header", "a part's header", "body alone"],
)
def test_smtputf8_is_asked_for_where_it_is_needed_and_else_not(
    sandbox: Sandbox, sender: str, path: str, content: bytes, offered: bool, needed: bool
) -> None:
    with NextHop("SMTPUTF8", "8BITMIME") as hop:
        sandbox.add_outside_host(HOP, hop.port)
        put(sandbox, path, content=content, sender=sender, mail={"SMTPUTF8": None})
        (said,) = hop.said("MAIL")
        assert ("SMTPUTF8" in said) is needed


@pytest.mark.parametrize("what", ["forward-path", "header"])
def test_what_needs_smtputf8_comes_back_where_it_is_not_offered(
    sandbox: Sandbox, what: str
) -> None:
    path = "jörg@hop.example" if what == "forward-path" else TO_HOP
    content = CONTENT if what == "forward-path" else b"Subject: \xc3\xa9\r\n\r\n"
    with NextHop("8BITMIME") as hop:
        sandbox.add_outside_host(HOP, hop.port)
        put(sandbox, path, content=content, mail={"SMTPUTF8": None})
        assert status(sandbox) == "5.6.7" and not sandbox.queue
    assert not hop.said("MAIL")


def test_only_the_path_that_needs_smtputf8_comes_back(sandbox: Sandbox) -> None:
    with NextHop() as hop:
        sandbox.add_outside_host(HOP, hop.port)
        put(sandbox, "jörg@hop.example", TO_HOP, mail={"SMTPUTF8": None})
        assert status(sandbox) == "5.6.7"
    assert hop.said("RCPT") == [f"RCPT TO:<{TO_HOP}>"] and hop.contents == [CONTENT]


# SIZE.


@pytest.mark.parametrize(("limit", "goes"), [(len(CONTENT), True), (len(CONTENT) - 1, False)])
def test_what_is_too_big_for_the_announced_limit_is_not_begun(
    sandbox: Sandbox, limit: int, goes: bool
) -> None:
    with NextHop(f"SIZE {limit}") as hop:
        sandbox.add_outside_host(HOP, hop.port)
        put(sandbox, TO_HOP)
        if not goes:
            assert status(sandbox) == "5.3.4"
    assert bool(hop.contents) is bool(hop.said("MAIL")) is goes
