"""From the session table to a picture and to words: pure functions (RFC 5321, 4.1.4)."""

from __future__ import annotations

from collections.abc import Collection
from html import escape

from smtplab.session import State
from smtplab.widgets import pieces
from smtplab.widgets.console import render
from smtplab.widgets.console.model import ConsoleModel
from smtplab.widgets.console.words import Move
from smtplab.widgets.pieces import safe
from smtplab.widgets.state_map.layout import Arrow, arrows, columns, is_forward

PITCH, BOX, TALL, ROW, HEIGHT = 150, 88, 36, 92, 330  # pixels
MAX_MOVES = 8  # of the way, on the page

Point = tuple[float, float]


def bar(model: ConsoleModel) -> str:
    """Where the session goes, and where it stands."""
    place = pieces.title(f"States: {model.host} : {model.port}")
    return place + pieces.chips([(f"now: {model.state.value}", "open"), model.padlock])


def picture(now: State, visited: Collection[State]) -> str:
    """The table as a picture: the present state filled, the ways out of it in strong lines."""
    here = [arrow for arrow in arrows() if arrow.start is now and arrow.end is not now]
    quiet = [arrow for arrow in arrows() if is_forward(arrow) and arrow.start is not now]
    drawn = "".join(_arrow(arrow, lit=False) for arrow in quiet)
    drawn += "".join(_arrow(arrow, lit=True) for arrow in here)
    ends = {arrow.end for arrow in here}
    boxes = "".join(
        _box(state, _looks(state, now, ends, visited)) for column in columns() for state in column
    )
    edge = (PITCH - BOX) // 2 - 8  # a little air outside the first and the last box
    width = PITCH * len(columns()) - 2 * edge
    ways = "; ".join(f"{arrow.label} to {arrow.end.name}" for arrow in here) or "none"
    label = escape(f"The states of a session. Now: {now.name}, {now.value}. Ways out: {ways}")
    return (
        '<div class="smtplab-map" tabindex="0" role="group" aria-label="Picture; it scrolls">'
        f'<svg viewBox="{edge} 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" role="img" '
        f'aria-label="{label}">{_HEADS}{drawn}{boxes}</svg></div>'
    )


_HEADS = (
    "<defs>"
    + "".join(
        f'<marker id="smtplab-head-{name}" class="smtplab-head-{name}" viewBox="0 0 8 8" refX="7" '
        'refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
        '<path d="M0 0L8 4L0 8z"/></marker>'
        for name in ("quiet", "lit")
    )
    + "</defs>"
)


def _looks(
    state: State, now: State, ends: Collection[State], visited: Collection[State]
) -> list[str]:
    found = [
        ("now", state is now), ("next", state in ends), ("visited", state in visited),
    ]  # fmt: skip
    return [f"smtplab-{name}" for name, holds in found if holds]


def _centre(state: State) -> Point:
    for n, column in enumerate(columns()):
        if state in column:
            row = column.index(state) - (len(column) - 1) / 2
            return PITCH * (n + 0.5), HEIGHT / 2 + row * ROW
    raise KeyError(state)


def _box(state: State, looks: list[str]) -> str:
    x, y = _centre(state)
    return (
        f'<g class="{" ".join(["smtplab-state", *looks])}"><title>{escape(state.value)}</title>'
        f'<rect x="{x - BOX / 2}" y="{y - TALL / 2}" width="{BOX}" height="{TALL}" rx="6"/>'
        f'<text x="{x}" y="{y + 4}">{escape(state.name)}</text></g>'
    )


def _arrow(arrow: Arrow, *, lit: bool) -> str:
    (x1, y1), (x2, y2) = _centre(arrow.start), _centre(arrow.end)
    if is_forward(arrow):
        x1, x2 = x1 + BOX / 2, x2 - BOX / 2
        path, at = f"M{x1} {y1}L{x2} {y2}", ((x1 + x2) / 2, (y1 + y2) / 2)
        words = [*arrow.steps, arrow.label.split(": ")[1]]
    elif x1 == x2:
        side = 1 if y2 > y1 else -1
        path, at = f"M{x1} {y1 + side * TALL / 2}L{x2} {y2 - side * TALL / 2}", (x1, (y1 + y2) / 2)
        words = [arrow.label]
    else:  # back above the boxes, far on below them
        back = x2 < x1
        side, far = (-1, 6) if back else (1, HEIGHT - 6)
        start, end = y1 + side * TALL / 2, y2 + side * TALL / 2
        path, at = f"M{x1} {start}C{x1} {far} {x2} {far} {x2} {end}", ((x1 + x2) / 2, 0)
        at = at[0], 0.125 * (start + end) + 0.75 * far + side * 10
        words = [arrow.label]
    name = "lit" if lit else "quiet"
    lines = "".join(
        f'<tspan x="{at[0]}" dy="{0 if n == 0 else 13}">{escape(word)}</tspan>'
        for n, word in enumerate(words)
    )
    text = f'<text x="{at[0]}" y="{at[1] - 6.5 * (len(words) - 1) + 4}">{lines}</text>'
    line = f'<path d="{path}" marker-end="url(#smtplab-head-{name})"/>'
    return f'<g class="smtplab-arrow-{name}">{line}{text}</g>'


def legend(model: ConsoleModel) -> str:
    """How to read the buttons and the picture."""
    here = "filled: where the session stands · strong lines: where a reply can lead from here"
    return render.legend(model) + pieces.legend(here)


# In words.


def way(moves: Collection[Move]) -> str:
    """The way that the session has taken, newest last."""
    newest = list(moves)[-MAX_MOVES:]
    first = len(moves) - len(newest) + 1
    items = "".join(f"<li>{safe(told(move))}</li>" for move in newest)
    earlier = f" ({first - 1} earlier moves not shown)" if first > 1 else ""
    return f'<p><b>The way so far</b>{earlier}</p><ol start="{first}">{items}</ol>'


def told(move: Move) -> str:
    """One move as a sentence."""
    if move.after is move.before:
        return f"{move.step}, reply {move.code}: stays in {move.after.name}, {move.after.value}"
    return f"{move.step}, reply {move.code}: to {move.after.name}, {move.after.value}"


def from_here(now: State) -> str:
    """The moves out of the present state, as a table."""
    rows = [_row(arrow) for arrow in arrows() if arrow.start is now]
    return pieces.table(f"From {now.name}: {now.value}", _HEAD, rows or [("none", "", "")])


def whole_table() -> str:
    """Every move that follows the rules, as a table."""
    rows = [(f"<code>{arrow.start.name}</code>", *_row(arrow)) for arrow in arrows()]
    return pieces.table("The session table; any other reply leaves the state", _WHOLE, rows)


_HEAD = ("step", "reply", "leads to")
_WHOLE = ("in the state", *_HEAD)


def _row(arrow: Arrow) -> tuple[str, str, str]:
    steps, classes = arrow.label.split(": ")
    end = f"<code>{arrow.end.name}</code> {safe(arrow.end.value)}"
    return f"<code>{safe(steps)}</code>", classes, end


def words(model: ConsoleModel) -> str:
    """What stands under the picture."""
    parts = [pieces.notice(model.notice.headline, model.notice.text)] if model.notice else []
    if model.reply is not None:
        line = safe(str(model.reply).split("\n")[-1][:200])
        parts.append(f'<p class="smtplab-last">The last reply: <code>{line}</code></p>')
    parts += [way(model.way), from_here(model.state)]
    details = f"<details><summary>The whole table</summary>{whole_table()}</details>"
    return f"<section>{''.join(parts)}{details}</section>"


def as_static_html(model: ConsoleModel) -> str:
    """The map without its picture: present state, way, moves, table."""
    head = f"<p><b>{safe(model.host)} : {model.port}</b>. Now: {safe(model.state.value)}.</p>"
    return f"{head}{words(model)}<p>In order now: {_legal(model)}</p>"


def as_static_text(model: ConsoleModel) -> str:
    """The same as plain text."""
    here = [f"  {a.label} -> {a.end.name}" for a in arrows() if a.start is model.state]
    moves = [f"  {told(move)}" for move in list(model.way)[-MAX_MOVES:]]
    head = f"{model.host} : {model.port} | now: {model.state.name}, {model.state.value}"
    lines = [head, "The way so far:", *moves, "Ways from here:", *(here or ["  none"])]
    return "\n".join([*lines, f"In order now: {_legal(model)}"])


def _legal(model: ConsoleModel) -> str:
    verbs = [choice.verb for choice in model.palette if choice.legal]
    return ", ".join(verbs) or "no verb: " + model.meaning.value.lower()
