"""A delivery verdict as text and as HTML: the outcome first, then every step to it."""

from __future__ import annotations

from html import escape

from smtplab.sandbox.reception.delivery_verdict import DeliveryVerdict
from smtplab.sandbox.verdict.lookups import Step, shown
from smtplab.transcript.rendering import LEFT


def headline(verdict: DeliveryVerdict) -> str:
    """What happened, in one line."""
    if verdict.is_refused:
        return f"Refused at {verdict.phase} by {verdict.host}: {shown(verdict.reply)}"
    return f"Taken by {verdict.host} into {verdict.outcome}"


def parts(verdict: DeliveryVerdict) -> tuple[tuple[str, str, tuple[Step, ...]], ...]:
    """(what was asked, what came out, its steps) for each part that has something to say."""
    found: list[tuple[str, str, tuple[Step, ...]]] = []
    if verdict.notes:
        found.append(("At the door", "let in", verdict.notes))
    checks = verdict.checks
    if checks is not None:
        found.append(("SPF", checks.spf.result, checks.spf.steps))
        signed = (step for signature in checks.dkim.signatures for step in signature.steps)
        found.append(("DKIM", checks.dkim.result, (*checks.dkim.steps, *signed)))
        found.append(("DMARC", checks.dmarc.result, checks.dmarc.steps))
    if verdict.score is not None:
        found.append(("Content score", str(verdict.score.points), verdict.score.steps))
    if verdict.conclusions:
        found.append(("Decision", verdict.outcome, verdict.conclusions))
    return tuple(found)


def _about(verdict: DeliveryVerdict) -> tuple[tuple[str, str], ...]:
    return (
        ("Client", f"{verdict.address}, connection {verdict.connection}"),
        ("Reverse-path", f"<{shown(verdict.reverse_path)}>"),
        ("Forward-paths", ", ".join(f"<{shown(path)}>" for path in verdict.forward_paths)),
        ("Why", verdict.why),
    )


def as_text(verdict: DeliveryVerdict) -> str:
    """Plain text, a line for each step."""
    lines = [headline(verdict)]
    lines += [f"{name}: {value}" for name, value in _about(verdict) if value]
    for name, result, steps in parts(verdict):
        lines += ["", f"{name}: {result}", *(f"  {step}" for step in steps)]
    return "\n".join(lines)


def as_html(verdict: DeliveryVerdict) -> str:
    """A table of what was asked; each row opens to its steps. The meaning is in the words."""
    about = "".join(
        f"<tr><th {LEFT}>{escape(name)}</th><td {LEFT}>{escape(value)}</td></tr>"
        for name, value in _about(verdict)
        if value
    )
    asked = "".join(
        f"<tr><th {LEFT}>{escape(name)}</th><td {LEFT}><details><summary>{escape(result)}"
        f"</summary><ol>{_items(steps)}</ol></details></td></tr>"
        for name, result, steps in parts(verdict)
    )
    caption = f"<caption>{escape(headline(verdict))}</caption>"
    return f"<table>{caption}<tbody>{about}{asked}</tbody></table>"


def _items(steps: tuple[Step, ...]) -> str:
    return "".join(
        f"<li>{escape(step.text)} <small>({escape(step.section)})</small></li>" for step in steps
    )
