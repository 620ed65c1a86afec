"""Nodemailer uses DSN and SMTPUTF8 where the sandbox offers them, and is refused where not."""

import json
import os
import subprocess

import pytest

from smtplab import Sandbox
from tests.tools import node_module, tool

MX = "mx.example.net"
SEND = """
const order = JSON.parse(process.env.ORDER);
const transport = require("nodemailer").createTransport({
  host: "127.0.0.1", port: order.port, name: "laptop.example.org", ignoreTLS: true,
});
transport.sendMail(order.mail, (error, info) => {
  console.log(JSON.stringify(error ? {error: error.response || error.message} : info.envelope));
});
"""


def nodemailer(sandbox: Sandbox, **mail: object) -> dict:
    port = next(bound for one, bound in sandbox.bound_ports.items() if one.host == MX)
    order = {"from": "dave@example.com", "subject": "x", "text": "y", **mail}
    ended = subprocess.run(
        [tool("node"), "-e", SEND],
        stdout=subprocess.PIPE,
        timeout=180,
        env={
            **os.environ,
            "NODE_PATH": node_module("nodemailer"),
            "ORDER": json.dumps({"port": port, "mail": order}),
        },
    )
    told: dict = json.loads(ended.stdout)
    return told


@pytest.fixture
def sandbox():
    with Sandbox("tcp") as running:
        yield running


def commands(sandbox: Sandbox, verb: bytes) -> list[str]:
    return [
        event.octets.decode().rstrip("\r\n")
        for event in sandbox.transcript.of("x1", "server")
        if event.kind == "command" and event.octets.startswith(verb)
    ]


def test_its_dsn_parameters_reach_the_envelope(sandbox: Sandbox) -> None:
    dsn = {"id": "order-1", "return": "headers", "notify": "failure", "recipient": "a@example.com"}
    told = nodemailer(sandbox, to="bob@example.net", dsn=dsn)
    assert "error" not in told
    assert "RET=HDRS ENVID=order-1" in commands(sandbox, b"MAIL")[0]
    assert "NOTIFY=FAILURE ORCPT=rfc822;a@example.com" in commands(sandbox, b"RCPT")[0]
    folders = sandbox.mailbox("bob@example.net")
    (stored,) = [mail for folder in folders for mail in folders.folder(folder)]
    assert stored.envelope.parameters["ENVID"] == "order-1"
    assert stored.envelope.recipient_parameters["bob@example.net"]["NOTIFY"] == "FAILURE"


def test_a_mailbox_beyond_ascii_goes_with_smtputf8(sandbox: Sandbox) -> None:
    told = nodemailer(sandbox, to="jürgen@example.net")
    assert commands(sandbox, b"MAIL")[0].endswith(" SMTPUTF8")
    assert commands(sandbox, b"RCPT") == ["RCPT TO:<jürgen@example.net>"]
    assert "550 5.1.1" in told["error"], "there is no such mailbox, and the path was understood"


def test_without_the_extensions_it_goes_without_them(sandbox: Sandbox) -> None:
    sandbox.policy(MX).switched_off |= {"DSN", "SMTPUTF8"}
    told = nodemailer(sandbox, to="bob@example.net", dsn={"id": "order-1", "notify": "failure"})
    assert "error" not in told
    assert "ENVID" not in commands(sandbox, b"MAIL")[0]
