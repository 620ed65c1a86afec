"""`smtplab serve --store` killed at random moments under load, and a sandbox at each step."""

import json
import os
import random
import re
import signal
import smtplib
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from smtplab import Sandbox
from tests.test_cli_serve import PASSWORD, ROOT, WITHIN, JSONServing

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a signal of POSIX")

KILLS, CLIENTS = 20, 3
ALICE, BOB, CAROL = "alice@example.org", "bob@example.net", "carol@example.org"
POSTMASTER = "postmaster@example.net"
TOKEN = re.compile(rb"^token-(\S+)\r$", re.M)


class Load:
    """Several clients that send as long as the server lives, and note what got 250."""

    def __init__(self, serving: JSONServing, name: str) -> None:
        self.serving, self.name = serving, name
        self.accepted: dict[str, tuple[str, ...]] = {}  # token -> recipients
        self.ids: list[str] = []  # queue ids, as the replies named them
        self.threads = [threading.Thread(target=self._send, args=(n,)) for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def _send(self, number: int) -> None:
        try:
            if number:
                self._submit(number)
            else:
                self._relay()
        except (smtplib.SMTPException, OSError):
            pass  # the kill

    def _submit(self, number: int) -> None:
        with smtplib.SMTP(local_hostname="laptop.example.org", timeout=WITHIN) as client:
            client.connect("127.0.0.1", self.serving.bound(587))
            client._host = "smtp.example.org"  # type: ignore[attr-defined]  # what TLS checks
            client.starttls(context=self.serving.tls())
            client.login(ALICE, PASSWORD)
            self._send_on(client, f"{self.name}-{number}", (BOB, CAROL))

    def _relay(self) -> None:
        with smtplib.SMTP(local_hostname="laptop.example.org", timeout=WITHIN) as client:
            client.connect("127.0.0.1", self.serving.bound(25))
            client.ehlo()
            self._send_on(client, f"{self.name}-mx", (BOB, POSTMASTER))

    def _send_on(self, client: smtplib.SMTP, name: str, recipients: tuple[str, ...]) -> None:
        for n in range(10_000):
            token = f"{name}-{n}"
            client.mail(ALICE)
            for recipient in recipients:
                client.rcpt(recipient)
            code, text = client.data(f"Subject: load\r\n\r\ntoken-{token}\r\n")
            if code == 250:
                self.accepted[token] = recipients
                if found := re.search(rb"Queued as (\w+)", text):
                    self.ids.append(found[1].decode())

    def join(self) -> None:
        for thread in self.threads:
            thread.join(WITHIN)
            assert not thread.is_alive()


def test_whatever_got_250_is_there_after_each_of_twenty_kills(tmp_path: Path) -> None:
    chance = random.Random(3)
    store = tmp_path / "store"
    accepted: dict[str, tuple[str, ...]] = {}
    ids: list[str] = []
    for kill in range(KILLS):
        with JSONServing("--store", str(store)) as serving:
            load = Load(serving, str(kill))
            for _ in range(chance.randint(30, 400)):  # events, from the first to amid many
                assert serving.line() is not None
            serving.process.send_signal(signal.SIGKILL)
            load.join()
            serving.rest()
        accepted |= load.accepted
        ids += load.ids
    assert len(accepted) > KILLS and len(ids) > KILLS
    assert len(set(ids)) == len(ids), "a queue id was given twice"

    with Sandbox("memory", store=store) as sandbox:
        found = {
            name: Counter(
                match[1].decode()
                for mail in sandbox.inbox(name)
                for match in TOKEN.finditer(mail.content)
            )
            for name in (BOB, CAROL, POSTMASTER)
        }
        assert not sandbox.queue
        for error in sandbox.errors:
            assert "was half written" in str(error), error
        uids = {name: [mail.uid for mail in sandbox.inbox(name)] for name in found}
    lost = [(t, r) for t, names in accepted.items() for r in names if not found[r][t]]
    assert not lost
    for numbers in uids.values():
        assert numbers == sorted(set(numbers))
    # A copy too many is possible only where a kill cut a delivery off: a few for each kill.
    extra = sum(count - 1 for counts in found.values() for count in counts.values())
    assert extra <= KILLS * CLIENTS * 2
    assert not list((store / "queue").iterdir())


@pytest.mark.parametrize("story", ["deliver", "queue", "retry", "read"])
def test_a_kill_at_each_step_loses_nothing_and_mixes_nothing_up(tmp_path: Path, story: str) -> None:
    """Also between the first recipient and the second, and between a mail and its record."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash_at_each_step", str(tmp_path), story],
        cwd=ROOT,
        capture_output=True,
        timeout=WITHIN * 4,
    )
    assert done.returncode == 0, done.stderr.decode()
    crashes = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(crashes) > 40 and crashes[-1]["status"] == 0
    between_two = 0
    for crash in crashes:
        said = [line.split() for line in crash["said"]]
        inboxes = {name: [s for _, s in mails] for name, mails in crash["inboxes"].items()}
        bobs = {str(uid): subject for uid, subject in crash["inboxes"][BOB]}
        for token in (words[1] for words in said if words[0] == "accepted"):
            assert token in inboxes[POSTMASTER], crash
            if ["deleting", token] not in said:
                assert token in inboxes[BOB], crash
            if ["deleted", token] in said:
                assert token not in inboxes[BOB], crash
        for uid, subject in (words[1:] for words in said if words[0] == "seen"):
            assert bobs.get(uid, subject) == subject, "a number stands for another mail now"
            assert crash["next"] > int(uid), "a number was given twice"
        between_two += inboxes[BOB] != inboxes[POSTMASTER]
        assert not crash["waiting"]
        assert all("half written" in error for error in crash["errors"]), crash
    assert between_two
