"""The page "Questions that people ask": each leads to the section of the course that answers it.

The questions and their places stand in tests/questions.toml, and a test holds them to what the
notebooks show.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
SOURCE = PROJECT / "tests" / "questions.toml"
HEAD = """\
# Questions that people ask

You have a problem and no time for a course? Find your question: it leads to the section that
answers it. Nearly every answer is shown there, by a real conversation that you can run and change.
"""


@dataclass(frozen=True)
class Question:
    """A question and its place: what is shown there, or why it is only told, or what is missing."""

    topic: str
    asks: str
    notebook: str
    heading: str
    shows: str = ""
    told: str = ""
    open: str = ""
    seen: str = ""

    @property
    def path(self) -> Path:
        (path,) = (PROJECT / "notebooks").glob(f"{self.notebook}*.ipynb")
        return path

    @property
    def link(self) -> str:
        """The question as the text of a link to its section."""
        text = re.sub(r"([\\`*_<>\[\]])", r"\\\1", self.asks)
        return f"[{text}](notebooks/{self.path.name}#{slug(self.heading)})"

    @property
    def place(self) -> str:
        return f"lesson {self.notebook}" if self.notebook.isdigit() else "gallery of errors"


def questions() -> tuple[Question, ...]:
    rows = tomllib.loads(SOURCE.read_text("utf-8"))["question"]
    return tuple(Question(**row) for row in rows)


def slug(heading: str) -> str:
    """The anchor that MyST gives a heading, as GitHub does.

    >>> slug("7. A queue of one's own")
    '7-a-queue-of-ones-own'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower().replace(" ", "-"))


def page() -> Iterator[str]:
    """The page in MyST: what is answered by topic, then what is not."""
    yield HEAD
    answered = [one for one in questions() if not one.open]
    for topic, group in groupby(answered, lambda one: one.topic):
        yield f"## {topic}\n"
        for one in group:
            yield f"- {one.link} ({one.place}{', told only' if one.told else ''})"
        yield ""
    yield "## Not answered here\n"
    for one in questions():
        if one.open:
            yield f"- {one.link} The nearest place is {one.place}: {one.open}."
