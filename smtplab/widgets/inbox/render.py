"""From the inbox's model to HTML and text: bar, list, the aspect that is shown, static forms."""

from __future__ import annotations

from smtplab.transcript.rendering import visible
from smtplab.widgets import pieces
from smtplab.widgets.inbox import explained, octets, panels
from smtplab.widgets.inbox.model import Aspect, Entry, InboxModel
from smtplab.widgets.pieces import safe, table
from smtplab.widgets.plain import cut, plain, when

_AUTHOR, _SUBJECT, _DATE, _SIZE = 24, 32, 18, 10  # characters of a column of the list
MAX_STATIC_ENTRIES = 20

_TITLES = {
    Aspect.MESSAGE: "As a mail program shows it",
    Aspect.ENVELOPE: "The envelope beside the header fields",
    Aspect.WAY: "The way it came: Received, oldest first",
    Aspect.CHECKS: "What was checked: Authentication-Results",
    Aspect.PARTS: "What it is made of: MIME",
    Aspect.RAW: "The octets that lie in the mailbox",
}
_PANELS = {
    Aspect.MESSAGE: panels.message,
    Aspect.ENVELOPE: explained.envelope,
    Aspect.WAY: explained.way,
    Aspect.CHECKS: explained.checks,
    Aspect.PARTS: octets.parts,
    Aspect.RAW: octets.raw,
}


def bar(model: InboxModel) -> str:
    """Whose mailbox it is, and what lies in its folders."""
    counts = [f"{folder} {count}" for folder, count in model.counts.items()]
    clock = f"world clock: {when(model.sandbox.clock.now())}"
    return pieces.title(model.mailbox) + pieces.chips([*counts, clock])


HEADINGS = (
    f'<p class="smtplab-columns" aria-hidden="true">{"From":<{_AUTHOR}} {"Subject":<{_SUBJECT}} '
    f"{'Date':<{_DATE}} {'Octets':>{_SIZE}}</p>"
)


def line(entry: Entry) -> str:
    """One line of the list, in columns; a list box shows spaces only where they cannot break."""
    columns = (
        f"{_fitted(entry.author or 'no From', _AUTHOR)} "
        f"{_fitted(entry.subject or 'no Subject', _SUBJECT)} "
        f"{when(entry.date):<{_DATE}} {entry.size:>{_SIZE},}"
    )
    return columns.replace(" ", "\xa0")


def _fitted(text: str, width: int) -> str:
    shown = visible(text[: width * 2])
    return f"{shown[: width - 1]}…" if len(shown) > width else f"{shown:<{width}}"


def panel(model: InboxModel) -> str:
    """The aspect that is shown of what is open."""
    if model.reading is None:
        return _empty(model)
    show = _PANELS[model.aspect]
    if model.aspect is Aspect.RAW and model.marks_line_ends:
        show = octets.raw_with_line_ends
    name = f"smtplab-{model.aspect.value.lower()}"
    title = safe(_TITLES[model.aspect])
    return (
        f'<section class="{name}" data-uid="{model.uid}" aria-label="{title}">'
        f'<p class="smtplab-title">{title}</p>{show(model.reading)}</section>'
    )


def _empty(model: InboxModel) -> str:
    others = [f"{name} holds {count}" for name, count in model.counts.items() if count]
    hint = "; ".join(others) if others else "Send something, then press Refresh"
    return f"<p>Nothing lies in {safe(model.folder)}. {safe(hint)}.</p>"


# Without a front end.


def as_static_html(model: InboxModel) -> str:
    """The list and everything about the open mail object; what is looked at is unfolded."""
    counts = " · ".join(f"{folder} {count}" for folder, count in model.counts.items())
    html = [f"<p><b>{safe(model.mailbox)}</b> · {safe(counts)}</p>", _list(model)]
    if model.reading is None:
        html.append(_empty(model))
    else:
        html.append(f"<p>Opened: number {model.uid}</p>")
        for aspect, show in _PANELS.items():
            if aspect is Aspect.MESSAGE:
                show = panels.message_without_frame
            title = safe(_TITLES[aspect])
            is_open = " open" if aspect in (Aspect.MESSAGE, model.aspect) else ""
            body = show(model.reading)
            html.append(f"<details{is_open}><summary>{title}</summary>{body}</details>")
    return "".join(html)


def as_static_text(model: InboxModel) -> str:
    """The same as plain text."""
    return plain(as_static_html(model))


def _list(model: InboxModel) -> str:
    entries = model.entries[:MAX_STATIC_ENTRIES]
    left_out = model.counts[model.folder] - len(entries)
    more = f" ({left_out} older ones not shown)" if left_out else ""
    rows = (
        (
            str(entry.uid),
            safe(cut(entry.author, 80)) or "<em>no From</em>",
            safe(cut(entry.subject, 80)) or "<em>no Subject</em>",
            when(entry.date),
            f"{entry.size:,}",
        )
        for entry in entries
    )
    caption = f"{model.folder}, newest first{more}"
    return table(caption, ("Number", "From", "Subject", "Date", "Octets"), rows)
