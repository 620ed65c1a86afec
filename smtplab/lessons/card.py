"""A card: a title and a few lines that show themselves as text and as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from textwrap import fill

WIDTH = 88  # columns of the plain text


@dataclass(frozen=True, repr=False)
class Card:
    """What a lesson tells the learner.

    >>> Card("Hint 1 of 2", ("Look at the first digit.",))
    Hint 1 of 2
      Look at the first digit.
    """

    title: str
    lines: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "\n".join([_wrapped(self.title, ""), *(_wrapped(line, "  ") for line in self.lines)])

    def _repr_html_(self) -> str:
        """Plain tags only: a page that is not trusted strips everything else."""
        items = "".join(f"<li>{escape(line)}</li>" for line in self.lines)
        return f"<p><b>{escape(self.title)}</b></p>" + (f"<ul>{items}</ul>" if items else "")


def _wrapped(text: str, indent: str) -> str:
    return fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "  " * bool(indent),
        break_long_words=False,
        break_on_hyphens=False,
    )
