"""From the journey player's model to HTML and text: pure functions, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from email.utils import format_datetime

from smtplab.transcript import Event
from smtplab.transcript.rendering import note, sender, shown_lines, visible
from smtplab.widgets import pieces
from smtplab.widgets.journey_player.frames import Fate, Frame, Station
from smtplab.widgets.journey_player.model import JourneyModel
from smtplab.widgets.pieces import safe

MOST_TOLD = 12  # frames of the story in sight
MOST_LINES = 120  # of one conversation
LONGEST_LINE = 400  # characters of one of its lines, or of a header field line
MOST_STATIC = 60  # frames in the stored form

EMPTY = "No mail object has come this way yet. Send a sample message."
_PASSED = {Fate.LATER: "not now", Fate.REFUSED: "refused", Fate.GIVEN_UP: "given up"}
_MARKS = {Fate.ARRIVED: "good", Fate.REFUSED: "bad", Fate.GIVEN_UP: "bad"}


def when(time: datetime) -> str:
    """ "Mon 02 Mar 09:00" in English everywhere."""
    return f"{format_datetime(time)[:11].replace(',', '')} {time:%H:%M}"


def cut(text: str) -> str:
    """Safe text of bounded length."""
    over = len(text) - LONGEST_LINE
    more = f" [{over} characters left out]" if over > 0 else ""
    return f"{safe(text[:LONGEST_LINE])}{more}"


# The bar.


def bar(model: JourneyModel) -> str:
    """Which mail object, the time, and when the queue tries again."""
    return pieces.title(_title(model)) + pieces.chips(facts(model))


def facts(model: JourneyModel) -> list[str]:
    told = [f"world clock: {when(model.now)}"]
    if model.frames:
        told.append(f"step {model.position + 1} of {len(model.frames)}")
        items = model.waiting
        told += [f"attempt {one.attempts + 1} is due {when(one.next_attempt)}" for one in items[:2]]
        if not items:
            told.append("nothing of it waits in a queue")
    if model.trouble != "nothing":
        told.append(f"trouble: {model.trouble}")
    return told


def _title(model: JourneyModel) -> str:
    if model.journey is None:
        return "Journey"
    hop = model.journey.start
    what = "Journey of the report" if hop.why == "report" else "Journey"
    paths = ", ".join(hop.forward_paths[:3])
    more = len(hop.forward_paths) - 3
    return f"{what}: <{hop.reverse_path}> to {paths}{f' and {more} more' if more > 0 else ''}"[:200]


# The stations.


def stations(model: JourneyModel) -> str:
    """The way, as a list of stations; words say which is lit and which were passed."""
    frame = model.frame
    if frame is None:
        return _stations((one, "", "\u2013") for one in Station)
    leg = [one for one in model.told if one.leg == frame.leg]
    hosts = {one.station: _host(one) for one in leg}
    passed = {one.station: _PASSED.get(one.fate, "passed") for one in leg}
    first = 0 if model.frames[0].station is Station.YOU and frame.leg == 0 else 2
    shown = []
    for station in list(Station)[first:]:
        state = "here now" if station is frame.station else passed.get(station, "\u2013")
        shown.append((station, hosts.get(station, ""), state))
    ends = [one.end for one in leg if one.end]
    leg_note = ""
    if frame.leg:
        leg_note = pieces.legend(f"Sent on by {leg[0].hop.host}: the way goes on from its queue.")
    return leg_note + _stations(shown, ends[-1] if ends else "")


def _stations(shown: Iterable[tuple[Station, str, str]], end: str = "") -> str:
    items = []
    for station, host, state in shown:
        name = end if station is Station.END and end else station.value
        here, ahead = state == "here now", state == "\u2013"
        current = ' aria-current="step"' if here else ""
        look = "now" if here else "ahead" if ahead else "done"
        items.append(
            f'<li class="smtplab-{look}"{current}><div><b>{safe(name)}</b>'
            f"<span>{safe(host) or '&nbsp;'}</span><em>{state}</em></div></li>"
        )
    return f'<ol class="smtplab-stations" aria-label="Stations">{"".join(items)}</ol>'


def _host(frame: Frame) -> str:
    """Which host stands at a station, or whom a report is for."""
    if frame.station is Station.YOU:
        return "laptop.example.org"
    if frame.station is Station.LOOK_UP:
        return "DNS"
    if frame.verdict is not None:
        return frame.verdict.host
    if frame.station is Station.PORT_25:
        return frame.headline.split(" ")[0] if frame.connection else "no session"
    return ", ".join(frame.report.start.forward_paths[:1]) if frame.report else frame.hop.host


# The story, and the lit frame.


def story(told: Sequence[Frame]) -> str:
    """What was played, a line each, the lit one last."""
    left_out = len(told) - MOST_TOLD
    more = pieces.legend(f"{left_out} earlier steps; press Back to see them.")
    shown = told[-MOST_TOLD:]
    items = "".join(
        f'<li class="smtplab-{"lit" if one is shown[-1] else "past"}">'
        f"<time>{when(one.when)}</time> <b>{safe(one.end or one.station.value)}</b> "
        f"{cut(one.headline)}</li>"
        for one in shown
    )
    start = f' start="{left_out + 1}"' if left_out > 0 else ""
    return f'{more if left_out > 0 else ""}<ol class="smtplab-story"{start}>{items}</ol>'


def detail(model: JourneyModel) -> str:
    """The lit frame with everything that shows it."""
    frame = model.frame
    if frame is None:
        return f"<p>{EMPTY}</p>"
    mark = _MARKS.get(frame.fate)
    fate = f'<p class="smtplab-{mark or "fate"}"><b>{safe(frame.fate.value.capitalize())}.</b></p>'
    return (
        f'<p class="smtplab-headline"><b>{cut(frame.headline)}</b></p>'
        f"<p>{safe(frame.text)}</p>{fate}{_shown(model, frame)}"
    )


def _shown(model: JourneyModel, frame: Frame) -> str:
    """What was recorded: look-ups, conversation, header fields, verdict, retries."""
    parts = []
    if frame.station is Station.LOOK_UP:
        parts.append(_listed("What was asked, and what came back", frame.recorded))
    elif frame.recorded:
        parts.append(_listed("As recorded", frame.recorded))
    if frame.verdict is not None:
        steps = [str(one) for one in frame.verdict.steps]
        parts.append(_folded(f"The verdict step by step ({len(steps)})", _items(steps)))
    if fields := model.evidence.fields(frame):
        parts.append(_fields(fields))
    if frame.retries:
        times = [when(one) for one in frame.retries]
        parts.append(_folded(f"When: {len(times)} attempts", _items(times)))
    if events := model.evidence.conversation(frame.connection):
        text = f"The conversation: connection {frame.connection}"
        parts.append(_folded(text, conversation(events)))
    return "".join(parts)


def _listed(label: str, lines: Sequence[str]) -> str:
    return f'<p class="smtplab-label">{safe(label)}</p>{_items(lines)}'


def _items(lines: Sequence[str]) -> str:
    left_out = len(lines) - MOST_LINES
    more = f"<li>{left_out} more are left out here</li>" if left_out > 0 else ""
    return f"<ul>{''.join(f'<li>{cut(one)}</li>' for one in lines[:MOST_LINES])}{more}</ul>"


def _folded(label: str, inside: str) -> str:
    return f"<details><summary>{safe(label)}</summary>{inside}</details>"


def _fields(fields: Sequence[str]) -> str:
    """Header fields as they stand in the content, a line each."""
    names = ", ".join(one.partition(":")[0] for one in fields[:8])
    lines = [line for one in fields for line in one.splitlines()][:MOST_LINES]
    body = "<br>".join(cut(line.replace("\t", "    ")).replace("    ", "&emsp;") for line in lines)
    return _folded(f"Header fields that were added here: {names}", f"<p><code>{body}</code></p>")


def conversation(events: Sequence[Event]) -> str:
    """One connection, a row each line, as its server saw it; passwords stay hidden."""
    rows = []
    for event in events:
        if who := sender(event):
            lines = shown_lines(event)
            text = "<br>".join(cut(line) for line in lines[:40])
            over = f"<br>[{len(lines) - 40} lines left out]" if len(lines) > 40 else ""
            rows.append(
                (f"<b>{who}</b>", f'<code class="smtplab-{who.lower()}">{text}</code>{over}')
            )
        elif told := note(event):
            rows.append(("", f"<em>{cut(told)}</em>"))
    left_out = len(rows) - MOST_LINES
    caption = "C: SMTP client, S: SMTP server"
    if left_out > 0:
        caption += f"; {left_out} rows are left out here"
    return pieces.table(caption, ("who", "what was sent"), rows[:MOST_LINES])


def noticed(text: str) -> str:
    """A quiet line after a step, read aloud when it comes."""
    return f'<p class="smtplab-legend" role="status">{safe(text)}</p>' if text else ""


# Without a front end.


def as_static_html(model: JourneyModel) -> str:
    """Every frame with what shows it; the lit one is named."""
    rows = []
    for number, frame in enumerate(model.frames[:MOST_STATIC]):
        here = " (shown now)" if number == model.position else ""
        name = frame.end or frame.station.value
        told = f"<b>{cut(frame.headline)}</b><br>{safe(frame.text)} "
        told += f"<br>{safe(frame.fate.value.capitalize())}.{_shown(model, frame)}"
        rows.append((when(frame.when), f"{safe(name)}{here}", told))
    body = pieces.table(". ".join(facts(model)), ("when", "station", "what happened"), rows)
    left_out = len(model.frames) - MOST_STATIC
    more = f"<p>{left_out} more steps are left out here.</p>" if left_out > 0 else ""
    return f"<p><b>{safe(_title(model))}</b></p>{body if rows else f'<p>{EMPTY}</p>'}{more}"


def as_static_text(model: JourneyModel) -> str:
    lines = [_title(model), *facts(model)]
    for number, frame in enumerate(model.frames[:MOST_STATIC]):
        mark = ">" if number == model.position else " "
        name = frame.end or frame.station.value
        lines.append(f"{mark} {when(frame.when)}  {name}: {frame.headline} ({frame.fate.value})")
        lines += [f"      {one}" for one in frame.recorded]
    if not model.frames:
        lines.append(EMPTY)
    if (left_out := len(model.frames) - MOST_STATIC) > 0:
        lines.append(f"{left_out} more steps are left out here")
    return "\n".join(map(visible, lines))
