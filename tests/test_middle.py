"""Somebody in the middle: TLS kept from beginning, keywords masked, and who notices."""

import pytest

from smtplab import Client, Sandbox, Settings
from smtplab.sandbox.middle import MiddleBox, StripsSTARTTLS
from smtplab.transcript import Kind
from smtplab.transport.stream import Stream, StreamFacts
from tests.life_cycle import ALICE, BOB, MSA, MX, PASSWORD


def submit(sandbox: Sandbox, client: Client) -> None:
    client.mail(ALICE)
    client.rcpt(BOB)
    client.data()
    assert client.content(b"Subject: x\r\n\r\nSTARTTLS\r\n.dot\r\n").code == 250


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest):
    with Sandbox(request.param) as running:
        yield running
        assert not running.errors


def of_kind(sandbox: Sandbox, connection: str, kind: Kind) -> list[bytes]:
    events = sandbox.transcript.events
    return [e.octets for e in events if e.connection == connection and e.kind is kind]


def test_a_stripped_starttls_is_seen_by_the_server_and_not_by_the_client(sandbox: Sandbox) -> None:
    with sandbox.in_the_middle(StripsSTARTTLS, host=MSA), sandbox.connect(MSA, 587) as client:
        told = client.ehlo()
        assert b"STARTTLS" not in told.texts and told.texts[-1] == b"HELP"
        assert client.extensions is not None and "STARTTLS" not in client.extensions
        [said] = of_kind(sandbox, client.connection, Kind.REPLY)
        assert b"STARTTLS" in said, "the server's transcript has what was taken out"
        seen = [e.octets for e in client.transcript.events if e.kind is Kind.REPLY]
        assert len(said) - len(seen[0]) == len(b"250-STARTTLS\r\n")
        # Who insists is not helped, and who asks for authentication is refused.
        assert client.starttls().code == 500
        assert of_kind(sandbox, client.connection, Kind.COMMAND)[-1] == b"XXXXXXXX\r\n"
        assert str(client.mail(ALICE)).startswith("530 5.7.0")
    with sandbox.connect(MSA, 587) as client:
        client.ehlo()
        assert client.extensions is not None and "STARTTLS" in client.extensions


def test_what_the_client_said_is_known_before_it_was_changed_and_up_to_a_bound(sandbox: Sandbox):
    """Else nobody could tell a garbled STARTTLS from eight X that were typed."""
    with sandbox.in_the_middle(host=MSA), sandbox.connect(MSA, 587) as client:
        client.starttls()
        assert sandbox.said_before_the_middle(client.connection) == b"STARTTLS\r\n"
        client.send_raw(b"NOOP " + b"x" * 70_000 + b"\r\n")
        assert len(sandbox.said_before_the_middle(client.connection)) == 65_536
    with sandbox.connect(MSA, 587) as client:
        client.noop()
        assert sandbox.said_before_the_middle(client.connection) == b""


def test_who_names_nobody_gets_the_one_who_strips_starttls(sandbox: Sandbox) -> None:
    with sandbox.in_the_middle(host=MSA), sandbox.connect(MSA, 587) as client:
        client.ehlo()
        assert client.extensions is not None and "STARTTLS" not in client.extensions


def test_a_starttls_that_is_the_last_keyword_leaves_a_whole_reply() -> None:
    passed = StripsSTARTTLS(Scripted([b"220 a\r\n250-a\r\n250-SIZE 5\r\n250 STARTTLS\r\n"]))
    assert passed.read(999) == b"220 a\r\n250-a\r\n250 SIZE 5\r\n"


def test_tls_from_the_first_octet_passes_the_middle_untouched(sandbox: Sandbox) -> None:
    """Implicit TLS leaves nothing to strip (RFC 8314, 3.3)."""
    for middle in (StripsSTARTTLS, MiddleBox):
        with sandbox.in_the_middle(middle), sandbox.connect(MSA, 465) as client:
            client.ehlo()
            assert client.session.tls and client.auth(ALICE, PASSWORD).code == 235
            submit(sandbox, client)
    assert len(sandbox.inbox(BOB)) == 2


def test_a_middle_that_lets_starttls_pass_sees_nothing_of_what_follows(sandbox: Sandbox) -> None:
    from smtplab.sandbox.middle import Middle

    with sandbox.in_the_middle(Middle, host=MSA), sandbox.connect(MSA, 587) as client:
        client.ehlo()
        assert client.starttls().code == 220
        client.ehlo()
        client.auth(ALICE, PASSWORD)
        submit(sandbox, client)
    assert len(sandbox.inbox(BOB)) == 1


def test_opportunistic_tls_between_servers_falls_back_to_plaintext(sandbox: Sandbox) -> None:
    """Mail goes on, readable for anyone: nobody told the MTA that TLS must be there."""
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        client.auth(ALICE, PASSWORD)
        submit(sandbox, client)
        sandbox.settle()
        with sandbox.in_the_middle(StripsSTARTTLS, source=MSA, host=MX):
            submit(sandbox, client)
            sandbox.settle()
    encrypted, plain = sandbox.inbox(BOB)
    assert "with ESMTPS id" in str(encrypted) and "with ESMTP id" in str(plain)
    assert plain.content.endswith(b"STARTTLS\r\n.dot\r\n"), "mail data pass unchanged"
    assert of_kind(sandbox, "r1", Kind.TLS) and not of_kind(sandbox, "r2", Kind.TLS)


def test_a_middle_stands_on_its_own_way_only(sandbox: Sandbox) -> None:
    with sandbox.in_the_middle(StripsSTARTTLS, source="spam.example", host=MSA):
        with sandbox.connect(MSA, 587) as client:
            client.ehlo()
            assert client.extensions is not None and "STARTTLS" in client.extensions
        settings = Settings(source="spam.example")
        with sandbox.connect(MSA, 587, settings=settings) as client:
            client.ehlo()
            assert client.extensions is not None and "STARTTLS" not in client.extensions


def test_a_middle_box_stars_out_the_greeting_and_masks_keywords_and_verbs(
    sandbox: Sandbox,
) -> None:
    with sandbox.in_the_middle(MiddleBox, host=MX), sandbox.connect(MX, 25) as client:
        text = client.greeting.texts[0]
        assert client.greeting.code == 220 and set(text) == set(b"* "), text
        told = client.ehlo().texts
        masked = [line for line in told if line.startswith(b"XX")]
        assert b"XXXXXXXA" in [line for line in masked if len(line) == 8] or masked
        assert all(word not in told for word in (b"STARTTLS", b"PIPELINING"))
        assert any(line.startswith(b"SIZE ") for line in told)
        lengths = [len(line) for line in of_kind(sandbox, client.connection, Kind.REPLY)]
        assert lengths == [sum(len(line) + 6 for line in told)], "it only paints over"
        assert [line[-1:] for line in masked] == [
            bytes([ord("A") + number]) for number in range(len(masked))
        ]
        assert client.starttls().code == 500
        assert client.noop().code == 250
        client.mail("carol@example.org")
        client.rcpt(BOB)
        client.data()
        assert client.content(b"Subject: x\r\n\r\nBDAT 5\r\n").code == 250
    assert str(sandbox.inbox(BOB)[0]).endswith("\nBDAT 5\n")


def test_pipelined_commands_and_split_octets_pass_the_middle_whole() -> None:
    server = Scripted(
        [b"22", b"0 mx\r", b"\n250-mx\r\n250-STA", b"RTTLS\r\n25", b"0 HELP\r\n", b""]
    )
    middle = StripsSTARTTLS(server)
    for octets in (b"EH", b"LO a.example\r", b"\nNOOP\r\nstart", b"tls\r\n"):
        middle.write(octets)
    assert b"".join(server.sent) == b"EHLO a.example\r\nNOOP\r\nXXXXXXXX\r\n"
    read = b""
    while octets := middle.read(3):
        read += octets
    assert read == b"220 mx\r\n250-mx\r\n250 HELP\r\n"


def test_what_never_becomes_a_line_is_passed_on_in_bounded_memory() -> None:
    server = Scripted([b"x" * 20_000, b"y" * 20_000, b""])
    middle = MiddleBox(server)
    middle.write(b"A" * 20_000)
    assert server.sent == [b"A" * 20_000]
    assert len(middle.read(99_999)) == 20_000


class Scripted(Stream):
    """A stream that reads from a list and notes what was written."""

    def __init__(self, octets: list[bytes]) -> None:
        self.octets, self.sent = octets, list[bytes]()
        self.facts = StreamFacts("c1", "a", "a", None, None)  # type: ignore[arg-type]

    def read(self, n: int) -> bytes:
        return self.octets.pop(0)

    def write(self, octets: bytes) -> None:
        self.sent.append(octets)

    def close(self) -> None:
        pass
