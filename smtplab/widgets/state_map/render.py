"""From the session table to words: pure functions (RFC 5321, 4.1.4)."""

from __future__ import annotations

from collections.abc import Collection

from smtplab.session import State
from smtplab.widgets import pieces
from smtplab.widgets.console import render
from smtplab.widgets.console.model import ConsoleModel
from smtplab.widgets.console.words import Move
from smtplab.widgets.pieces import safe
from smtplab.widgets.state_map.layout import Arrow, arrows

MAX_MOVES = 8  # of the way, on the page


def bar(model: ConsoleModel) -> str:
    """Where the session goes, and where it stands."""
    place = pieces.title(f"States: {model.host} : {model.port}")
    return place + pieces.chips([(f"now: {model.state.value}", "open"), model.padlock])


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
