"""Sheets to print: what the whole course comes back to, and its exam, on one page each.

Cheat sheet and glossary are made of the tables behind `explain`, so that they say the same. The
words of the glossary are those of RFC 5321 and RFC 5598. The exam's sheet tells no answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from textwrap import fill

from smtplab.lessons.catalogue import LESSONS
from smtplab.lessons.exam import LESSON, SIZE
from smtplab.lessons.question import Question
from smtplab.lessons.task import Exercise
from smtplab.reference.glossary import sections
from smtplab.reference.tables import Entry, table
from smtplab.transcript.rendering import TOP_LEFT

WIDTH = 78  # columns of the plain text; a terminal has 80

# What nobody types any more, or what one program has for itself, would only fill the page.
_LEFT_OUT = ("out of use", "(Postfix)", "(Exim)", "LMTP", "the experiment", "The command ")

# A4 and US Letter both hold it: 297 - 14 by 210 - 14 mm, and 279 - 14 by 216 - 14 mm.
_STYLE = """
@page { size: landscape; margin: 7mm }
body { line-height: 1.25; font-family: sans-serif; margin: 0; columns: 4; column-gap: 4mm }
h1 { font-size: 1.5em; margin: 0 0 1mm }
h2 { font-size: 1.13em; margin: 1.5mm 0 .5mm; border-bottom: .3mm solid }
h2 { break-after: avoid; break-inside: avoid }
p { margin: 0; padding-left: 3mm; text-indent: -3mm; break-inside: avoid }
"""


@dataclass(frozen=True)
class Section:
    """One heading, and the rows under it: a term and what it means."""

    heading: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, repr=False)
class Sheet:
    """A title and sections; `save` makes a file that prints on one page.

    `points` is the size of its letters on paper; a line break in a meaning is kept there.
    """

    title: str
    sections: tuple[Section, ...]
    points: float = 9.3

    def __repr__(self) -> str:
        return "\n".join(self._text_lines())

    def _text_lines(self) -> Iterator[str]:
        yield self.title
        for section in self.sections:
            yield f"\n{section.heading}"
            longest = max(len(term) for term, _ in section.rows)
            for term, meaning in section.rows:
                yield fill(
                    f"{term.ljust(longest)}  {meaning}" if longest < 16 else f"{term}: {meaning}",
                    WIDTH,
                    initial_indent="  ",
                    subsequent_indent=" " * (longest + 4 if longest < 16 else 6),
                    break_long_words=False,
                    break_on_hyphens=False,
                )

    def _repr_html_(self) -> str:
        """For a notebook: plain tags, and no style that would reach the page around it.

        A table, because JupyterLab lets the terms of a list float, and long ones push others away.
        """
        sections = "".join(
            f"<h4>{escape(section.heading)}</h4><table>"
            + "".join(
                f"<tr><td {TOP_LEFT}><b>{escape(a)}</b></td><td {TOP_LEFT}>{_lines(b)}</td></tr>"
                for a, b in section.rows
            )
            + "</table>"
            for section in self.sections
        )
        return f"<p><b>{escape(self.title)}</b></p>{sections}"

    @property
    def page(self) -> str:
        """A whole HTML document; printed from a browser it fills one page of paper."""
        sections = "".join(
            f"<h2>{escape(section.heading)}</h2>"
            + "".join(f"<p><b>{escape(a)}</b> {_lines(b)}</p>" for a, b in section.rows)
            for section in self.sections
        )
        title, style = escape(self.title), f"{_STYLE}body {{ font-size: {self.points}pt }}\n"
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
            f"<style>{style}</style><h1>{title}</h1>{sections}</html>\n"
        )

    def save(self, path: str | Path) -> Path:
        """Write the page to a file, to be opened in a browser and printed; returns its path."""
        where = Path(path)
        where.write_bytes(self.page.encode())
        return where


def cheat_sheet() -> Sheet:
    """Commands, replies, ports and service extensions, a line each; `explain` says more."""
    return Sheet(
        "SMTP on one page",
        (
            Section("Ports", tuple(_rows("ports"))),
            Section("First digit of a reply", tuple(_severities())),
            Section("Commands", tuple(_rows("verbs"))),
            Section("Replies", tuple(_rows("reply_codes"))),
            Section("Service extensions (reply to EHLO)", tuple(_rows("keywords"))),
        ),
    )


def glossary() -> Sheet:
    """The words of the course, a sentence each, with the RFC that defines them."""
    return Sheet(
        "The words of mail on one page",
        tuple(
            Section(
                heading,
                tuple((term, f"{says} ({source})") for term, (says, source) in words.items()),
            )
            for heading, words in sections().items()
        ),
    )


def exam_sheet() -> Sheet:
    """The forty questions and six tasks of the exam, to be answered on paper; no answer is told."""
    lesson = LESSONS[LESSON]
    numbered = [(f"{n}.", _asked(question)) for n, question in enumerate(lesson.questions, 1)]
    parts = [numbered[first : first + SIZE] for first in range(0, len(numbered), SIZE)]
    tasks = tuple((exercise.number, _task(exercise)) for exercise in lesson.exercises)
    return Sheet(
        "Final exam: one letter for each number",
        (
            *(Section(f"Part {n}", tuple(rows)) for n, rows in enumerate(parts, 1)),
            Section("Tasks, on the sandbox", tasks),
        ),
        points=7,
    )


def _asked(question: Question) -> str:
    options = (f"{letter}: {option.text}" for letter, option in question.options.items())
    return "\n".join([question.text, *options])


def _task(exercise: Exercise) -> str:
    """What its check looks for; the notebook says it at length."""
    title = f"{exercise.title[0].upper()}{exercise.title[1:]}."
    return "\n".join([title, *(f"- {step.wanted}" for step in exercise.steps)])


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _rows(name: str) -> Iterator[tuple[str, str]]:
    for term, entry in table(name).items():
        if not any(mark in entry.title for mark in _LEFT_OUT) and not _is_class(name, term):
            yield (entry.form if name == "verbs" else term), f"{entry.title}."


def _is_class(name: str, term: str) -> bool:
    """5yz and x5z are classes of reply codes; they have a section of their own."""
    return name == "reply_codes" and not term.isdigit()


def _severities() -> Iterator[tuple[str, str]]:
    entries: dict[str, Entry] = table("reply_codes")
    for term in ("2yz", "3yz", "4yz", "5yz"):
        yield term, f"{entries[term].title}."
