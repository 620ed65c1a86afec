"""The text of a translation, ready to be copied."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any


@dataclass(frozen=True)
class Translation:
    """A script for bash, or a Python program; it holds no password and no token.

    Each comment in it says what the tool cannot do, or what it does otherwise.
    """

    tool: str
    text: str

    @property
    def remarks(self) -> tuple[str, ...]:
        """The comments, without their mark."""
        lines = self.text.splitlines()
        return tuple(line.lstrip("# ") for line in lines if line.startswith("# "))

    def __str__(self) -> str:
        return self.text

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text)

    def _repr_html_(self) -> str:
        return (
            f"<p>The same with {escape(self.tool)}:</p>"
            f'<pre style="white-space:pre-wrap"><code>{escape(self.text)}</code></pre>'
        )
