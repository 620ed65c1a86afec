"""The SMTP doors of a sandbox as a table for a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from smtplab.sandbox.little_internet import Listener

_WORDS = {"none": "no TLS", "starttls": "TLS after STARTTLS", "implicit": "TLS at once"}


def doors_table(listeners: Iterable[Listener], state: str) -> str:
    """A table in HTML; `state` is "running" or "stopped"."""
    rows = "".join(
        '<tr style="text-align:left">'
        f"<td>{escape(one.host)}</td><td>{one.port}</td><td>{_WORDS[one.tls]}</td>"
        f"<td>{'yes' if one.auth else 'no'}</td></tr>"
        for one in listeners
        if one.service == "smtp"
    )
    return (
        f"<table><caption>Sandbox, {state}</caption><thead><tr><th>Host</th><th>Port</th>"
        f"<th>TLS</th><th>AUTH</th></tr></thead><tbody>{rows}</tbody></table>"
    )
