"""The sandbox's own certificate authority (trustme), and the TLS contexts made with it."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

try:
    import trustme
except ImportError:  # a browser's Python has no cryptography; then no listener offers TLS
    trustme = None  # type: ignore[assignment, unused-ignore]


class Authority:
    """Issues one certificate a host; its CA file lets other programs trust them."""

    def __init__(self) -> None:
        self._ca = trustme.CA(organization_name="smtplab sandbox, for practice only")
        self._servers: dict[str, ssl.SSLContext] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @staticmethod
    def is_available() -> bool:
        found: object = trustme
        return found is not None and hasattr(ssl, "MemoryBIO")

    def server_context(self, host: str) -> ssl.SSLContext:
        """The context of a server named `host`."""
        if host not in self._servers:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.num_tickets = 0  # what a ticket holds differs from run to run
            self._ca.issue_cert(host).configure_cert(context)
            self._servers[host] = context
        return self._servers[host]

    def client_context(self) -> ssl.SSLContext:
        """A context that trusts this authority and nobody else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._ca.configure_trust(context)
        return context

    def ca_file(self) -> Path:
        """The CA certificate as a PEM file; it is gone after `close()`."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="smtplab-ca-")
            self._ca.cert_pem.write_to_path(str(Path(self._folder.name) / "ca.pem"))
        return Path(self._folder.name) / "ca.pem"

    def close(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def unchecked_context() -> ssl.SSLContext:
    """What opportunistic TLS between MTAs uses: encrypted, not authenticated (RFC 3207, 4.1)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
