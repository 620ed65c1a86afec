"""Python's own poplib and imaplib inside the sandbox, over TCP and in memory alike."""

from __future__ import annotations

import imaplib
import poplib
import ssl
from typing import Any

from smtplab.sandbox.with_smtplib import StreamSocket
from smtplab.transport import Network

TIMEOUT = 30.0  # seconds that one read or write may wait
IMPLICIT_TLS_PORTS = (995, 993)  # RFC 8314, 7.3


class ReadingSocket(StreamSocket):
    """As much of a socket as poplib and imaplib need, over a stream."""

    def shutdown(self, how: int) -> None:
        """What both call before they close."""

    def recv(self, n: int) -> bytes:
        return self.stream.read(n)

    def settimeout(self, seconds: float | None) -> None:
        self.stream.timeout = TIMEOUT if seconds is None else seconds


class _Context:
    """Wraps streams where they believe that sockets are wrapped."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context

    def wrap_socket(self, sock: ReadingSocket, server_hostname: str) -> ReadingSocket:
        return ReadingSocket(sock.stream.start_tls(self._context, server_hostname))


class SandboxPOP3(poplib.POP3):
    """`poplib.POP3` whose connections lead into the sandbox and trust its authority."""

    def __init__(self, network: Network, host: str, port: int) -> None:
        self._network = network
        super().__init__(host, port, TIMEOUT)

    def _create_socket(self, timeout: float) -> Any:
        """What poplib calls to connect."""
        return _connected(self._network, self.host, self.port, timeout)

    def stls(self, context: ssl.SSLContext | None = None) -> bytes:
        """As poplib's; without a context the certificate is checked all the same."""
        wrapper: Any = _Context(context)
        return super().stls(wrapper)


class SandboxIMAP(imaplib.IMAP4):
    """`imaplib.IMAP4` whose connections lead into the sandbox and trust its authority."""

    def __init__(self, network: Network, host: str, port: int) -> None:
        self._network = network
        super().__init__(host, port, TIMEOUT)

    def _create_socket(self, timeout: float | None) -> Any:
        """What imaplib calls to connect."""
        return _connected(self._network, self.host, self.port, timeout or TIMEOUT)

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> Any:
        """As imaplib's; without a context the certificate is checked all the same."""
        wrapper: Any = _Context(ssl_context)
        return super().starttls(wrapper)


def _connected(network: Network, host: str, port: int, timeout: float) -> ReadingSocket:
    stream = network.open(host, port, source=None, timeout=timeout)
    return ReadingSocket(stream.start_tls(None, host) if port in IMPLICIT_TLS_PORTS else stream)
