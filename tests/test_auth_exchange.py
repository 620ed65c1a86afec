"""AUTH step by step from the client's side, also with servers that cannot prove themselves."""

from base64 import b64encode

import pytest

from smtplab import LocalProtocolError, RemoteProtocolError, Sandbox
from smtplab.session import State
from smtplab.transcript import Kind
from tests.peers import Peer

ALICE, PASSWORD = "alice@example.org", "looking-glass"
GREETING, BYE = b"220 smtp.example.org\r\n", b"221 bye\r\n"
EHLO = b"250-smtp.example.org\r\n250 AUTH SCRAM-SHA-256 PLAIN LOGIN\r\n"


def challenge(octets: bytes) -> bytes:
    return b"334 " + b64encode(octets) + b"\r\n"


class Nonce:
    """A peer's nonce must begin with the client's, so the client's is fixed."""

    def __call__(self) -> str:
        return "abc"


def client_of(peer: Peer):
    client = peer.connect()
    client._nonce = Nonce()
    client.ehlo()
    return client


FIRST = challenge(b"r=abcdef,s=QUJD,i=4096")


@pytest.mark.parametrize("proof", [b"v=AAAA", b"", b"v=" + b64encode(b"x" * 32), b"nonsense"])
def test_a_server_that_cannot_prove_itself_is_told_off_and_nobody_is_signed_in(
    proof: bytes,
) -> None:
    """A stolen certificate, and no password: the client must not go on as if it were signed in."""
    with Peer(GREETING, EHLO, FIRST, challenge(proof), b"501 cancelled\r\n", BYE) as peer:
        client = client_of(peer)
        with pytest.raises(RemoteProtocolError, match="could not prove that it holds the key"):
            client.auth(ALICE, PASSWORD)
        assert client.state is State.READY and client.session.identity is None
        assert client.quit().code == 221
    assert peer.commands[-2] == b"*\r\n"


def test_a_server_that_lets_in_without_proof_is_left() -> None:
    """Whoever says 235 to everything would otherwise get the mail."""
    for script in ((FIRST, b"235 welcome\r\n"), (b"235 welcome\r\n",)):
        with Peer(GREETING, EHLO, *script) as peer:
            client = client_of(peer)
            with pytest.raises(RemoteProtocolError, match="235 without proving"):
                client.auth(ALICE, PASSWORD)
            assert client.state is State.CLOSED and client.session.identity is None


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (b"r=xyz,s=QUJD,i=4096", "does not begin with ours"),
        (b"r=abcdef,s=QUJD,i=1", "asks to hash 1 times"),
        (b"nonsense", "first challenge is r=nonce"),
    ],
)
def test_a_first_challenge_that_makes_no_sense_cancels_with_its_reason(
    first: bytes, why: str
) -> None:
    with Peer(GREETING, EHLO, challenge(first), b"501 cancelled\r\n", BYE) as peer:
        client = client_of(peer)
        with pytest.raises(RemoteProtocolError, match=why):
            client.auth(ALICE, PASSWORD)
        assert client.state is State.READY
        assert client.quit().code == 221
    assert peer.commands[-2] == b"*\r\n"


def test_a_server_that_is_cut_off_in_the_middle_leaves_no_identity() -> None:
    with Peer(GREETING, EHLO, FIRST, b"421 closing\r\n") as peer:
        client = client_of(peer)
        assert client.auth(ALICE, PASSWORD).code == 421
        assert client.state is State.CLOSED and client.session.identity is None


@pytest.fixture
def sandbox():
    with Sandbox("memory") as running:
        yield running


def ready(sandbox: Sandbox):
    client = sandbox.connect(port=465)
    client.ehlo()
    return client


def test_an_exchange_sends_nothing_before_its_first_step(sandbox: Sandbox) -> None:
    with ready(sandbox) as client:
        before = len(client.transcript)
        exchange = client.begin_auth(ALICE, PASSWORD)
        assert exchange.mechanism == "SCRAM-SHA-256"
        assert len(client.transcript) == before and client.state is State.READY
        assert exchange.challenge is None and exchange.reply is None and not exchange.done


def test_a_page_sets_the_parts_at_the_left(sandbox: Sandbox) -> None:
    """Notebooks align the cells of tables to the right, as for numbers."""
    with ready(sandbox) as client:
        page = client.begin_auth(ALICE, PASSWORD, "SCRAM-SHA-256")._repr_html_()
    assert page.count("<td") == page.count('<td style="text-align:left"') > 0


def test_each_step_shows_challenge_and_response_decoded(sandbox: Sandbox) -> None:
    with ready(sandbox) as client:
        exchange = client.begin_auth(ALICE, PASSWORD, "SCRAM-SHA-256")
        nonce = (exchange.response or b"").rpartition(b"r=")[2]
        assert exchange.response == b"y,,n=alice@example.org,r=" + nonce
        assert exchange.step().code == 334
        assert (exchange.challenge or b"").startswith(b"r=" + nonce)
        assert b",i=4096" in (exchange.challenge or b"")
        assert (exchange.response or b"").startswith(b"c=")
        shown = repr(exchange) + exchange._repr_html_()
        for letter in "rsicp":
            assert f"{letter}=" in shown
        assert "the client's proof" in shown and "the salt" in shown
        assert exchange.step().code == 334
        assert (exchange.challenge or b"").startswith(b"v=") and exchange.response == b""
        assert "the server's proof" in repr(exchange)
        assert exchange.step().code == 235 and exchange.done
        assert repr(exchange).startswith("AUTH SCRAM-SHA-256, over")
        with pytest.raises(LocalProtocolError, match="this exchange is over"):
            exchange.step()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"])
def test_no_step_shows_the_password(sandbox: Sandbox, mechanism: str) -> None:
    with ready(sandbox) as client:
        exchange = client.begin_auth(ALICE, PASSWORD, mechanism)
        while not exchange.done:
            assert PASSWORD not in repr(exchange) + exchange._repr_html_()
            exchange.step()
        assert exchange.reply is not None and exchange.reply.code == 235
        assert PASSWORD not in repr(exchange) + client.transcript.to_text()


def test_without_initial_response_the_command_goes_alone(sandbox: Sandbox) -> None:
    with ready(sandbox) as client:
        exchange = client.begin_auth(ALICE, PASSWORD, "PLAIN", initial_response=False)
        assert exchange.response is None
        assert exchange.step().code == 334
        assert exchange.challenge == b""
        assert exchange.response == f"\0{ALICE}\0{PASSWORD}".encode()
        assert exchange.step().code == 235
    commands = [e.octets for e in client.transcript.events if e.kind is Kind.COMMAND]
    assert b"AUTH PLAIN\r\n" in commands


def test_an_exchange_can_be_cancelled_and_another_one_begun(sandbox: Sandbox) -> None:
    with ready(sandbox) as client:
        exchange = client.begin_auth(ALICE, PASSWORD)
        with pytest.raises(LocalProtocolError, match="nothing to end"):
            exchange.cancel()
        exchange.step()
        assert exchange.cancel().code == 501 and exchange.done
        with pytest.raises(LocalProtocolError, match="this exchange is over"):
            exchange.step()
        assert client.session.identity is None
        assert client.auth(ALICE, PASSWORD).code == 235


def test_an_old_exchange_stays_over_while_a_new_one_runs(sandbox: Sandbox) -> None:
    with ready(sandbox) as client:
        old = client.begin_auth(ALICE, "wrong")
        old.run()
        new = client.begin_auth(ALICE, PASSWORD)
        new.step()
        assert old.done and not new.done
        assert new.run().code == 235


def test_what_comes_over_the_wire_is_escaped_in_html() -> None:
    evil = b"<script>alert(1)</script>\x1b[2J"
    with Peer(GREETING, EHLO, challenge(evil), b"501 no\r\n") as peer:
        client = client_of(peer)
        exchange = client.begin_auth(ALICE, PASSWORD, "LOGIN")
        exchange.step()
        assert "<script>" not in exchange._repr_html_()
        assert "\x1b" not in repr(exchange) + exchange._repr_html_()
        client.close()


def test_a_challenge_that_is_no_base64_shows_that_the_next_step_cancels() -> None:
    with Peer(GREETING, EHLO, b"334 !\r\n", b"501 no\r\n") as peer:
        client = client_of(peer)
        exchange = client.begin_auth(ALICE, PASSWORD, "LOGIN")
        exchange.step()
        assert "C: *\n   cancels: the challenge is not base64" in repr(exchange)
        assert exchange.step().code == 501 and exchange.done
        client.close()


def test_a_real_server_gets_a_nonce_that_nobody_foresees() -> None:
    nonces = set()
    for _ in range(3):
        with Peer(GREETING, EHLO, b"535 no\r\n") as peer:
            client = peer.connect()
            client.ehlo()
            exchange = client.begin_auth(ALICE, PASSWORD)
            nonces.add(exchange.response)
            client.close()
    assert len(nonces) == 3
