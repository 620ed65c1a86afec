"""One token of a line, and a unit taken apart into them (RFC 5234, 2.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

from smtplab.transcript.rendering import visible

MAX_SHOWN = 200  # characters of one token in a table


@dataclass(frozen=True, slots=True)
class Token:
    """Some octets of a line, and the rule that allows them; no rule is "" and a remark."""

    octets: bytes
    rule: str
    source: str

    @property
    def text(self) -> str:
        """The octets for a person to read: an end of line by its name, a space as a word."""
        named = {b"\r\n": "CR LF", b" ": "space"}.get(self.octets)
        shown = named or visible(self.octets.decode("utf-8", "backslashreplace"))
        return shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}…"


NO_RULE = ""
_NOT_HERE = "no rule allows it here"


def token(text: str, rule: str, source: str) -> Token:
    """A token from text; half characters stand for octets that are no UTF-8."""
    return Token(text.encode("utf-8", "surrogateescape"), rule, source)


def space() -> Token:
    """One space between two others."""
    return Token(b" ", "SP", "RFC 5234, B.1")


def wrong(text: str) -> Token:
    """What fits no rule where it stands."""
    return token(text, NO_RULE, _NOT_HERE)


Reader = Callable[[str], Iterator[Token]]
"""Takes one line apart, without its end."""


class TakenApart(tuple[tuple[Token, ...], ...]):
    """The lines of one unit, each as its tokens; shows itself as text and as a table."""

    left_out = 0  # lines that were not taken apart

    def __str__(self) -> str:
        return "\n".join(
            f"{token.text:<28} {token.rule or '(none)':<20} {token.source}".rstrip()
            for tokens in self
            for token in tokens
        ) + (f"\n({self.left_out} more lines)" if self.left_out else "")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_html(self) -> str:
        """A plain table, everything in it escaped."""
        rows = "".join(
            f"<tr><td><code>{escape(token.text)}</code></td>"
            f"<td>{escape(token.rule) or '<b>none</b>'}</td><td>{escape(token.source)}</td></tr>"
            for tokens in self
            for token in tokens
        )
        more = f"; {self.left_out} more lines are left out" if self.left_out else ""
        return (
            f'<table class="smtplab-table"><caption>Token by token{more}</caption>'
            '<thead><tr><th scope="col">token</th><th scope="col">rule</th>'
            f'<th scope="col">source</th></tr></thead><tbody>{rows}</tbody></table>'
        )
