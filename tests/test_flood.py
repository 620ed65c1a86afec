"""Postfix's smtp-source floods the exchange: every message arrives, and nothing is left over."""

import os
import subprocess

import pytest

from smtplab import Sandbox
from tests.tools import tool

MESSAGES, SESSIONS = 500, 20


@pytest.mark.parametrize("kept", [True, False], ids=["kept connections", "one each"])
def test_a_flood_of_messages_over_many_sessions_arrives_whole(kept: bool) -> None:
    source = tool("smtp-source")
    with Sandbox("tcp") as sandbox:
        port = next(n for one, n in sandbox.bound_ports.items() if one.host == "mx.example.net")
        words = [
            source, "-m", str(MESSAGES), "-s", str(SESSIONS), "-l", "2000", "-M",
            "laptop.example.org", "-f", "flood@example.com", "-t", "bob@example.net",
            *([] if kept else ["-d"]), f"127.0.0.1:{port}",
        ]  # fmt: skip
        quiet = {n: v for n, v in os.environ.items() if "proxy" not in n.lower()}
        ended = subprocess.run(words, capture_output=True, timeout=120, env=quiet)
        assert ended.returncode == 0, ended.stderr.decode("utf-8", "replace")
        mailbox = sandbox.mailbox("bob@example.net")
        assert sum(len(mailbox.folder(name)) for name in mailbox) == MESSAGES
        assert not sandbox.errors and not sandbox.queue
