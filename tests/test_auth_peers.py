"""AUTH with programs of others: theirs against our servers, ours against theirs."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtplab import Client, Sandbox, Settings
from tests.life_cycle import ALICE, BOB, PASSWORD
from tests.outside_clients import (
    LOOPBACK,
    Order,
    Outcome,
    curl,
    msmtp,
    nodemailer,
    python_aiosmtplib,
    python_smtplib,
    s_nail,
    swaks,
)
from tests.peers import trusting
from tests.test_real_peers import smtp_server

CONTENT = b"From: alice@example.org\r\nTo: bob@example.net\r\nSubject: Tea\r\n\r\n.At five?\r\n"
MSA = "smtp.example.org"

Program = Callable[[Order], Outcome]

# What each program can do, of what the server offers.
PASSWORDS: list[tuple[Program, str]] = [
    (msmtp, "SCRAM-SHA-256"), (msmtp, "CRAM-MD5"), (msmtp, "PLAIN"), (msmtp, "LOGIN"),
    (s_nail, "CRAM-MD5"), (s_nail, "PLAIN"), (s_nail, "LOGIN"),
    (nodemailer, "CRAM-MD5"), (nodemailer, "PLAIN"), (nodemailer, "LOGIN"),
    (swaks, "CRAM-MD5"), (swaks, "PLAIN"), (swaks, "LOGIN"),
    (curl, "CRAM-MD5"), (curl, "PLAIN"), (curl, "LOGIN"),
    (python_smtplib, "CRAM-MD5"), (python_smtplib, "PLAIN"), (python_smtplib, "LOGIN"),
    (python_aiosmtplib, "CRAM-MD5"), (python_aiosmtplib, "PLAIN"), (python_aiosmtplib, "LOGIN"),
]  # fmt: skip
TOKENS: list[tuple[Program, str]] = [
    (msmtp, "OAUTHBEARER"), (msmtp, "XOAUTH2"), (s_nail, "XOAUTH2"), (nodemailer, "XOAUTH2"),
    (curl, "OAUTHBEARER"), (python_aiosmtplib, "XOAUTH2"),
]  # fmt: skip
LEAVES = (s_nail, "XOAUTH2")  # on the challenge that says why it closes, without a response
submission = pytest.mark.parametrize("port", [587, 465])


def name_of(value: object) -> str:
    return value if isinstance(value, str) else getattr(value, "__name__", str(value))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("tcp") as running:
        yield running


def order(sandbox: Sandbox, port: int, mechanism: str, *, good: bool = True) -> Order:
    listener, bound = next(door for door in sandbox.bound_ports.items() if door[0].port == port)
    has_token = mechanism in ("OAUTHBEARER", "XOAUTH2")
    token = sandbox.issue_token(ALICE, scope="smtp" if good else "imap")
    assert sandbox.ca_file is not None
    return Order(
        host=listener.host,
        port=bound,
        tls=listener.tls,
        ca_file=sandbox.ca_file,
        content=CONTENT,
        forward_path=BOB,
        username=ALICE,
        password="" if has_token else PASSWORD if good else "wrong",
        token=token if has_token else "",
        mechanism=mechanism,
    )


def last_auth(sandbox: Sandbox) -> bytes:
    lines = [event.octets for event in sandbox.transcript.events if event.end == "server"]
    return [line for line in lines if line[:4].upper() == b"AUTH"][-1]


@submission
@pytest.mark.parametrize(("program", "mechanism"), PASSWORDS + TOKENS, ids=name_of)
def test_each_program_signs_in_by_each_mechanism_it_knows(
    sandbox: Sandbox, program: Program, mechanism: str, port: int
) -> None:
    before = len(sandbox.inbox(BOB))
    outcome = program(order(sandbox, port, mechanism))
    assert outcome.sent, outcome.told
    assert len(sandbox.inbox(BOB)) == before + 1
    assert last_auth(sandbox).split()[1].upper() == mechanism.encode()
    if program is not s_nail:  # it writes a mail object of its own
        assert sandbox.inbox(BOB)[-1].content.endswith(CONTENT)
    assert not sandbox.errors


@pytest.mark.parametrize(("program", "mechanism"), PASSWORDS + TOKENS, ids=name_of)
def test_each_program_is_refused_with_a_wrong_secret(
    sandbox: Sandbox, program: Program, mechanism: str
) -> None:
    """For the token forms: the program reads why in JSON, acknowledges, and is told 535."""
    ends = b"334 eyJzdGF0dXMi" if (program, mechanism) == LEAVES else b"535 5.7.8 "
    before = len(sandbox.inbox(BOB))
    outcome = program(order(sandbox, 465, mechanism, good=False))
    assert not outcome.sent and len(sandbox.inbox(BOB)) == before
    said = [event.octets for event in sandbox.transcript.events if event.end == "server"]
    assert any(line.startswith(ends) for line in said[-8:]), said[-8:]
    assert not sandbox.errors


def test_curl_takes_xoauth2_where_the_server_has_no_oauthbearer(sandbox: Sandbox) -> None:
    """Where both are offered it takes the standard, whatever it was told."""
    policy = sandbox.policy(MSA)
    before, policy.auth_mechanisms = policy.auth_mechanisms, ("PLAIN", "XOAUTH2")
    try:
        outcome = curl(order(sandbox, 587, "XOAUTH2"))
        assert outcome.sent, outcome.told
        assert last_auth(sandbox).startswith(b"AUTH XOAUTH2 ")
        refused = curl(order(sandbox, 587, "XOAUTH2", good=False))
        assert not refused.sent
    finally:
        policy.auth_mechanisms = before


# Our client against a server of others.


def test_our_client_signs_in_to_smtp_server_by_each_of_its_mechanisms(tmp_path: Path) -> None:
    settings = Settings(tls_context=trusting(), implicit_tls=True, timeout=60)
    offered = ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"]
    with smtp_server(tmp_path, secure=True, authMethods=offered) as (port, process):
        for mechanism in offered:
            for initial_response in (True, False):
                with Client.connect(LOOPBACK, port, settings=settings) as client:
                    client.ehlo()
                    assert client.extensions is not None
                    assert client.extensions.auth_mechanisms == tuple(offered)
                    secret = {"token" if mechanism == "XOAUTH2" else "password": PASSWORD}
                    reply = client.auth(
                        ALICE, mechanism=mechanism, initial_response=initial_response, **secret
                    )
                    assert reply.code == 235, (mechanism, str(reply))
                    assert client.mail(ALICE).code == 250
                    assert client.rcpt(BOB).code == 250
                    assert client.data().code == 354
                    assert client.content(CONTENT).code == 250
                assert process.stdout is not None
                assert json.loads(process.stdout.readline())["user"] == ALICE
