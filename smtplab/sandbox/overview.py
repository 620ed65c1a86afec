"""What a sandbox shows of itself: the doors at which it takes mail."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from smtplab.sandbox.little_internet import Listener
from smtplab.transcript.rendering import LEFT

_TLS = {"none": "no TLS", "starttls": "TLS after STARTTLS", "implicit": "TLS at once"}


def as_line(listeners: Iterable[Listener], *, running: bool) -> str:
    """The SMTP listeners in one line."""
    doors = ", ".join(f"{one.host} : {one.port}" for one in _smtp(listeners))
    return f"<Sandbox {_state(running)}: {doors}>"


def as_html(listeners: Iterable[Listener], *, running: bool) -> str:
    """The SMTP listeners as a table."""
    rows = "".join(
        f"<tr><td {LEFT}>{escape(one.host)}</td><td {LEFT}>{one.port}</td>"
        f"<td {LEFT}>{_TLS[one.tls]}</td><td {LEFT}>{'yes' if one.auth else 'no'}</td></tr>"
        for one in _smtp(listeners)
    )
    return (
        f"<table><caption>Sandbox, {_state(running)}</caption>"
        f"<thead><tr><th {LEFT}>Host</th><th {LEFT}>Port</th><th {LEFT}>TLS</th>"
        f"<th {LEFT}>AUTH</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _smtp(listeners: Iterable[Listener]) -> list[Listener]:
    return [one for one in listeners if one.service == "smtp"]


def _state(running: bool) -> str:
    return "running" if running else "stopped"
