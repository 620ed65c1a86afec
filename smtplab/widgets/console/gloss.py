"""Lines with the grammar under each token, as a reader of an old text writes it between the lines.

Pure functions on `smtplab.tokens` (RFC 5321, 4.1.2 and 4.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from smtplab.session import END_OF_DATA
from smtplab.tokens import TakenApart, Token, take_apart
from smtplab.transcript.rendering import sender
from smtplab.widgets.console.conversation import Row

MAX_LINES = 12  # of one unit on the page; the text form has more


def taken_apart(rows: Iterable[Row], *, secrets: bool = False) -> list[tuple[Row, TakenApart]]:
    """Each unit of an exchange with its tokens."""
    return [(row, take_apart(row.event, row.ends.step, secrets=secrets)) for row in rows]


def gloss(rows: Iterable[Row], *, secrets: bool = False) -> str:
    """The lines of an exchange, each token with its rule and section below it."""
    parts = "".join(_unit(*pair) for pair in taken_apart(rows, secrets=secrets))
    label = 'aria-label="The line taken apart" tabindex="0"'
    return f'<section class="smtplab-gloss" {label}>{parts}</section>'


def _unit(row: Row, lines: TakenApart) -> str:
    shown = "".join(_line(tokens) for tokens in lines[:MAX_LINES])
    left_out = len(lines) - MAX_LINES + lines.left_out
    more = f'<p class="smtplab-legend">{left_out} more lines</p>' if left_out > 0 else ""
    who = sender(row.event)
    step = row.ends.step.replace(END_OF_DATA, "the content")
    what = "sent by the client" if who == "C" else f"the reply to {step}"
    head = f'<p class="smtplab-legend">line {row.number}, {escape(what)}</p>'
    return f'<div class="smtplab-{who.lower()}">{head}{shown}{more}</div>'


def _line(tokens: tuple[Token, ...]) -> str:
    return f'<ul class="smtplab-tokens">{"".join(map(_token, tokens))}</ul>'


def _token(token: Token) -> str:
    none = "" if token.rule else ' class="smtplab-none"'
    rule = escape(token.rule) or "no rule"
    return (
        f"<li{none}><code>{escape(token.text)}</code><b>{rule}</b>"
        f"<span>{escape(token.source)}</span></li>"
    )
