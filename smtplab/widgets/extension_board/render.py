"""From the model of the extension board to HTML and text: pure functions, everything escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtplab.comparing import ehlo_diff
from smtplab.extensions import Extensions
from smtplab.reference.tables import table as reference_table
from smtplab.transcript.rendering import visible
from smtplab.widgets import pieces
from smtplab.widgets.extension_board.model import BoardModel, Demonstration, Run
from smtplab.widgets.pieces import safe
from smtplab.widgets.spoken import shortened, spoken_html, spoken_text
from smtplab.widgets.stages import Stage

MOST_KEYWORDS = 60  # of one EHLO reply
_HEAD = ("Keyword", *(stage.value for stage in Stage), "What changes")


def bar(model: BoardModel) -> str:
    """Which door, how many keywords, how many switches are off."""
    off = len(model.policy.switched_off)
    facts: list[str | tuple[str, str]] = [f"{len(model.keywords)} keywords in all"]
    facts.append(f"{off} switched off" if off else "nothing switched off")
    if not model.has_tls:
        facts.append(("no TLS in this Python", "open"))
    return pieces.title(f"Service extensions of {model.host} : {model.port}") + pieces.chips(facts)


# EHLO before TLS, after it, and signed in.


def board_html(model: BoardModel) -> str:
    """The EHLO replies side by side; each keyword unfolds to its explanation."""
    rows = [_row_html(model, keyword) for keyword in model.keywords[:MOST_KEYWORDS]]
    caption = "What the EHLO reply offers at each stage of one real session"
    missing = "".join(pieces.legend(text) for text in _missing(model))
    return pieces.table(caption, _HEAD, rows) + missing


def _row_html(model: BoardModel, keyword: str) -> tuple[str, ...]:
    name = f"<code>{safe(shortened(keyword))}</code>"
    about = explained(keyword)
    told = f"<p>{safe(about[1])}</p>" if len(about) > 1 else ""
    told += "".join(f"<p><b>{safe(label)}</b>: {safe(text)}</p>" for label, text in _more(keyword))
    first = f"<details><summary>{name} {safe(about[0])}</summary>{told}</details>"
    cells = [_cell(text) for text in cells_of(model, keyword)]
    changes = model.changes(keyword)
    return first, *cells, f"<b>{safe(changes)}</b>" if changes != "no difference" else safe(changes)


_DATE = re.compile(r"\d{4}-\d\d-\d\dT[\d:]{8}Z")  # RFC 4865, 3: FUTURERELEASE names the latest


def _cell(text: str) -> str:
    """A date stays in one line, which may end after any other hyphen."""
    return _DATE.sub(r'<span class="smtplab-one">\g<0></span>', safe(text))


def cells_of(model: BoardModel, keyword: str) -> list[str]:
    """What stands at each stage: its parameters, "offered", "the same", or "no"."""
    cells, before = [], None
    for stage in Stage:
        offer = model.offered.get(stage)
        if offer is None:
            cells.append("not reached")
            continue
        now = _shown(offer, keyword)
        cells.append("the same" if now == before and now != "no" else now)
        before = now
    return cells


def _shown(offer: Extensions, keyword: str) -> str:
    if keyword not in offer:
        return "no"
    return shortened(visible(" ".join(offer[keyword]))) or "offered"


def explained(keyword: str) -> tuple[str, ...]:
    """Title and meaning; one sentence for a keyword that the reference does not have."""
    entry = reference_table("keywords").get(keyword)
    if entry is None:
        return ("not in the reference: an extension of this server's own, perhaps",)
    return entry.title, entry.meaning


def _more(keyword: str) -> Iterator[tuple[str, str]]:
    entry = reference_table("keywords").get(keyword)
    if entry is not None:
        yield "Why it exists", entry.cause
        yield "How to use it", entry.remedy
        yield "Source", entry.source


def _missing(model: BoardModel) -> Iterator[str]:
    """In words: the stages that the session did not come to, and what changed between two."""
    if model.problem:
        yield f"The session broke off: {model.problem}"
    if Stage.INSIDE_TLS not in model.offered and not model.problem:
        why = "this Python has no TLS" if not model.has_tls else "STARTTLS is not offered"
        yield f"After TLS: not reached, because {why}."
    if Stage.SIGNED_IN not in model.offered and not model.problem:
        yield "After AUTH: not reached, because nobody can sign in here (AUTH is not offered)."
    if len(model.keywords) > MOST_KEYWORDS:
        yield f"{len(model.keywords) - MOST_KEYWORDS} more keywords are not shown."
    yield (
        "After TLS the client forgets what it was offered and asks again, because somebody on "
        "the way may have changed the first reply (RFC 3207, 4.2)."
    )


# One extension, on and off.


def demonstration_html(shown: Demonstration | None) -> str:
    """Both conversations beside each other, and the difference in words."""
    if shown is None:
        return pieces.legend("Choose an extension, and run the same conversation with and without.")
    told = "".join(f"<p>{safe(text)}</p>" for text in _told(shown))
    runs = "".join(_run_html(run, shown.keyword) for run in (shown.on, shown.off))
    title = ": ".join((shown.keyword, *explained(shown.keyword)[:1]))
    return (
        f'<div class="smtplab-demo"><p class="smtplab-title"><b>{safe(title)}</b></p>{told}'
        f'<div class="smtplab-runs">{runs}</div></div>'
    )


def _told(shown: Demonstration) -> Iterator[str]:
    yield f"What is tried: {shown.demo.tried}"
    if not shown.is_offered:
        yield (
            f"{shown.keyword} is not offered at this door even when it is switched on: it belongs "
            "to another port, to TLS, or to a later stage."
        )
    numbers = f"{_numbers(shown.on, 'With')} {_numbers(shown.off, 'without')}"
    yield f"On the wire: {shown.difference} {numbers}"
    yield f"What it shows: {shown.demo.shows}"


def _numbers(run: Run, word: str) -> str:
    trips = "1 round trip" if run.round_trips == 1 else f"{run.round_trips} round trips"
    end = "." if word == "without" else ","
    return f"{word} it {trips} and {run.octets} octets from the client{end}"


def _run_html(run: Run, keyword: str) -> str:
    problem = f"<p><b>It broke off</b>: {safe(run.problem)}</p>" if run.problem else ""
    talk = spoken_html(run.lines, heading(run, keyword))
    return f"<section>{talk}{problem}</section>"


def heading(run: Run, keyword: str) -> str:
    """Switched on or off, and how the EHLO line reads then."""
    switch = "Switched on" if run.is_on else "Switched off"
    if run.offered is None:
        return f"{switch}: no session"
    if keyword not in run.offered:
        return f"{switch}: EHLO has no line {keyword}"
    line = visible(" ".join((keyword, *run.offered[keyword])))
    return f"{switch}: EHLO has the line {shortened(line)}"


# Without a front end.


def as_static_html(model: BoardModel) -> str:
    """Plain tables, for a page that strips styles."""
    title = f"<p><b>Service extensions of {safe(model.host)} : {model.port}</b></p>"
    shown = model.shown
    if shown is None:
        return title + board_html(model) + _switches_html(model)
    heads = (heading(run, shown.keyword) for run in _runs(shown))
    talks = [spoken_html(run.lines) for run in _runs(shown)]
    beside = pieces.table(f"{shown.keyword}, with and without", heads, [talks])
    told = "".join(f"<p>{safe(text)}</p>" for text in _told(shown))
    return title + board_html(model) + _switches_html(model) + told + beside


def _runs(shown: Demonstration) -> tuple[Run, Run]:
    return shown.on, shown.off


def _switches_html(model: BoardModel) -> str:
    return f"<p>{safe(switches(model))}</p>"


def switches(model: BoardModel) -> str:
    """Which extensions are switched off at the host."""
    off = ", ".join(sorted(model.policy.switched_off)) or "none"
    return f"Switched off at {model.host}: {off}"


def as_static_text(model: BoardModel) -> str:
    """The same as plain text."""
    lines = [f"Service extensions of {model.host} : {model.port}", " | ".join(_HEAD)]
    for keyword in model.keywords[:MOST_KEYWORDS]:
        cells = " | ".join(cells_of(model, keyword))
        lines.append(f"{shortened(keyword)} | {cells} | {model.changes(keyword)}")
        lines.append(f"    {explained(keyword)[0]}{_source(keyword)}")
    lines += [*_differences(model), *_missing(model), switches(model)]
    if model.shown is not None:
        lines += ["", model.shown.keyword, *_told(model.shown)]
        for run in _runs(model.shown):
            lines += [heading(run, model.shown.keyword), *spoken_text(run.lines)]
            lines += [f"It broke off: {run.problem}"] if run.problem else []
    return "\n".join(visible(line) for line in lines)


def _source(keyword: str) -> str:
    return "".join(f" ({text})" for label, text in _more(keyword) if label == "Source")


def _differences(model: BoardModel) -> Iterator[str]:
    reached = list(model.offered)
    for before, after in zip(reached, reached[1:], strict=False):
        diff = " ".join(str(ehlo_diff(model.offered[before], model.offered[after])).split("\n"))
        yield f"From {before.value} to {after.value}: {shortened(diff)}"
