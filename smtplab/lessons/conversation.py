"""A view on one conversation between two hosts of the sandbox, as the SMTP client recorded it."""

from __future__ import annotations

from dataclasses import dataclass

from smtplab.sandbox import Sandbox
from smtplab.transcript import Event, Kind, as_html, as_text


@dataclass(frozen=True, repr=False)
class View:
    """The events of one connection, shown as `C:` and `S:` lines or as a table."""

    events: tuple[Event, ...]
    nothing: str

    def __repr__(self) -> str:
        return as_text(self.events) or self.nothing

    def _repr_html_(self) -> str:
        return as_html(self.events) if self.events else f"<p>{self.nothing}</p>"


def conversation(sandbox: Sandbox, source: str, host: str) -> View:
    """The newest conversation that `source` began with `host`, after settling.

    Shown from the client's end where the sandbox has it, else from the server's.
    """
    sandbox.settle()
    transcript = sandbox.transcript
    begun = (
        event.connection
        for event in reversed(transcript.events)
        if event.kind is Kind.CONNECT
        and (event.detail.get("source"), event.detail.get("host")) == (source, host)
    )
    connection = next(begun, "")
    events = transcript.of(connection, "client") or transcript.of(connection, "server")
    return View(events, "There was no such conversation yet.")
