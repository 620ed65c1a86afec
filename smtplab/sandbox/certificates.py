"""The sandbox's own certificate authority (trustme), and the TLS contexts made with it."""

from __future__ import annotations

import shutil
import ssl
import tempfile
from pathlib import Path

try:
    import trustme
except ImportError:  # a browser's Python has no cryptography; then no listener offers TLS
    trustme = None  # type: ignore[assignment, unused-ignore]


class Authority:
    """Issues one certificate a host; its CA file lets other programs trust them.

    With `key_log`, the secrets of every TLS session are added to that file, for Wireshark.
    """

    def __init__(self, key_log: Path | None = None) -> None:
        self._key_log = key_log
        self._ca = trustme.CA(organization_name="smtplab sandbox, for practice only")
        self._servers: dict[str, ssl.SSLContext] = {}
        self._certificates: dict[str, bytes] = {}
        self._folder: Path | None = None
        self._closed = False

    @staticmethod
    def is_available() -> bool:
        found: object = trustme
        return found is not None and hasattr(ssl, "MemoryBIO")

    def server_context(self, host: str) -> ssl.SSLContext:
        """The context of a server named `host`."""
        if host not in self._servers:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.num_tickets = 0  # what a ticket holds differs from run to run
            # The two names under which mail programs outside the sandbox reach it.
            leaf = self._ca.issue_cert(host, "localhost", "127.0.0.1")
            leaf.configure_cert(context)
            pem = leaf.cert_chain_pems[0].bytes().decode()
            self._certificates[host] = ssl.PEM_cert_to_DER_cert(pem)
            if self._key_log is not None:
                context.keylog_filename = str(self._key_log)
            self._servers[host] = context
        return self._servers[host]

    def certificate(self, host: str) -> bytes:
        """The certificate of `host` in DER; b"" if it has none yet."""
        return self._certificates.get(host, b"")

    def client_context(self) -> ssl.SSLContext:
        """A context that trusts this authority and nobody else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._ca.configure_trust(context)
        return context

    def ca_file(self) -> Path | None:
        """The CA certificate as a PEM file; None after `close()`, when the file is gone."""
        if self._closed:
            return None
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="smtplab-ca-"))
            self._ca.cert_pem.write_to_path(str(self._folder / "ca.pem"))
        return self._folder / "ca.pem"

    def close(self) -> None:
        self._closed = True
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def unchecked_context() -> ssl.SSLContext:
    """What opportunistic TLS between MTAs uses: encrypted, not authenticated (RFC 3207, 4.1)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
