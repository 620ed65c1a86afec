"""From the certificate model to HTML: pure functions, everything from the wire escaped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from smtplab.transcript.rendering import visible
from smtplab.widgets import pieces
from smtplab.widgets.certificate_card.model import (
    NO_TLS,
    REAL_TIME,
    CertificateModel,
    Outcome,
    issued_by,
)
from smtplab.widgets.labels import shortened
from smtplab.widgets.pieces import safe

if TYPE_CHECKING:
    from smtplab.transport.tls_report import Certificate

LONGEST = 200  # characters of a name from a certificate
MOST = 8  # certificates of a chain, and names of a certificate
ASK = "Try a certificate: the host shows it, a client connects for real, and it is put back."
NO_SANDBOX = "To try other certificates, pass sandbox= and a host of that sandbox."


def facts(model: CertificateModel) -> tuple[str | tuple[str, str], ...]:
    """What stands on the frame."""
    outcome, report = model.outcome, model.report
    if outcome is not None and outcome.error:
        return (("connection refused by the client" if report else "no TLS session", "open"),)
    if report is None:
        return (("not encrypted", "open"),)
    checked = "certificate checked" if report.verified else "certificate NOT checked"
    return ((f"{report.protocol}, {checked}", "locked" if report.verified else "open"),)


def session_rows(model: CertificateModel) -> list[tuple[str, str]]:
    """Protocol, cipher, and whether the certificate was checked, against what."""
    report = model.report
    if report is None:
        return []
    return [
        ("Server", report.server_name),
        ("Protocol", report.protocol),
        ("Cipher", report.cipher),
        ("Checked", _checked(model)),
    ]


def _checked(model: CertificateModel) -> str:
    outcome, report = model.outcome, model.report
    against = f"against the name {model.host}, today's real date and the trusted authorities"
    if outcome is not None and outcome.error:
        return f"yes, {against}: refused; looked at once more without a check, to show it here"
    if report is not None and report.verified:
        return f"yes, {against}: all are right"
    return "no: anybody could have shown it"


def certificate_rows(certificate: Certificate) -> list[tuple[str, str]]:
    """What a person looks at."""
    names = [shortened(name, LONGEST) for name in certificate.names[:MOST]]
    if len(certificate.names) > MOST:
        names.append(f"{len(certificate.names) - MOST} more")
    return [
        ("Names", ", ".join(names) or "none: it names no host"),
        ("Issued by", shortened(issued_by(certificate), LONGEST)),
        ("Valid from", f"{certificate.not_before:%Y-%m-%d}"),
        ("Valid until", f"{certificate.not_after:%Y-%m-%d} (real time)"),
        ("Key", certificate.key),
    ]


def chain(model: CertificateModel) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each certificate with a heading; the server's own comes first."""
    found = model.report.chain if model.report is not None else ()
    for number, certificate in enumerate(found[:MOST], 1):
        whose = "the server's own" if number == 1 else "an authority's, that signed the one before"
        yield f"Certificate {number} of {len(found)}: {whose}", certificate_rows(certificate)


def card(model: CertificateModel) -> str:
    """The session and its chain."""
    if model.report is None:
        is_refused = model.outcome is not None and model.outcome.error
        return "" if is_refused else f"<p>{safe(NO_TLS)}</p>"
    parts = [_table("The TLS session", session_rows(model))]
    parts += [_table(heading, rows) for heading, rows in chain(model)]
    return "".join(parts) + pieces.legend(REAL_TIME)


def _table(caption: str, rows: list[tuple[str, str]]) -> str:
    body = ((f"<b>{safe(label)}</b>", safe(text)) for label, text in rows)
    return pieces.table(caption, ("What", "Value"), body)


def outcome_rows(outcome: Outcome) -> list[tuple[str, str]]:
    """What came of a trial, what it means, and the remedy."""
    trial = outcome.trial
    if not outcome.is_tls:
        return [("Tried", trial.name), ("What came", NO_TLS)]
    said = outcome.error or "no error: the client went on inside TLS"
    rows = [
        ("Tried", trial.name),
        ("The client says", said),
        ("What it means", trial.meaning),
        ("What to do", trial.remedy),
        ("Source", trial.source),
    ]
    return [(label, text) for label, text in rows if text]


def outcome_html(outcome: Outcome | None) -> str:
    """The last trial; read aloud when it comes."""
    if outcome is None:
        return ""
    tone = "good"
    word = "the client went on"
    if not outcome.is_tls:
        tone, word = "bad", "no TLS here"
    elif outcome.error:
        who = "server" if outcome.report is None else "client"
        tone, word = "bad", f"refused by the {who}"
    head = f"{outcome.trial.name}: {word}"
    return (
        f'<p class="smtplab-outcome smtplab-{tone}" role="alert"><b>{safe(head)}</b></p>'
        f"{pieces.told(outcome_rows(outcome)[1:])}"
    )


def as_static_html(model: CertificateModel) -> str:
    """The card as plain tables."""
    words = " · ".join(safe(fact if isinstance(fact, str) else fact[0]) for fact in facts(model))
    parts = [f"<p><strong>{safe(_place(model))}</strong> · {words}</p>", card(model)]
    if model.outcome is not None:
        parts.append(_table("The last trial", outcome_rows(model.outcome)))
    return "".join(parts)


def as_static_text(model: CertificateModel) -> str:
    """The card as plain text."""
    words = [fact if isinstance(fact, str) else fact[0] for fact in facts(model)]
    lines = [f"Certificate of {_place(model)} | {' | '.join(words)}"]
    if model.report is None and not (model.outcome and model.outcome.error):
        lines.append(NO_TLS)
    lines += [f"{label}: {text}" for label, text in session_rows(model)]
    for heading, rows in chain(model):
        lines += [heading, *(f"  {label}: {text}" for label, text in rows)]
    if model.report is not None:
        lines.append(REAL_TIME)
    if model.outcome is not None:
        lines += [f"{label}: {text}" for label, text in outcome_rows(model.outcome)]
    return "\n".join(map(visible, lines))


def _place(model: CertificateModel) -> str:
    return f"{model.host} : {model.port}" if model.port else model.host
