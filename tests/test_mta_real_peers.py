"""Our MTA hands mail to a real Exim, through the one door that leads out of the sandbox."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from smtplab import Sandbox
from tests.exim_receiver import Exim, exim_receiver
from tests.mta_world import ALICE, CONTENT, fields, put, report, status
from tests.next_hop import NextHop
from tests.watch import wait_until

DOMAIN = "exim.example"
DORA = f"dora@{DOMAIN}"


@pytest.fixture(scope="module")
def exim() -> Iterator[Exim]:
    with exim_receiver(DOMAIN) as running:
        yield running


@pytest.fixture
def sandbox(exim: Exim) -> Iterator[Sandbox]:
    with Sandbox("tcp") as running:
        assert running.add_outside_host(DOMAIN, exim.port) == "198.51.100.200"
        yield running


EIGHT_BITS = b"Subject: x\r\nMIME-Version: 1.0\r\n\r\n" + "Grüße\r\n.\r\n..x\r\n".encode()


@pytest.mark.parametrize("content", [CONTENT, EIGHT_BITS], ids=["ASCII", "eight bits"])
def test_exim_takes_what_we_relay_inside_tls(sandbox: Sandbox, exim: Exim, content: bytes) -> None:
    before = len(exim.mail)
    put(sandbox, DORA, content=content, mail={"ENVID": "QQ314", "RET": "HDRS"})
    assert not sandbox.queue and not sandbox.inbox(ALICE), sandbox.queue
    wait_until(lambda: len(exim.mail) == before + 1)
    newest = next(mail for mail in exim.mail if mail.endswith(content.replace(b"\r\n", b"\n")))
    assert b"with esmtps" in newest and b"(helo=smtp.example.org)" in newest
    lines = sandbox.transcript.to_text()
    assert "EHLO smtp.example.org" in lines and "ENVID=QQ314" in lines


def test_what_exim_refuses_comes_back_with_its_own_words(sandbox: Sandbox) -> None:
    put(sandbox, f"nobody@{DOMAIN}", rcpt={"NOTIFY": "FAILURE"})
    (about,) = fields(report(sandbox))[1]
    assert about["Remote-MTA"] == f"dns; {DOMAIN}"
    assert about["Diagnostic-Code"] == "smtp; 550 no such mailbox"
    assert about["Status"] == "5.0.0"


def test_what_is_too_big_for_exim_is_not_begun(sandbox: Sandbox, exim: Exim) -> None:
    put(sandbox, DORA, content=b"Subject: big\r\n\r\n" + b"0123456789abcde\r\n" * 70_000)
    assert status(sandbox) == "5.3.4"
    assert "MAIL FROM" not in sandbox.transcript.to_text()


def test_several_mails_reach_exim_one_after_the_other(sandbox: Sandbox, exim: Exim) -> None:
    before = len(exim.mail)
    for n in range(5):
        put(sandbox, DORA, content=b"Subject: %d\r\n\r\n" % n)
    wait_until(lambda: len(exim.mail) == before + 5)


# The door itself.


def test_a_program_that_is_not_there_is_a_reason_to_wait() -> None:
    with NextHop() as hop:
        port = hop.port
    with Sandbox("tcp") as sandbox:
        sandbox.add_outside_host(DOMAIN, port)
        put(sandbox, DORA)
        (item,) = sandbox.queue
        assert item.last_reply.startswith("451 4.4.1 ")
        sandbox.clock.advance(timedelta(days=6))
        assert not sandbox.queue and len(sandbox.inbox(ALICE)) == 2


def test_in_memory_there_is_no_door() -> None:
    with Sandbox("memory") as sandbox:
        with pytest.raises(ValueError, match="is reached over TCP; start Sandbox"):
            sandbox.add_outside_host(DOMAIN, 2525)


@pytest.mark.parametrize(
    ("name", "port", "why"),
    [
        ("mx.example.net", 2525, "is a host of the sandbox already"),
        ("[192.0.2.1]", 2525, "is not reserved for examples"),
        ("a b", 2525, "is no name of a host"),
        ("mail.brand.test", 2525, "is not reserved for examples"),
        (DOMAIN, 0, "a port is a number from 1 to 65535, not 0"),
        (DOMAIN, 70000, "a port is a number"),
        (DOMAIN, "10.0.0.1:25", "a port is a number"),
    ],
)
def test_a_door_that_cannot_be_says_why(name: str, port: int, why: str) -> None:
    with Sandbox("tcp") as sandbox:
        before = dict(sandbox._world.addresses)
        with pytest.raises(ValueError, match=why):
            sandbox.add_outside_host(name, port)
        assert sandbox._world.addresses == before


def test_only_port_25_of_an_outside_host_is_the_other_program() -> None:
    from smtplab import ConnectionLost

    with NextHop() as hop, Sandbox("tcp") as sandbox:
        sandbox.add_outside_host(DOMAIN, hop.port)
        with sandbox.connect(DOMAIN, 25) as client:
            assert client.ehlo().code == 250
        with pytest.raises(ConnectionLost, match="nobody listens"):
            sandbox.connect(DOMAIN, 587)
