"""What a real Exim prints of its sessions is read, and equals what the other end saw."""

from collections.abc import Iterator

import pytest

from smtplab import Client, Sandbox, Settings, commands, explained
from tests.door import door
from tests.exim import exim_relay
from tests.exim_receiver import exim_receiver
from tests.life_cycle import ALICE, BOB, MX, PASSWORD
from tests.peers import trusting
from tests.test_importing import read
from tests.told import exchanges
from tests.watch import wait_until

NAME, LAPTOP = "mail.example.net", "laptop.example.org"
CONTENT = b"From: alice@example.org\r\nSubject: tea\r\n\r\n.one\r\n"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("tcp") as running:
        yield running
        assert not running.errors


@pytest.mark.parametrize("option", ["-v", "-d+transport"])
@pytest.mark.parametrize("tls", [False, True], ids=["clear", "STARTTLS"])
@pytest.mark.parametrize("off", [(), ("CHUNKING",), ("PIPELINING",)], ids=str)
def test_what_it_prints_of_a_delivery_is_what_the_exchange_saw(
    sandbox: Sandbox, off: tuple[str, ...], tls: bool, option: str
) -> None:
    """A mail object with a refused recipient, then the report on that, which nobody takes."""
    sandbox.policy(MX).switched_off.update(off)
    bound = next(bound for one, bound in sandbox.bound_ports.items() if one.key == (MX, 25))
    with door(bound) as port, exim_relay(port, tls=tls) as exim:
        exim.submit(ALICE, [BOB, "nobody@example.net"], b"Subject: tea\n\n.one\n")
        transcript = read(exim.run_queue(option), "exim")
    sandbox.settle()
    assert transcript.connections == ("c1", "c2")
    names = [name for name in sandbox.transcript.connections if name.startswith("x")]
    told = [exchanges(transcript, name, "client") for name in transcript.connections]
    assert told == [exchanges(sandbox.transcript, name, "server") for name in names]
    refusals = [(one.step, one.code) for one in explained(transcript).refusals]
    assert refusals[:2] == [("RCPT", 550), ("RCPT", 550)]
    assert "-- connection closed: by the client" in transcript.to_text()


def test_what_it_prints_of_a_session_is_what_our_client_saw() -> None:
    """`exim -d` prints the password beside the dialogue; the import shows none."""
    context = trusting()
    context.check_hostname = False  # it has a name, and we know its address only
    settings = Settings(tls_context=context, timeout=60, name=LAPTOP)
    with exim_receiver(NAME, prints="-d") as exim:
        client = Client.connect("127.0.0.1", exim.port, settings=settings)
        client.ehlo(), client.starttls(), client.ehlo()
        assert client.auth(ALICE, "wrong", "PLAIN").code == 535
        assert client.auth(ALICE, PASSWORD, "LOGIN").code == 235
        client.mail(ALICE), client.rcpt(f"carol@{NAME}"), client.rcpt(f"nobody@{NAME}")
        assert client.data().code == 354 and client.content(CONTENT).code == 250
        client.mail(ALICE), client.rcpt(f"carol@{NAME}"), client.bdat(CONTENT[:20])
        assert client.bdat(CONTENT[20:], last=True).code == 250
        client.group(commands.rset(), commands.noop(), commands.mail("")), client.quit()
        wait_until(lambda: exim.printed.count("closed by QUIT") == 1)
        printed = exim.printed
    assert PASSWORD in printed
    transcript = read(printed, "exim")
    ours = client.transcript.connections[0]
    seen = exchanges(client.transcript, ours, "client")
    assert seen in [exchanges(transcript, name, "client") for name in transcript.connections]
    shown = transcript.to_text() + transcript.to_json() + str(explained(transcript))
    assert PASSWORD not in shown and "bG9va2luZy1nbGFzcw" not in shown
