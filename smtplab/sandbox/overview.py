"""What a sandbox shows of itself: the doors at which it takes mail."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from smtplab.sandbox.little_internet import Listener

_LEFT = 'style="text-align:left"'  # notebooks align cells of tables to the right
_TLS = {"none": "no TLS", "starttls": "TLS after STARTTLS", "implicit": "TLS at once"}


def as_line(listeners: Iterable[Listener], *, running: bool) -> str:
    """The SMTP listeners in one line."""
    doors = ", ".join(f"{one.host} : {one.port}" for one in _smtp(listeners))
    return f"<Sandbox {_state(running)}: {doors}>"


def as_html(listeners: Iterable[Listener], *, running: bool) -> str:
    """The SMTP listeners as a table."""
    rows = "".join(
        f"<tr><td {_LEFT}>{escape(one.host)}</td><td {_LEFT}>{one.port}</td>"
        f"<td {_LEFT}>{_TLS[one.tls]}</td><td {_LEFT}>{'yes' if one.auth else 'no'}</td></tr>"
        for one in _smtp(listeners)
    )
    return (
        f"<table><caption>Sandbox, {_state(running)}</caption>"
        f"<thead><tr><th {_LEFT}>Host</th><th {_LEFT}>Port</th><th {_LEFT}>TLS</th>"
        f"<th {_LEFT}>AUTH</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _smtp(listeners: Iterable[Listener]) -> list[Listener]:
    return [one for one in listeners if one.service == "smtp"]


def _state(running: bool) -> str:
    return "running" if running else "stopped"
