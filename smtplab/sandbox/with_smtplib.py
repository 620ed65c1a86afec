"""Python's own smtplib inside the sandbox, over TCP and in memory alike."""

from __future__ import annotations

import io
import smtplib
import ssl
from typing import Any

from smtplab.sandbox.little_internet import LAPTOP
from smtplab.transport import Network, Stream

TIMEOUT = 30.0  # seconds that one read or write may wait
IMPLICIT_TLS_PORT = 465  # RFC 8314, 7.3


class SandboxSMTP(smtplib.SMTP):
    """`smtplib.SMTP` whose connections lead into the sandbox and trust its authority."""

    def __init__(self, network: Network, host: str, port: int) -> None:
        self._network = network
        super().__init__(host, port, local_hostname=LAPTOP, timeout=TIMEOUT)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        """What smtplib calls to connect; SMTP_SSL replaces it in the same way."""
        stream = self._network.open(host, port, source=None, timeout=timeout)
        return StreamSocket(stream.start_tls(None, host) if port == IMPLICIT_TLS_PORT else stream)

    def starttls(  # type: ignore[override]  # older Pythons take more arguments
        self, *, context: ssl.SSLContext | None = None
    ) -> tuple[int, bytes]:
        """As smtplib's; without a context the certificate is checked all the same."""
        wrapper: Any = _StreamContext(context)
        return super().starttls(context=wrapper)


class StreamSocket:
    """As much of a socket as smtplib needs, over a stream."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def sendall(self, octets: bytes) -> None:
        self.stream.write(octets)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_StreamReader(self.stream))

    def close(self) -> None:
        self.stream.close()


class _StreamReader(io.RawIOBase):
    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        octets = self._stream.read(len(buffer))
        buffer[: len(octets)] = octets
        return len(octets)


class _StreamContext:
    """Wraps streams where smtplib believes it wraps sockets."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context

    def wrap_socket(self, sock: StreamSocket, server_hostname: str) -> StreamSocket:
        return StreamSocket(sock.stream.start_tls(self._context, server_hostname))
