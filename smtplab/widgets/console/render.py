"""From the console's model to HTML: pure functions, everything from the wire escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from smtplab.reference import explain
from smtplab.session import VERBS, State
from smtplab.step_reply import StepReply
from smtplab.transcript import Event, Kind
from smtplab.transcript.rendering import note, sender, shown_lines, visible
from smtplab.widgets import pieces
from smtplab.widgets.console.conversation import Ends, Row
from smtplab.widgets.console.model import ConsoleModel, Meaning, Notice
from smtplab.widgets.pieces import safe, told

FOLD = 4  # lines; an older row with more of them shows its first, the rest on request

TLS_BEGINS = "TLS begins: from here on an eavesdropper sees only names, lengths and times"

_SEVERITY = {2: "done", 3: "go on", 4: "not now, may work later", 5: "permanent refusal"}
_STEPS = {
    "greeting": ("You connected", "The server speaks first; its greeting opens the session."),
    "challenge": ("You sent a response", "It is one part of the sign-in that AUTH began."),
    "end-of-data": ("You sent the content", "It ended with the end of mail data: a lone dot."),
}
_HINTS = {
    Meaning.COMMAND: "Enter sends it. The client adds CR LF.",
    Meaning.RESPONSE: "The server waits for base64. Enter sends it; a lone * cancels.",
    Meaning.CONTENT: "Header section, empty line, body. The client doubles a dot that begins a "
    "line, and ends with a line that holds one dot.",
    Meaning.CLOSED: "The session is over. Connect again begins a new one.",
}


# The bar.


def bar(model: ConsoleModel) -> str:
    """Where the session goes, whether it can be read on the way, and where it stands."""
    lock = "locked" if model.is_encrypted else "open"
    place = pieces.title(f"{model.host} : {model.port}")
    return place + pieces.chips([(model.padlock, lock), *model.facts])


# The conversation.

HEADINGS = (
    '<div class="smtplab-row smtplab-headings" role="group" tabindex="0" '
    'aria-label="Conversation; the arrow keys scroll it"><span></span><span></span>'
    "<span>C: SMTP client &nbsp; S: SMTP server</span><span>what the server made of it</span>"
    '<span class="smtplab-end">the server after its reply</span>'
    '<span class="smtplab-end">what the client concludes</span></div>'
)


def rows_html(rows: Iterable[Row], newest_step: int, *, secrets: bool) -> str:
    """Some rows of the conversation; those of the newest exchange are lit and unfolded."""
    return (
        '<div role="log" aria-live="off" aria-label="Conversation">'
        + "".join(_row(row, row.event.step == newest_step, secrets) for row in rows)
        + "</div>"
    )


def _row(row: Row, lit: bool, secrets: bool) -> str:
    event = row.event
    who = sender(event)
    if not who:
        return _note(event)
    classes = ["smtplab-row", f"smtplab-{who.lower()}"]
    classes += ["smtplab-tls"] if event.tls else []
    classes += ["smtplab-lit"] if lit else []
    classes += ["smtplab-refused"] if who == "S" and event.octets[:1] in (b"4", b"5") else []
    return (
        f'<div class="{" ".join(classes)}"><span class="smtplab-n">{row.number}</span>'
        f"<b>{who}</b><div>{_lines(event, lit, secrets)}</div>"
        f'<span class="smtplab-made">{safe(row.made)}</span>{_ends(row.ends)}</div>'
    )


def _ends(ends: Ends) -> str:
    """Where the server stands and what the client concludes; in sight with "Both ends"."""
    if not ends.concluded:
        return ""
    texts = (ends.server_state, ends.concluded)
    return "".join(f'<span class="smtplab-end">{safe(text)}</span>' for text in texts)


def _lines(event: Event, lit: bool, secrets: bool) -> str:
    ends = event.octets.endswith(b"\r\n")
    shown = shown_lines(event, secrets=secrets)
    last = len(shown) - 1
    marks = [""] * len(shown)
    if event.kind is Kind.MAIL_DATA:
        marks = [_mark(line, is_last=n == last) for n, line in enumerate(shown)]
    lines = [
        _line(line, mark, crlf=ends or n < last)
        for n, (line, mark) in enumerate(zip(shown, marks, strict=True))
    ]
    if lit or len(lines) <= FOLD:
        return "".join(lines)
    more = f'<span class="smtplab-more">… {last} more</span>'
    summary = f"<summary>{_line(shown[0], crlf=False)} {more}</summary>"
    return f"<details>{summary}{''.join(lines[1:])}</details>"


def _line(line: str, mark: str = "", *, crlf: bool) -> str:
    end = ' <i class="smtplab-crlf" aria-hidden="true"></i>' if crlf else ""
    words = f' <span class="smtplab-mark">{mark}</span>' if mark else ""
    return f'<div class="smtplab-line"><code>{escape(line)}</code>{end}{words}</div>'


def _mark(line: str, *, is_last: bool) -> str:
    """Transparency and the end of mail data, in words (RFC 5321, 4.5.2 and 4.1.1.4)."""
    if line == "." and is_last:
        return "end of mail data"
    return "the client doubled the first dot" if line.startswith("..") else ""


def _note(event: Event) -> str:
    if event.kind is not Kind.TLS:
        return f'<div class="smtplab-note">{safe(note(event))}</div>'
    unchecked = event.detail.get("verified") != "yes"
    warning = ". The certificate was NOT checked" if unchecked else ""
    return f'<div class="smtplab-note smtplab-border">{TLS_BEGINS}{warning}</div>'


# The explanation beside it.


def explanation(reply: StepReply | None, notice: Notice | None) -> str:
    """What the last reply means; a notice, if there is one, stands in front of it."""
    parts = [pieces.notice(notice.headline, notice.text)] if notice else []
    if reply is not None:
        parts.append(_reply(reply, announced=notice is None))
    label = 'aria-label="Explanation of the last reply"'
    return f'<section {label} tabindex="0">{"".join(parts)}</section>'


def _reply(reply: StepReply, *, announced: bool) -> str:
    digit = reply.code // 100
    enhanced = f"{reply.enhanced} · " if reply.enhanced else ""
    alert = ' role="alert"' if announced else ""  # read aloud when it comes
    tone = "bad" if digit in (4, 5) else "good"
    head = (
        f'<p class="smtplab-code smtplab-{tone}"{alert}><b>{reply.code}</b> '
        f"<span>{safe(enhanced)}{_SEVERITY[digit]}</span></p>"
    )
    explained = reply.explanation
    refused = digit in (4, 5)
    title = f'<p class="smtplab-title">{safe(explained.title)}</p>'
    meaning = f"{title}<p>{safe(explained.meaning)}</p>"
    now = ("The session now", _capital(reply.state.value))
    if refused:
        return f"{head}{meaning}{told([*explained.rows, now])}"
    return f"{head}{told([_sent(reply.step)])}{meaning}{told([('Source', explained.source), now])}"


def _sent(step: str) -> tuple[str, str]:
    """What the reply replies to: a verb with its meaning, or one of the other steps."""
    if step in VERBS:
        return f"You sent {step}", explain(step).meaning
    return _STEPS.get(step, ("You sent", step))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# Under it.


def legend(model: ConsoleModel) -> str:
    """What the two kinds of button mean now."""
    if model.meaning is Meaning.COMMAND and model.state is not State.CLOSED:
        text = "solid: in order now · dashed: out of order, the server should say no. Try it!"
    elif model.meaning is Meaning.CONTENT:
        text = "the server reads content now: a press adds a line to it"
    elif model.meaning is Meaning.RESPONSE:
        text = "the server reads a response now: a press sends the line as one"
    else:
        text = "the session is closed: Start over connects again"
    return pieces.legend(text)


def hint(model: ConsoleModel) -> str:
    """How the next line is read and sent."""
    return pieces.legend(_HINTS[model.meaning])


# Without a front end: no style sheet, no script, the meaning in words.

MAX_STATIC_ROWS = 200


def as_static_html(model: ConsoleModel, *, both_ends: bool = False) -> str:
    """The console as plain tables, for a page that strips styles."""
    left_out, rows = _static_rows(model)
    facts = " · ".join(safe(fact) for fact in (model.padlock, *model.facts))
    body = "".join(_static_row(row, both_ends) for row in rows)
    ends = "<th>the server after its reply</th><th>what the client concludes</th>"
    return (
        f"<p><strong>{safe(model.host)} : {model.port}</strong> · {facts}</p>"
        "<table><caption>Conversation: C is the SMTP client, S the SMTP server"
        f"{left_out}</caption><thead><tr><th></th><th></th><th>line</th>"
        f"<th>what the server made of it</th>{ends if both_ends else ''}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
        f"{explanation(model.reply, model.notice)}"
        f"<p>In order now: {_legal(model)}</p>"
    )


def as_static_text(model: ConsoleModel, *, both_ends: bool = False) -> str:
    """The console as plain text."""
    left_out, rows = _static_rows(model)
    lines = [f"{model.host} : {model.port} | {' | '.join((model.padlock, *model.facts))}"]
    lines += [left_out.strip(" ();")] if left_out else []
    for row in rows:
        who = sender(row.event)
        if not who:
            lines.append(f"-- {TLS_BEGINS if row.event.kind is Kind.TLS else note(row.event)}")
            continue
        shown = shown_lines(row.event)
        lines += [f"{who}: {line}" for line in shown]
        lines[-1] += f"   [{row.made}]" if row.made else ""
        if both_ends and row.ends.concluded:
            lines += [f"   server: {row.ends.server_state}", f"   client: {row.ends.concluded}"]
    if model.notice:
        lines.append(f"{model.notice.headline}: {model.notice.text}")
    lines.append(f"In order now: {_legal(model)}")
    return "\n".join(visible(line) for line in lines)


def _static_rows(model: ConsoleModel) -> tuple[str, Sequence[Row]]:
    total = len(model.conversation)
    rows = model.conversation.rows(total - MAX_STATIC_ROWS, total)
    left_out = total - len(rows)
    return (f" ({left_out} earlier lines not shown)" if left_out else ""), rows


def _static_row(row: Row, both_ends: bool) -> str:
    who = sender(row.event)
    if not who:
        text = TLS_BEGINS if row.event.kind is Kind.TLS else note(row.event)
        return f'<tr><td></td><td colspan="3"><em>{safe(text)}</em></td></tr>'
    lines = "<br>".join(f"<code>{escape(line)}</code>" for line in shown_lines(row.event))
    texts = (row.ends.server_state, row.ends.concluded) if both_ends else ()
    ends = "".join(f"<td>{safe(text)}</td>" for text in texts)
    return (
        f"<tr><td>{row.number}</td><td><b>{who}</b></td><td>{lines}</td>"
        f"<td>{safe(row.made)}</td>{ends}</tr>"
    )


def _legal(model: ConsoleModel) -> str:
    verbs = [choice.verb for choice in model.palette if choice.legal]
    return ", ".join(verbs) if verbs else _HINTS[model.meaning]
