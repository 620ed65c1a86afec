"""The peers to measure against, each in a process of its own, on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

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
        lambda: SMTP(Empty(), hostname="bare.example", loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""

SANDBOX = """
import threading
from smtplab import Sandbox
sandbox = Sandbox("tcp").start()
port, = (bound for listener, bound in sandbox.bound_ports.items() if listener.port == 25)
print(port, flush=True)
threading.Event().wait()
"""


@contextmanager
def peer(program: str) -> Iterator[int]:
    """Run a program that prints the port it listens on; yields the port."""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


class BareSender:
    """As little as it takes to send mail objects: the same octets to every server."""

    CONTENT = b"Subject: speed\r\n\r\n" + (b"x" * 62 + b"\r\n") * 16 + b".\r\n"

    def __init__(self, port: int) -> None:
        self.port = port
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self.port), 10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.recv(4096)
        self._step(b"EHLO laptop.example.org\r\n")

    def _step(self, octets: bytes) -> None:
        self._socket.sendall(octets)
        reply = self._socket.recv(4096)
        assert reply[:1] in b"23", reply

    def send(self, messages: int) -> None:
        for _ in range(messages):
            self._step(b"MAIL FROM:<alice@example.org>\r\n")
            self._step(b"RCPT TO:<bob@example.net>\r\n")
            self._step(b"DATA\r\n")
            self._step(self.CONTENT)

    def send_each_on_a_new_connection(self, messages: int) -> None:
        for _ in range(messages):
            self.close()
            self._connect()
            self.send(1)

    def close(self) -> None:
        self._socket.close()
