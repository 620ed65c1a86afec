"""What a probe found: one report a port, and all of them together, as text, HTML and JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from textwrap import fill

from smtplab.extensions import Extensions
from smtplab.probing.advice import Advice, advice_for
from smtplab.replies import Reply
from smtplab.transcript.rendering import visible
from smtplab.transport.tls_report import Certificate, TLSReport

SCHEMA = 1  # the version of the JSON form; names in it are never changed
WIDTH = 88


@dataclass
class PortReport:
    """One port: what it said, before TLS and inside it; what was not tried is None.

    It is filled while the round goes on, so that what broke off still shows what came before.
    """

    host: str
    port: int
    implicit_tls: bool = False
    outcome: str = "silent"  # "open", "refused", "silent" or "unreachable"
    problem: str = ""  # what went wrong on the way, in a sentence
    when: datetime | None = None
    greeting: Reply | None = None
    before_tls: Extensions | None = None
    after_tls: Extensions | None = None
    starttls: Reply | None = None
    tls: TLSReport | None = None
    tls_problem: str = ""  # why the handshake with a checked certificate failed
    versions: Mapping[str, bool | None] = field(default_factory=dict)  # None: could not be tried
    mail: Reply | None = None  # to MAIL FROM:<>, in front of the recipient that is not the host's
    relay: Reply | None = None  # to the RCPT for it
    vrfy: Reply | None = None
    expn: Reply | None = None

    @property
    def extensions(self) -> Extensions | None:
        """What is offered in the end: inside TLS where there is TLS."""
        return self.before_tls if self.after_tls is None else self.after_tls

    @property
    def relays(self) -> bool:
        """Whether a mailbox elsewhere was taken from a stranger (RFC 5321, 7.9)."""
        return self.relay is not None and self.relay.code // 100 == 2

    def rows(self) -> list[tuple[str, str]]:
        """What a person looks at."""
        if self.outcome != "open":
            return [("Port", self.outcome), ("Why", self.problem)]
        rows = [
            ("Greeting", _said(self.greeting)),
            ("Offers before TLS", _offered(self.before_tls)),
            ("STARTTLS", _said(self.starttls)),
            ("Offers inside TLS", _offered(self.after_tls)),
            ("TLS", f"{self.tls.protocol}, {self.tls.cipher}" if self.tls else ""),
            ("TLS versions", self._versions()),
            ("Certificate", self._certificate()),
            ("AUTH before TLS", _auth(self.before_tls)),
            ("AUTH inside TLS", _auth(self.after_tls)),
            ("MAIL FROM:<>", _said(self.mail)),
            ("RCPT elsewhere", _said(self.relay)),
            ("VRFY", _said(self.vrfy)),
            ("EXPN", _said(self.expn)),
            ("It broke off", self.problem),
        ]
        return [(label, text) for label, text in rows if text]

    def _versions(self) -> str:
        words = {True: "yes", False: "no", None: "could not be tried"}
        return ", ".join(f"{name} {words[taken]}" for name, taken in self.versions.items())

    def _certificate(self) -> str:
        if self.tls is None:
            return self.tls_problem
        checked = "checked: name, dates and authority are right"
        told = [self.tls_problem or (checked if self.tls.verified else "not checked")]
        for certificate in self.tls.chain[:1]:
            rows = dict(certificate.rows()) | {"Signed by": _signer(certificate)}
            told += (f"{label}: {rows[label]}" for label in ("Names", "Signed by", "Valid", "Key"))
        return "; ".join(told)

    def as_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return {
            "schema": SCHEMA,
            "event": "port",
            "host": self.host,
            "port": self.port,
            "outcome": self.outcome,
            "problem": self.problem,
            "greeting": _reply_as_json(self.greeting),
            "implicit_tls": self.implicit_tls,
            "extensions_before_tls": _extensions_as_json(self.before_tls),
            "extensions_inside_tls": _extensions_as_json(self.after_tls),
            "starttls": _reply_as_json(self.starttls),
            "tls": self._tls_as_json(),
            "tls_problem": self.tls_problem,
            "tls_versions": dict(self.versions),
            "mail": _reply_as_json(self.mail),
            "relay": _reply_as_json(self.relay),
            "vrfy": _reply_as_json(self.vrfy),
            "expn": _reply_as_json(self.expn),
        }

    def _tls_as_json(self) -> dict[str, object] | None:
        if self.tls is None:
            return None
        chain = [
            {
                "subject": one.subject,
                "issuer": one.issuer,
                "names": list(one.names),
                "not_before": one.not_before.isoformat(),
                "not_after": one.not_after.isoformat(),
                "key": one.key,
                "sha256": one.sha256,
            }
            for one in self.tls.chain
        ]
        return {
            "protocol": self.tls.protocol,
            "cipher": self.tls.cipher,
            "verified": self.tls.verified,
            "chain": chain,
        }


class ProbeReport(tuple[PortReport, ...]):
    """All ports that were tried, in order, and the advice that follows from them."""

    @property
    def advice(self) -> tuple[Advice, ...]:
        """What to mend, the urgent first, in sentences with their sources."""
        return advice_for(self)

    @property
    def is_reachable(self) -> bool:
        return any(port.outcome == "open" for port in self)

    @property
    def is_well(self) -> bool:
        """Whether nothing urgent was found."""
        return self.is_reachable and not any(one.urgent for one in self.advice)

    def __repr__(self) -> str:
        lines = [line for port in self for line in port_lines(port)]
        lines += ["Advice", *advice_lines(self)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = []
        for port in self:
            rows = "".join(
                f"<tr><th>{escape(label)}</th><td>{escape(visible(text))}</td></tr>"
                for label, text in port.rows()
            )
            parts.append(
                f"<table><caption>{escape(visible(port.host))} : {port.port}, {port.outcome}"
                f"</caption><tbody>{rows}</tbody></table>"
            )
        items = "".join(f"<li>{escape(visible(f'{one}'))}</li>" for one in self.advice)
        return f"{''.join(parts)}<h5>Advice</h5><ul>{items or f'<li>{NO_ADVICE}</li>'}</ul>"

    def as_json(self) -> dict[str, object]:
        """The last line of the JSON form: the advice and the conclusion."""
        told = [
            {"urgent": one.urgent, "port": one.port, "text": one.text, "source": one.source}
            for one in self.advice
        ]
        return {
            "schema": SCHEMA,
            "event": "report",
            "reachable": self.is_reachable,
            "well": self.is_well,
            "advice": told,
        }


NO_ADVICE = "Nothing to mend was found."


def port_lines(port: PortReport, width: int = WIDTH) -> list[str]:
    """One port as text, in lines of at most `width` columns where words allow it."""
    lines = [f"{visible(port.host)} : {port.port}, {port.outcome}"]
    for label, text in port.rows():
        first, next_ = f"  {label:<19}", " " * 21
        filled = fill(visible(text), width, initial_indent=first, subsequent_indent=next_)
        lines += filled.split("\n")
    return lines


def advice_lines(report: ProbeReport, width: int = WIDTH) -> list[str]:
    """The advice as text, as wide."""
    told = [visible(f"{one}") for one in report.advice] or [NO_ADVICE]
    return [
        line
        for text in told
        for line in fill(text, width, initial_indent="- ", subsequent_indent="  ").split("\n")
    ]


def _signer(certificate: Certificate) -> str:
    """Who issued it, without the serial numbers that some put into their names (RFC 4514, 3)."""
    if certificate.is_self_signed:
        return "itself"
    found = re.search(r"(?:^|,)(?:O|CN)=((?:\\.|[^,\\])*)", certificate.issuer)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else certificate.issuer


def _said(reply: Reply | None) -> str:
    return " / ".join(str(reply).split("\n")) if reply is not None else ""


def _offered(extensions: Extensions | None) -> str:
    if extensions is None:
        return ""
    return ", ".join(str(extensions).split("\n")) if extensions else "no service extensions"


def _auth(extensions: Extensions | None) -> str:
    if extensions is None:
        return ""
    return ", ".join(extensions.auth_mechanisms) or "not offered"


def _reply_as_json(reply: Reply | None) -> dict[str, object] | None:
    if reply is None:
        return None
    enhanced = str(reply.enhanced) if reply.enhanced else None
    return {"code": reply.code, "enhanced": enhanced, "lines": list(reply.lines)}


def _extensions_as_json(extensions: Extensions | None) -> dict[str, list[str]] | None:
    if extensions is None:
        return None
    return {keyword: list(words) for keyword, words in extensions.items()}
