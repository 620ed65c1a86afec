"""The sandbox's own certificate authority (trustme), and the TLS contexts made with it."""

from __future__ import annotations

import shutil
import ssl
import tempfile
from datetime import UTC, datetime
from pathlib import Path

try:
    import trustme
except ImportError:  # a browser's Python has no cryptography; then no listener offers TLS
    trustme = None  # type: ignore[assignment, unused-ignore]

KINDS = ("good", "expired", "wrong host", "self-signed")
"""What a host may show: each of the bad ones is a different error at a client that checks."""

# Real dates: OpenSSL looks at the real clock, not at the world's.
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC)
_SOMEBODY_ELSE = "elsewhere.example"


class Authority:
    """Issues one certificate a host and kind; its CA file lets other programs trust them.

    With `key_log`, the secrets of every TLS session are added to that file, for Wireshark.
    """

    def __init__(self, key_log: Path | None = None) -> None:
        self._key_log = key_log
        self._ca = trustme.CA(organization_name="smtplab sandbox, for practice only")
        self._servers: dict[tuple[str, str], ssl.SSLContext] = {}
        self._shown: dict[tuple[str, str], bytes] = {}  # the certificates themselves, in DER
        self._folder: Path | None = None
        self._closed = False

    @staticmethod
    def is_available() -> bool:
        found: object = trustme
        return found is not None and hasattr(ssl, "MemoryBIO")

    def server_context(self, host: str, kind: str = "good") -> ssl.SSLContext:
        """The context of a server named `host`, with a certificate of one of the `KINDS`."""
        key = host, check_kind(kind)
        if key not in self._servers:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.num_tickets = 0  # what a ticket holds differs from run to run
            self._shown[key] = ssl.PEM_cert_to_DER_cert(self._certify(context, host, kind))
            if self._key_log is not None:
                context.keylog_filename = str(self._key_log)
            self._servers[key] = context
        return self._servers[key]

    def shown_by(self, host: str, kind: str = "good") -> bytes:
        """The certificate that `server_context` shows, in DER."""
        self.server_context(host, kind)
        return self._shown[host, kind]

    @property
    def own_certificate(self) -> bytes:
        """The authority's own certificate, in DER."""
        return ssl.PEM_cert_to_DER_cert(self._ca.cert_pem.bytes().decode())

    def _certify(self, context: ssl.SSLContext, host: str, kind: str) -> str:
        if kind == "self-signed":
            alone = trustme.CA(organization_name=host)
            _load(context, alone.private_key_pem.bytes() + alone.cert_pem.bytes())
            return alone.cert_pem.bytes().decode()
        # The two names under which mail programs outside the sandbox reach it.
        names = (host, "localhost", "127.0.0.1")
        if kind == "wrong host":
            leaf = self._ca.issue_cert(_SOMEBODY_ELSE)
        elif kind == "expired":
            begin, end = _LONG_AGO
            leaf = self._ca.issue_cert(*names, not_before=begin, not_after=end)
        else:
            leaf = self._ca.issue_cert(*names)
        leaf.configure_cert(context)
        return leaf.cert_chain_pems[0].bytes().decode()

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


def check_kind(kind: str) -> str:
    """The kind itself; `ValueError` lists the kinds there are."""
    if kind not in KINDS:
        raise ValueError(f"a certificate is one of {', '.join(map(repr, KINDS))}, not {kind!r}")
    return kind


def _load(context: ssl.SSLContext, key_and_certificate: bytes) -> None:
    """`ssl` reads keys from files only."""
    with tempfile.TemporaryDirectory(prefix="smtplab-key-") as folder:
        file = Path(folder) / "own.pem"
        file.write_bytes(key_and_certificate)
        context.load_cert_chain(file)


def unchecked_context() -> ssl.SSLContext:
    """What opportunistic TLS between MTAs uses: encrypted, not authenticated (RFC 3207, 4.1)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
