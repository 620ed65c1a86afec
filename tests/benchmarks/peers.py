"""The peers to measure against, each in a process of its own, on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

# Answers at once: what is left is the cost of the client.
RESPONDER = """
import socket
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
while True:
    peer, _ = listening.accept()
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    peer.sendall(b"220 responder.example ESMTP\\r\\n")
    while octets := peer.recv(65536):
        if octets[:4].upper() == b"DATA":
            peer.sendall(b"354 Go on\\r\\n")
        else:
            peer.sendall(b"250 2.0.0 OK\\r\\n")
"""

BARE_AIOSMTPD = """
import asyncio, logging
from aiosmtpd.smtp import SMTP
class Empty:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Empty(), hostname="bare.example", loop=loop, data_size_limit=0),
        "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""

SANDBOX = """
import threading
from smtplab import Sandbox
sandbox = Sandbox("tcp").start()
sandbox.policy("mx.example.net").size_limit = 100 * 2**20
port, = (bound for one, bound in sandbox.bound_ports.items() if one.key == ("mx.example.net", 25))
print(port, flush=True)
threading.Event().wait()
"""


# Both print their port; neither stores anything.
NPM_SMTP_SERVER = """
const {SMTPServer} = require("smtp-server");
const server = new SMTPServer({
  authOptional: true, disabledCommands: ["STARTTLS"], logger: false,
  onData(stream, session, done) { stream.resume(); stream.on("end", () => done(null, "OK")); },
});
server.listen(0, "127.0.0.1", () => console.log(server.server.address().port));
"""

MAILDEV = """
const net = require("net");
const probe = net.createServer().listen(0, "127.0.0.1", () => {
  const port = probe.address().port;
  probe.close(() => {
    const MailDev = require("maildev");
    const maildev = new MailDev({
      smtp: port, ip: "127.0.0.1", disableWeb: true, silent: true, logMailContents: false,
    });
    maildev.listen(() => console.log(port));
  });
});
"""


class Peer:
    """A server that runs in a process of its own."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid

    @property
    def peak_memory(self) -> int:
        """Octets of memory that the process has ever held at once (Linux)."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    @property
    def processor_time(self) -> float:
        """Seconds that its threads have run, without what they waited for others (Linux)."""
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(one.read_text("ascii").split()[0]) for one in threads) / 1e9


@contextmanager
def peer(program: str) -> Iterator[int]:
    """Run a Python program that prints the port it listens on; yields the port."""
    with running([sys.executable, "-c", program]) as server:
        yield server.port


@contextmanager
def running(words: list[str], **variables: str) -> Iterator[Peer]:
    """Run a program that prints the port it listens on, until the block ends."""
    environment = {**os.environ, **variables}
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        try:
            yield Peer(int(process.stdout.readline()), process.pid)
        finally:
            process.kill()


@contextmanager
def smtp_sink(program: str) -> Iterator[Peer]:
    """Postfix's smtp-sink, which names no port, so it is given a free one."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    # -u: as root it wants to be somebody else.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with subprocess.Popen([program, *user, f"127.0.0.1:{port}", "100"]) as process:
        try:
            deadline = monotonic() + 10
            while monotonic() < deadline:
                with suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), 10):
                    break
            yield Peer(port, process.pid)
        finally:
            process.kill()


class BareSender:
    """As little as it takes to send mail objects: the same octets to every server."""

    CONTENT = b"Subject: speed\r\n\r\n" + (b"x" * 62 + b"\r\n") * 16 + b".\r\n"

    def __init__(self, port: int) -> None:
        self.port = port
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self.port), 60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read_reply()

    def _read_reply(self) -> None:
        """Some servers send a reply in several segments."""
        reply = b""
        while not reply.endswith(b"\r\n") or reply.splitlines()[-1][3:4] == b"-":
            reply += self._socket.recv(4096)
        assert reply[:1] in b"23", reply

    def _step(self, octets: bytes) -> None:
        self._socket.sendall(octets)
        self._read_reply()

    def send(self, messages: int, content: bytes = CONTENT) -> None:
        for _ in range(messages):
            self._step(b"MAIL FROM:<alice@example.org>\r\n")
            self._step(b"RCPT TO:<bob@example.net>\r\n")
            self._step(b"DATA\r\n")
            self._step(content)

    def send_pipelined(self, messages: int) -> None:
        """The yardstick for pipelining: one write and one wait for each, and nothing looked at.

        RFC 2920, 3.1: what comes after DATA must wait for 354, so fewer waits there are not.
        """
        opening = b"MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n"
        turn = self.CONTENT + opening
        self._turn(opening, 3)
        for _ in range(messages - 1):
            self._turn(turn, 4)
        self._turn(self.CONTENT, 1)

    def _turn(self, octets: bytes, lines: int) -> None:
        self._socket.sendall(octets)
        reply = self._socket.recv(4096)
        while reply.count(b"\n") < lines:
            reply += self._socket.recv(4096)

    def greet(self) -> None:
        self._step(b"EHLO laptop.example.org\r\n")

    def connect_only(self, times: int) -> None:
        """Greeting and QUIT."""
        for _ in range(times):
            self.close()
            self._connect()
            self._step(b"QUIT\r\n")

    def send_each_on_a_new_connection(self, messages: int) -> None:
        for _ in range(messages):
            self.close()
            self._connect()
            self.greet()
            self.send(1)

    def close(self) -> None:
        self._socket.close()
