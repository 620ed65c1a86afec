"""The web servers that publish MTA-STS policies (RFC 8461, 3.3), simulated.

No HTTP is spoken: a fetch is a handshake of two ends in memory, with a real certificate that is
really checked, and then the text.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from smtplab.sandbox.certificates import Authority, check_kind
from smtplab.sandbox.dns import Zones
from smtplab.transport.tls import explain_failure


@dataclass(frozen=True)
class Fetch:
    """One request for a policy: "fetched", or why it failed."""

    url: str
    result: str


@dataclass(frozen=True)
class _File:
    text: str
    certificate: str


class PolicyHosts:
    """What stands at https://mta-sts.DOMAIN/.well-known/mta-sts.txt, and who asked for it."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._files: dict[str, _File] = {}
        self._published = 0
        self.fetches: list[Fetch] = []

    def publish(
        self,
        domain: str,
        mode: str,
        mx: Sequence[str],
        *,
        max_age: int = 604_800,  # a week; RFC 8461, 3.2 wants weeks or more
        certificate: str = "good",
    ) -> str:
        """Publish a policy, with a new id in the TXT record; returns the policy's text."""
        names = "".join(f"mx: {name}\r\n" for name in mx)
        text = f"version: STSv1\r\nmode: {mode}\r\n{names}max_age: {max_age}\r\n"
        self.set_text(domain, text, certificate=certificate)
        self._published += 1
        self._zones.replace(domain, f'_mta-sts IN TXT "v=STSv1; id={self._published};"')
        return text

    def set_text(self, domain: str, text: str, *, certificate: str = "good") -> None:
        """Put any text there, also a wrong one, and leave the DNS as it is."""
        self._files[domain.lower()] = _File(text, check_kind(certificate))

    def remove(self, domain: str) -> None:
        """Nothing is found there any more; the TXT record stays."""
        self._files.pop(domain.lower(), None)

    def fetch(self, domain: str, authority: Authority) -> str | None:
        """The policy's text, or None; `fetches` has the reason."""
        host = f"mta-sts.{domain}"
        file = self._files.get(domain)
        result = "no web server answers" if file is None else ""
        if file is not None:
            result = _handshake(authority, host, file.certificate) or "fetched"
        self.fetches.append(Fetch(f"https://{host}/.well-known/mta-sts.txt", result))
        return file.text if file is not None and result == "fetched" else None


def _handshake(authority: Authority, host: str, certificate: str) -> str:
    """Both ends of a TLS handshake; "" if it succeeds, else the sentence why it failed."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = authority.client_context().wrap_bio(to_client, to_server, server_hostname=host)
    context = authority.server_context(host, certificate)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    for end in (client, server, client, server):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLError as error:
            return explain_failure(error, host)
    return ""
