"""REQUIRETLS against a server of others: npm's smtp-server, which has it since 3.16 (RFC 8689)."""

import json
from pathlib import Path

from smtplab import Client, Settings
from tests.life_cycle import ALICE, BOB
from tests.outside_clients import LOOPBACK
from tests.peers import trusting
from tests.test_real_peers import CONTENT, smtp_server
from tests.tools import missing, node_module

SINCE = [3, 16]


def test_smtp_server_takes_requiretls_inside_tls_only(tmp_path: Path) -> None:
    package = Path(node_module("smtp-server")) / "smtp-server" / "package.json"
    version = json.loads(package.read_text())["version"]
    if list(map(int, version.split(".")[:2])) < SINCE:
        missing("npm package smtp-server 3.16", "run npm install smtp-server@3.16")
    settings = Settings(tls_context=trusting(), timeout=60)
    offers = {"hideREQUIRETLS": False, "authOptional": True}
    with smtp_server(tmp_path, **offers) as (port, process):
        with Client.connect(LOOPBACK, port, settings=settings) as client:
            client.ehlo()
            assert client.extensions is not None and "REQUIRETLS" not in client.extensions
            assert client.mail(ALICE, {"REQUIRETLS": None}).code == 530
            assert client.starttls().code == 220 and client.ehlo().code == 250
            assert "REQUIRETLS" in client.extensions
            assert client.mail(ALICE, {"REQUIRETLS": None}).code == 250
            assert client.rcpt(BOB).code == 250 and client.data().code == 354
            assert client.content(CONTENT).code == 250
        assert process.stdout is not None
        envelope = json.loads(process.stdout.readline())["envelope"]
    assert envelope["mailFrom"]["args"] == {"REQUIRETLS": True}
