"""Programs of others at the badly run hosts and the profiles: what they make of them."""

import subprocess
from collections.abc import Callable, Iterator

import pytest

from smtplab import Sandbox
from smtplab.reference.profiles import profile
from smtplab.sandbox.middle import MiddleBox, StripsSTARTTLS
from smtplab.sandbox.over_tcp import LOOPBACK
from smtplab.sandbox.profiles.profile_host import learner
from tests.life_cycle import BOB, MX

Tool = Callable[[str], str]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("tcp") as running:
        yield running
        assert not running.errors


def swaks(tool: Tool, sandbox: Sandbox, door: tuple[str, int], words: str) -> str:
    """What swaks prints of its session; `words` are its further options."""
    bound = next(port for one, port in sandbox.bound_ports.items() if one.key == door)
    command = [tool("swaks"), "--server", f"{LOOPBACK}:{bound}", "--ehlo", "laptop.example.org"]
    done = subprocess.run([*command, *words.split()], capture_output=True, text=True, timeout=180)
    return done.stdout


def test_swaks_falls_back_to_helo_at_the_old_server(sandbox: Sandbox, tool: Tool) -> None:
    sandbox.add_host("old-server")
    words = "--from a@b.example --to oskar@old.example"
    session = swaks(tool, sandbox, ("mail.old.example", 25), words)
    assert "<** 500 Syntax error, command unrecognized" in session
    assert "-> HELO laptop.example.org" in session
    assert len(sandbox.inbox("oskar@old.example")) == 1


def test_swaks_finds_the_open_relay_open_and_the_exchange_closed(
    sandbox: Sandbox, tool: Tool
) -> None:
    sandbox.add_host("open-relay")
    words = f"--from win@spam.example --to {BOB}"
    swaks(tool, sandbox, ("mail.relay.example", 25), words)
    assert [mail.envelope.reverse_path for mail in sandbox.inbox(BOB)] == ["win@spam.example"]
    closed = swaks(tool, sandbox, (MX, 25), "--from win@spam.example --to rita@relay.example")
    assert "<** 550 5.7.1 Relaying denied" in closed


def test_swaks_reads_the_refusal_of_a_profile_word_for_word(sandbox: Sandbox, tool: Tool) -> None:
    sandbox.add_host("gmail")
    service = profile("gmail")
    user = learner("gmail").username
    words = f"--tls --auth LOGIN --auth-user {user} --auth-password wrong --from {user} --to {BOB}"
    session = swaks(tool, sandbox, (service.sandbox_host, 587), words)
    refusal = service.find("refusal", "wrong-password")
    assert refusal is not None
    for line in refusal.text.split("\n"):
        assert line in session


@pytest.mark.parametrize("transport", ["memory", "tcp"])
def test_smtplib_is_stripped_too_and_nobody_tells_it(transport: str) -> None:
    with Sandbox(transport) as sandbox:
        for middle in (StripsSTARTTLS, MiddleBox):
            with sandbox.in_the_middle(middle, host=MX), sandbox.smtplib(MX, 25) as client:
                assert client.ehlo()[0] == 250
                assert not client.has_extn("starttls")
                client.sendmail("a@b.example", [BOB], "Subject: plain\r\n\r\n.\r\n")
        assert len(sandbox.inbox(BOB)) == 2
