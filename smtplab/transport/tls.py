"""TLS over any stream, through `ssl.MemoryBIO`, so that both sides of it can be recorded."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import TypeVar

from smtplab.errors import ConnectionLost, RemoteProtocolError
from smtplab.transport.stream import Stream, StreamWrapper
from smtplab.transport.tls_report import Certificate, TLSReport, chain_of

_T = TypeVar("_T")
_READ = 65536  # octets of one read from the wire

# OpenSSL's verify codes (X509_V_ERR_*), each with the sentence that names cause and remedy.
_CERTIFICATE_FAULTS = {
    9: "is not valid yet; look at the clock of this machine",
    10: "has expired; the server needs a new one",
    18: "is signed by itself and not trusted here; trust its own file if it is your server",
    19: "ends in a certificate authority that is not trusted here; add its CA file",
    20: "comes from a certificate authority that is not trusted here; add its CA file",
    21: "comes alone, without the certificates that lead to a trusted authority",
    62: "names another host; use the name that the certificate was issued for",
    64: "names another address; use the name that the certificate was issued for",
}


class TLSStream(StreamWrapper):
    """A stream inside TLS; the handshake runs when it is made."""

    def __init__(self, inner: Stream, context: ssl.SSLContext, server_name: str) -> None:
        super().__init__(inner)
        self._server_name = server_name
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self.verified = context.verify_mode == ssl.CERT_REQUIRED
        try:
            self._drive(self.tls.do_handshake)
        except (ssl.SSLError, OSError) as error:
            self._send_alert()
            self.inner.close()
            if isinstance(error, TimeoutError):
                raise ConnectionLost(
                    f"{server_name} did not finish the TLS handshake in time; if the port speaks "
                    "plaintext first, use STARTTLS instead"
                ) from None
            raise RemoteProtocolError(explain_failure(error, server_name)) from None

    @property
    def protocol(self) -> str:
        """Such as "TLS 1.3"."""
        return (self.tls.version() or "TLS").replace("TLSv", "TLS ")

    @property
    def cipher(self) -> str:
        found = self.tls.cipher()
        return found[0] if found else ""

    @property
    def report(self) -> TLSReport:
        """Protocol, cipher and certificates, for a person to read."""
        chain = tuple(map(Certificate.from_der, chain_of(self.tls)))
        return TLSReport(self._server_name, self.protocol, self.cipher, self.verified, chain)

    @property
    def certificate(self) -> bytes:
        """The server's, in DER; b"" if it showed none."""
        return self.tls.getpeercert(binary_form=True) or b""

    @property
    def unique(self) -> bytes | None:
        """tls-unique (RFC 5929, 3); None in TLS 1.3, where it is not defined (RFC 9266, 2)."""
        if self.tls.version() == "TLSv1.3":
            return None
        return self.tls.get_channel_binding("tls-unique")

    def read(self, n: int) -> bytes:
        try:
            return self._drive(lambda: self.tls.read(n))
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLEOFError:
            raise ConnectionResetError("the connection ended inside TLS") from None
        except ssl.SSLError as error:
            raise RemoteProtocolError(
                f"what came is not TLS any more ({error.reason or 'no reason given'})"
            ) from None

    def waiting(self) -> bytes:
        octets = self.inner.waiting()
        if not octets and not self.tls.pending():
            return b""
        self._incoming.write(octets)
        try:
            return self.tls.read(_READ)
        except ssl.SSLError:  # a session ticket, half a record, or what the next read tells
            return b""

    def write(self, octets: bytes) -> None:
        try:
            self._drive(lambda: self.tls.write(octets))
        except ssl.SSLError as error:
            raise ConnectionResetError(f"TLS has ended ({error.reason})") from None

    def close(self) -> None:
        try:
            self.tls.unwrap()
        except (ssl.SSLError, ValueError, OSError):
            pass  # the other end has not said its close_notify yet; we do not wait for it
        self._send_alert()
        self.inner.close()

    def _drive(self, action: Callable[[], _T]) -> _T:
        """Run one TLS action, moving octets between OpenSSL and the wire until it is done."""
        while True:
            try:
                result = action()
            except ssl.SSLWantReadError:
                self._flush()
                octets = self.inner.read(_READ)
                if octets:
                    self._incoming.write(octets)
                else:
                    self._incoming.write_eof()
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        octets = self._outgoing.read()
        if octets:
            self.inner.write(octets)

    def _send_alert(self) -> None:
        """Tell the other end why, if it still listens."""
        try:
            self._flush()
        except OSError:
            pass


def explain_failure(error: Exception, server_name: str) -> str:
    """One sentence on why a handshake failed: the cause and the remedy."""
    if isinstance(error, ssl.SSLCertVerificationError):
        fault = _CERTIFICATE_FAULTS.get(
            error.verify_code, f"was refused (OpenSSL verify code {error.verify_code})"
        )
        return f"the certificate that {server_name} showed {fault}"
    reason = getattr(error, "reason", None) or ""
    if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return (
            f"{server_name} did not speak TLS on this port; it may expect plaintext first: "
            "connect without TLS and use STARTTLS"
        )
    if reason in (
        "UNSUPPORTED_PROTOCOL",
        "NO_PROTOCOLS_AVAILABLE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
    ):
        return (
            f"{server_name} and this client share no TLS version; before TLS 1.2 none is safe "
            "(RFC 8996), so the server needs newer software; to look at it as it is, give a "
            "tls_context with TLSVersion.MINIMUM_SUPPORTED and the ciphers DEFAULT@SECLEVEL=0"
        )
    if isinstance(error, (ssl.SSLEOFError, ConnectionError)):
        return f"{server_name} closed the connection in the middle of the TLS handshake"
    return f"the TLS handshake with {server_name} failed ({reason or 'no reason given'})"
