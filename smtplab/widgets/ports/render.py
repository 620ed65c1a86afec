"""From the model of the three doors to HTML and text: pure functions, everything escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smtplab.extensions import Extensions
from smtplab.reference import explain
from smtplab.replies import Reply
from smtplab.transcript.rendering import visible
from smtplab.widgets import pieces
from smtplab.widgets.pieces import safe
from smtplab.widgets.ports.model import ALICE, BOB, Door, Look, Opening, PortsModel, Trial, why
from smtplab.widgets.spoken import Line, folded, shortened, spoken_html, spoken_text
from smtplab.widgets.stages import Stage

Row = tuple[str, tuple[str, ...]]  # what it is about, and lines of plain text

_BEFORE = {465: "Nothing can be said before TLS: no greeting, no EHLO."}
HEAD = "Found by a real session at each door, up to RCPT; nothing was delivered by looking."


def bar(model: PortsModel) -> str:
    """The card's name, and how many messages came through."""
    tls = ("TLS is there", "locked") if model.has_tls else ("no TLS in this Python", "open")
    facts: list[str | tuple[str, str]] = [tls]
    if model.trials:
        facts.append(f"{model.arrived} of {len(model.trials)} tried messages arrived at {BOB}")
    return pieces.title("Three doors: 25, 465, 587") + pieces.chips(facts)


# What was found behind a door.


def rows(look: Look) -> list[Row]:
    """What a door is for, and what a session found there before and after TLS.

    Every door has the same rows, so that they can stand beside each other.
    """
    port = explain(look.door.port)
    found: list[Row] = [("Who is meant", (port.cause,)), ("What comes first", (_first(look),))]
    found += [(_capital(stage.value), tuple(_stage(look, stage))) for stage in Stage]
    return [*found, ("Sources", (port.source,))]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _first(look: Look) -> str:
    if look.greeting is None:
        return look.problem
    greeting = shortened(visible(str(look.greeting)))
    if look.greeted_inside_tls:
        return f"TLS, before any SMTP. Inside it the greeting: {greeting}"
    return f"The greeting, in plaintext: {greeting}"


def _stage(look: Look, stage: Stage) -> Iterator[str]:
    seen = look.at(stage)
    if seen is None:
        yield _why_not(look, stage)
        return
    yield f"EHLO: {_offered(seen.offered)}"
    yield f"MAIL: {_said(seen.mail)}"
    if not seen.mail.is_positive and seen.local.code == seen.elsewhere.code:
        yield f"RCPT all the same: {_said(seen.local)}"
        return
    yield f"RCPT {look.local}, a mailbox here: {_said(seen.local)}"
    yield f"RCPT {look.elsewhere}, elsewhere: {_said(seen.elsewhere)}"


def _why_not(look: Look, stage: Stage) -> str:
    if not look.seen:
        return "Not seen: there was no session."
    if look.problem:
        return f"Not seen: {look.problem}"
    if stage is Stage.BEFORE_TLS:
        return _BEFORE.get(look.door.port, "TLS came first.")
    if stage is Stage.INSIDE_TLS:
        return "STARTTLS was not offered, so TLS never began."
    if "AUTH" in (look.seen[-1].offered or ()):
        return "AUTH PLAIN was refused; the session below has the reply."
    return "AUTH is not offered here: nobody signs in."


def _offered(extensions: Extensions | None) -> str:
    if extensions is None:
        return "nothing"
    noted = ("STARTTLS", "AUTH")
    words = [word if word in extensions else f"no {word}" for word in noted]
    return f"{', '.join(words)}, {len([x for x in extensions if x not in noted])} others"


def _said(reply: Reply) -> str:
    """Taken or refused, with the code; a refusal with its text."""
    if reply.is_positive:
        return f"taken, {reply.code}"
    return f"refused, {shortened(visible(str(reply)))}"


def looks_html(model: PortsModel) -> str:
    """The doors beside each other, on a page with styles."""
    doors = "".join(_door_html(look) for look in model.looks)
    return f'<div class="smtplab-doors smtplab-aligned">{doors}</div>{pieces.legend(HEAD)}'


def _door_html(look: Look) -> str:
    told = "".join(
        f"<div><dt>{safe(label)}</dt>{''.join(map(_line_html, lines))}</div>"
        for label, lines in rows(look)
    )
    talk = folded("The whole session", spoken_html(look.lines)) if look.lines else "<p></p>"
    return f"<section>{_door_head(look.door)}<dl>{told}</dl>{talk}</section>"


def _line_html(text: str) -> str:
    for word, tone in ((": taken,", "good"), (": refused,", "bad")):
        if word in text:
            before, _, after = text.partition(word)
            said = f'<span class="smtplab-{tone}">{safe(word[2:] + after)}</span>'
            return f"<dd>{safe(before)}: {said}</dd>"
    return f"<dd>{safe(text)}</dd>"


def _door_head(door: Door) -> str:
    title = explain(door.port).title
    return (
        f'<div><p class="smtplab-number"><b>{door.port}</b> {safe(title)}</p>'
        f'<p class="smtplab-legend">{safe(door.host)} listens</p></div>'
    )


# The message that was tried.


def trials_html(model: PortsModel) -> str:
    """What became of the message at each door that was tried."""
    if not model.trials:
        return pieces.legend(f"Not tried yet: one message from {ALICE} to {BOB}, at each door.")
    body = "".join(_trial_html(model.trials[port]) for port in sorted(model.trials))
    return f'<div class="smtplab-doors" role="log" aria-label="What became of it">{body}</div>'


def _trial_html(trial: Trial) -> str:
    arrived = bool(trial.folder)
    tone = "good" if arrived else "bad"
    told = pieces.told((label, " ".join(text)) for label, text in trial_rows(trial)[1:])
    talk = folded("The conversation", spoken_html(trial.lines)) if trial.lines else ""
    return (
        f'<section><p class="smtplab-number"><b>{trial.door.port}</b> '
        f'<span class="smtplab-{tone}">{safe(outcome(trial))}</span></p>'
        f"{told}{talk}</section>"
    )


def outcome(trial: Trial) -> str:
    """In a few words, what became of it."""
    if trial.folder:
        return f"Arrived: {trial.folder} of {BOB}"
    if trial.error is not None:
        return "No session"
    failed = trial.walked.failed if trial.walked is not None else None
    if failed is None:
        return "Taken, and not in the mailbox"
    return f"Refused at {failed.phase}: {failed.reply.code}"


def trial_rows(trial: Trial) -> list[Row]:
    """The outcome, and why."""
    told = [("Outcome", outcome(trial)), ("Begun", trial.opening.value)]
    if trial.error is not None:
        told += [("What the client reports", str(trial.error)), ("Why", why(trial))]
        if why(trial) and trial.opening is Opening.TLS_FIRST:
            told.append(("What to do", explain("wrong version number").remedy))
    failed = trial.walked.failed if trial.walked is not None else None
    if failed is not None:
        explained = failed.reply.explanation
        told += [
            ("The server said", shortened(visible(str(failed.reply)))),
            (explained.title, explained.meaning),
            *explained.rows,
        ]
    return [(label, (text,)) for label, text in told if text]


# Without a front end.


def as_static_html(model: PortsModel) -> str:
    """Plain tables, for a page that strips styles."""
    parts = [f"<p><b>Three doors: 25, 465, 587</b>. {safe(HEAD)}</p>"]
    if not model.has_tls:
        parts.append("<p>There is no TLS in this Python.</p>")
    parts += [_static(_caption(look.door), rows(look), look.lines) for look in model.looks]
    for port in sorted(model.trials):
        trial = model.trials[port]
        caption = f"The message from {ALICE} to {BOB} at port {port}"
        parts.append(_static(caption, trial_rows(trial), trial.lines))
    return "".join(parts)


def _caption(door: Door) -> str:
    return f"Port {door.port} of {door.host}: {explain(door.port).title}"


def _static(caption: str, told: Sequence[Row], lines: Sequence[Line]) -> str:
    cells = ((f"<b>{safe(label)}</b>", "<br>".join(map(safe, text))) for label, text in told)
    body = pieces.table(caption, ("about", "found"), cells)
    return body + (folded("The whole session", spoken_html(lines)) if lines else "")


def as_static_text(model: PortsModel) -> str:
    """The same as plain text."""
    lines = ["Three doors: 25, 465, 587", HEAD]
    lines += [] if model.has_tls else ["There is no TLS in this Python."]
    for look in model.looks:
        lines += ["", _caption(look.door), *_text_rows(rows(look))]
    for port in sorted(model.trials):
        trial = model.trials[port]
        lines += ["", f"The message from {ALICE} to {BOB} at port {port}"]
        lines += _text_rows(trial_rows(trial))
        lines += [f"    {line}" for line in spoken_text(trial.lines)]
    return "\n".join(visible(line) for line in lines)


def _text_rows(told: Sequence[Row]) -> list[str]:
    return [f"  {label}: {' | '.join(text)}" for label, text in told]
