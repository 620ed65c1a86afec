"""An explanation of one term, as text for a terminal and as HTML for a page."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from textwrap import fill
from typing import Any

WIDTH = 78  # columns of the plain text; a terminal has 80

# What `cause` and `remedy` are called, by kind of term.
_LABELS = {
    "verb": ("When", "How to use it"),
    "EHLO keyword": ("Why it exists", "How to use it"),
    "verb and EHLO keyword": ("When", "How to use it"),
    "EHLO keyword and parameter": ("Why it exists", "How to use it"),
    "parameter": ("Why it exists", "How to use it"),
    "SASL mechanism": ("Who uses it", "What to do"),
    "port": ("Who uses it", "What to do"),
}
_LABELS_OF_A_REPLY = ("Usual cause", "What to do")


@dataclass(frozen=True)
class Explanation:
    """What a term means, why it usually appears, what to do, and who says so.

    >>> print(Explanation("250", "Done", "It worked.", "All was right.", "Go on.", "RFC 5321, 4.2"))
    250: Done
      It worked.
      Usual cause: All was right.
      What to do: Go on.
      Source: RFC 5321, 4.2
    """

    term: str
    title: str
    meaning: str
    cause: str
    remedy: str
    source: str
    kind: str = "reply code"
    form: str = ""  # how a command or an EHLO line is written
    sandbox: str = ""  # how to see it happen in the sandbox

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """The labelled parts in reading order, without title and meaning.

        >>> Explanation("25", "t", "m", "Servers.", "Log in.", "RFC 6409, 3.1", "port").rows[0]
        ('Who uses it', 'Servers.')
        """
        cause, remedy = _LABELS.get(self.kind, _LABELS_OF_A_REPLY)
        rows = (
            ("Form", self.form),
            (cause, self.cause),
            (remedy, self.remedy),
            ("In the sandbox", self.sandbox),
            ("Source", self.source),
        )
        return tuple((label, text) for label, text in rows if text)

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self, width: int = WIDTH) -> str:
        """Lines of at most `width` columns."""
        paragraphs = [self.meaning, *(f"{label}: {text}" for label, text in self.rows)]
        lines = [_wrapped(f"{self.term}: {self.title}", width, "")]
        return "\n".join(lines + [_wrapped(paragraph, width) for paragraph in paragraphs])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """IPython's plain text, where no HTML can be shown."""
        printer.text(str(self))

    def _repr_html_(self) -> str:
        """Plain tags only: pages that are not trusted strip everything else."""
        rows = "".join(
            f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in self.rows
        )
        return (
            f"<h4>{escape(self.term)}: {escape(self.title)}</h4>"
            f"<p>{escape(self.meaning)}</p><dl>{rows}</dl>"
        )


def _wrapped(text: str, width: int, indent: str = "  ") -> str:
    # Codes such as 5.7.1 and forms such as MAIL FROM:<...> stay whole.
    return fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
