"""Content that the server refuses: nothing is stored, and its memory stays bounded."""

import re
import tracemalloc
from collections.abc import Iterator

import pytest

from smtplab import Sandbox
from tests.life_cycle import BOB, MX


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running


REFUSED = {
    "bare LF": (b"a\nb\r\n.\r\n", "554 5.6.0"),
    "bare CR": (b"a\rb\r\n.\r\n", "554 5.6.0"),
    "NUL": (b"a\0b\r\n.\r\n", "554 5.6.0"),
    "line of 999": (b"x" * 999 + b"\r\n.\r\n", "554 5.6.0"),
    "LF dot LF": (b"a\n.\nMAIL FROM:<evil@example.org>\r\n.\r\n", "554 5.6.0"),
    "CR dot CR": (b"a\r.\rRSET\r\n.\r\n", "554 5.6.0"),
    "LF dot CR LF": (b"a\n.\r\nRSET\r\n.\r\n", "554 5.6.0"),
    "too big": (b"x" * 76 + b"\r\n", "552 5.3.4"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_content_has_one_refusal_and_nothing_is_stored(sandbox: Sandbox, case: str) -> None:
    """What ends a line or the mail data differently for two servers smuggles mail between them."""
    octets, expected = REFUSED[case]
    if case == "too big":
        octets = octets * (10 * 2**20 // 78 + 1) + b".\r\n"
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        client.mail("carol@example.org")
        client.rcpt(BOB)
        client.data()
        reply = client.send_raw(octets)
        assert f"{reply.code} {reply.enhanced}" == expected
        assert client.noop().texts == (b"2.0.0 Nothing done",)
        assert client.data().code == 503
    assert not sandbox.inbox(BOB)


@pytest.mark.parametrize("line", [b"0123456789" * 7 + b"\r\n", b"no line end at all "], ids=len)
def test_content_over_the_limit_costs_bounded_memory(line: bytes) -> None:
    with Sandbox("memory") as sandbox:
        stream = sandbox.open(MX, 25, source=None, timeout=5)
        stream.write(b"EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n")
        piece = line * (65_520 // len(line))
        tracemalloc.start()
        try:
            for _ in range(64 * 2**20 // len(piece)):
                stream.write(piece)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        stream.write(b"\r\n.\r\n")
        replies = stream.read(65_536)
        stream.close()
    assert re.search(rb"\r\n(552 5\.3\.4|554 5\.6\.0) [^\r\n]*\r\n$", replies)
    assert peak < 32 * 2**20  # limit 10 MiB, and 8 MiB of wire octets in the transcript
