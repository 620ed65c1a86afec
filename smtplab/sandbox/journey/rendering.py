"""Journeys as text and HTML: pure functions, everything from the wire escaped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from smtplab.transcript.rendering import visible

if TYPE_CHECKING:
    from smtplab.sandbox.journey.model import Hop, Journey, Step

MAX_SHOWN_STEPS = 300  # of one journey; the value itself has all
_MADE = {
    "alias": "sent on by an alias",
    "list": "a copy for the members",
    "srs": "on its way back",
    "report": "a report (DSN)",
}


def as_text(journey: Journey) -> str:
    """An indented outline: a hop, its steps, and under a step the hops that begin there."""
    lines = [f"Journey of {_title(journey.start)}"]
    left = _Budget(MAX_SHOWN_STEPS)
    lines += _hop_lines(journey.start, "", left)
    if left.over:
        lines.append(f"[{left.over} steps not shown]")
    return "\n".join(map(visible, lines))


def as_html(journey: Journey) -> str:
    """Nested lists, that read well without any style sheet."""
    left = _Budget(MAX_SHOWN_STEPS)
    body = _hop_html(journey.start, left)
    more = f"<p>{left.over} steps not shown</p>" if left.over else ""
    title = escape(visible(_title(journey.start)))
    return f"<section><p><strong>Journey of {title}</strong></p><ul>{body}</ul>{more}</section>"


class _Budget:
    """How many steps may still be shown, and how many are over."""

    def __init__(self, left: int) -> None:
        self._left = left
        self.over = 0

    def spend(self) -> bool:
        if self._left == 0:
            self.over += 1
            return False
        self._left -= 1
        return True


def _title(hop: Hop) -> str:
    subject = f"\u201c{hop.subject}\u201d, " if hop.subject else ""
    return f"{subject}from <{hop.reverse_path}> to {', '.join(hop.forward_paths)}"


def _name(hop: Hop) -> str:
    made = f", {_MADE.get(hop.why, hop.why)}" if hop.why else ""
    return f"{hop.host}, {hop.id}{made}"


def _when(world_time: datetime) -> str:
    """ "02 Mar 09:00", in English everywhere."""
    text = format_datetime(world_time)
    return f"{text[5:11]} {text[17:22]}"


def _shown(hop: Hop, left: _Budget) -> Iterator[Step]:
    """The steps that say something which the steps beside them do not say."""
    for step in hop.steps:
        if step.result not in ("delivered", "expanded") and left.spend():
            yield step


def _hop_lines(hop: Hop, indent: str, left: _Budget) -> Iterator[str]:
    yield f"{indent}{_name(hop)}"
    for step in _shown(hop, left):
        yield f"{indent}  {_when(step.world_time)}  {step.text}"
        for following in step.leads_to:
            yield from _hop_lines(following, indent + " " * 6, left)


def _hop_html(hop: Hop, left: _Budget) -> str:
    steps = "".join(_step_html(step, left) for step in _shown(hop, left))
    return f"<li><strong>{escape(visible(_name(hop)))}</strong><ol>{steps}</ol></li>"


def _step_html(step: Step, left: _Budget) -> str:
    hops = "".join(_hop_html(following, left) for following in step.leads_to)
    within = f"<ul>{hops}</ul>" if hops else ""
    when = f"<time>{_when(step.world_time)}</time>"
    return f"<li>{when} {escape(visible(step.text))}{within}</li>"
