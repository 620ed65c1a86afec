"""What the tests of POP3 and IMAP share: mail in folders, a session line by line, curl."""

import imaplib
import subprocess
from collections.abc import Callable
from pathlib import Path

from smtplab import Envelope, Sandbox
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.transport import Stream

BOB, PASSWORD = "bob@example.net", "blue-print"
WITHIN = 120.0  # seconds that any one wait may take

CONTENTS = {
    "ordinary": b"From: alice@example.org\r\nSubject: Tea\r\n\r\nAt five?\r\n",
    "dots": b"Subject: .\r\n\r\n.\r\n..\r\n.a\r\n...b\r\n.\r\n",
    "UTF-8": "Subject: na\u00efve\r\n\r\ncaf\u00e9 \u2615\r\n".encode(),
    "every octet of eight bits": b"Subject: 8\r\n\r\n" + bytes(range(128, 256)) + b"\r\n",
    "no body": b"Subject: only a header section\r\n\r\n",
    "empty lines": b"Subject: x\r\n\r\n\r\n\r\na\r\n\r\n",
    "a megabyte": b"Subject: long\r\n\r\n" + b"0123456789\r\n" * 87_382,
}


IMAP = "imap.example.net"
IMAP_SIGN_IN = f"a LOGIN {BOB} {PASSWORD}\r\n".encode()

TEA = (
    b"From: Alice <alice@example.org>\r\nTo: bob@example.net, Carol <carol@example.org>\r\n"
    b"Subject: Tea\r\nDate: Sun, 1 Mar 2026 23:30:00 -0500\r\nMessage-ID: <1@example.org>\r\n"
    b"X-Note: folded\r\n\tline\r\n\r\nAt five?\r\n"
)
CAFE = (
    b"From: carol@example.org\r\nCc: bob@example.net\r\nSubject: =?utf-8?q?Caf=C3=A9?=\r\n"
    b"Date: Tue, 3 Mar 2026 08:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nw4kgcXVhdHJlIGhldXJlcw==\r\n"
)


def put(sandbox: Sandbox, *contents: bytes, mailbox: str = BOB, folder: str = "Inbox") -> None:
    """Lay contents into a folder, without a way through queue and MX."""
    for content in contents:
        mail = StoredMail(Envelope("alice@example.org", (mailbox,)), content)
        sandbox.mailbox(mailbox).store(folder, mail)


class Lines:
    """A session in octets: whole lines come back, and what is said may be anything."""

    def __init__(self, sandbox: Sandbox, host: str, port: int, timeout: float = WITHIN) -> None:
        self.host = host
        self.stream: Stream = sandbox.open(host, port, source=None, timeout=timeout)
        self._read = b""
        if port in (993, 995):
            self.start_tls()
        if port:
            self.greeting = self.line()

    def start_tls(self) -> None:
        assert not self._read, "octets from before TLS are left over"
        self.stream = self.stream.start_tls(None, self.host)

    def say(self, octets: bytes) -> None:
        self.stream.write(octets)

    def line(self) -> bytes:
        """The next line with its end; what is left at the end of the connection."""
        while b"\n" not in self._read:
            octets = self.stream.read(65536)
            if not octets:
                rest, self._read = self._read, b""
                return rest
            self._read += octets
        line, _, self._read = self._read.partition(b"\n")
        return line + b"\n"

    def until(self, start: bytes) -> list[bytes]:
        """Lines up to one that starts so."""
        lines = [self.line()]
        while not lines[-1].startswith(start):
            assert lines[-1], f"the connection ended before {start!r}: {lines}"
            lines.append(self.line())
        return lines

    def ask(self, line: bytes) -> bytes:
        """Say one line; the first line of the reply."""
        self.say(line + b"\r\n")
        return self.line()

    def close(self) -> None:
        self.stream.close()

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def curl(
    sandbox: Sandbox, tool: Callable[[str], str], url: str, *options: str, user: str = BOB
) -> subprocess.CompletedProcess[bytes]:
    """curl at a URL of the sandbox, its certificate checked; signed in as Bob."""
    scheme, host = url.split("/")[0], url.split("/")[2]
    port = {"pop3:": 110, "pop3s:": 995, "imap:": 143, "imaps:": 993}[scheme]
    bound = {one.key: number for one, number in sandbox.bound_ports.items()}[host, port]
    assert isinstance(sandbox.ca_file, Path)
    command = [tool("curl"), "-sS", "--ssl-reqd", "--cacert", str(sandbox.ca_file)]
    command += ["--connect-to", f"{host}:{port}:127.0.0.1:{bound}"]
    command += ["--user", f"{user}:{PASSWORD}", *options, url]
    return subprocess.run(command, capture_output=True, timeout=WITHIN)


def imap_session(sandbox: Sandbox) -> Lines:
    """Bob's Inbox opened over IMAP, the replies read."""
    lines = Lines(sandbox, IMAP, 993)
    lines.say(IMAP_SIGN_IN + b"b EXAMINE INBOX\r\n")
    assert lines.until(b"b ")[-1] == b"b OK [READ-ONLY] The folder is open to read\r\n"
    return lines


def imap_inbox(sandbox: Sandbox) -> imaplib.IMAP4:
    """Bob's Inbox opened by imaplib."""
    imap = sandbox.imaplib()
    imap.login(BOB, PASSWORD)
    assert imap.select(readonly=True)[0] == "OK"
    return imap
