"""Quizzes: each option says why it is right or why it is not."""

from __future__ import annotations

from dataclasses import dataclass

from smtplab.lessons.card import Card
from smtplab.lessons.catalogue import LESSONS
from smtplab.lessons.progress import Kind, note_done
from smtplab.lessons.question import Question


@dataclass(frozen=True, repr=False)
class Asked:
    """A question as it stands in a notebook; `answer("a")` tells about one option."""

    lesson: str
    number: int
    question: Question

    def answer(self, letter: str) -> Card:
        """What is true or false about the option with this letter; never raises.

        What stood below the cell is gone: after a wrong choice the question stands there again.
        """
        told, chosen = self.told(letter), self.question.options.get(str(letter).strip().lower())
        if chosen is None or chosen.right:
            return told
        asked = self._card()
        return Card(told.title, (*told.lines, asked.title, *asked.lines))

    def told(self, letter: str) -> Card:
        """The same without the question."""
        options = self.question.options
        wanted = str(letter).strip().lower()
        if wanted not in options:
            return Card(f"There is no option {letter!r}.", (f"Choose from {', '.join(options)}.",))
        chosen = options[wanted]
        if not chosen.right:
            return Card(f"{wanted} is not the one.", (chosen.why, "Choose again."))
        note_done(Kind.QUESTION, f"{self.lesson}.{self.number}")
        others = (f"{key}: {o.why}" for key, o in options.items() if key != wanted)
        return Card(
            f"{wanted} is right.",
            (chosen.why, *others, f"Source: {self.question.source}"),
        )

    def __repr__(self) -> str:
        return repr(self._card())

    def _repr_html_(self) -> str:
        return self._card()._repr_html_()

    def _card(self) -> Card:
        options = (f"{letter}: {option.text}" for letter, option in self.question.options.items())
        return Card(f"Question {self.number}. {self.question.text}", tuple(options))


class NoSuchQuestion(Card):
    """Says which questions there are; `answer` says it again."""

    def answer(self, letter: str) -> Card:
        return self


def quiz(lesson: str, number: int = 1) -> Asked | NoSuchQuestion:
    """Question `number` of a lesson, from 1."""
    if lesson not in LESSONS:
        return NoSuchQuestion(
            f"There is no lesson {lesson!r}.", (f"There are {', '.join(LESSONS)}.",)
        )
    questions = LESSONS[lesson].questions
    if number not in range(1, len(questions) + 1):
        return NoSuchQuestion(
            f"Lesson {lesson} has no question {number!r}.",
            (f"Its questions are 1 to {len(questions)}.",),
        )
    return Asked(lesson, number, questions[number - 1])
