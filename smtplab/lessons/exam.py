"""The final exam: ten questions on one card, all answered at once, each option with its why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from smtplab.lessons.card import Card
from smtplab.lessons.catalogue import LESSONS
from smtplab.lessons.quiz import Asked

LESSON = "15"
SIZE = 10  # questions of one part
UNANSWERED = "-"


@dataclass(frozen=True, repr=False)
class ExamPart:
    """The questions of one part, and the letters that were given so far, `-` for none."""

    number: int
    asked: tuple[Asked, ...]
    given: str

    @property
    def right(self) -> int:
        """How many are answered right."""
        return sum(_is_right(one, letter) for one, letter in self._pairs())

    @property
    def title(self) -> str:
        first, last = self.asked[0].number, self.asked[-1].number
        title = f"Final exam, part {self.number}: questions {first} to {last}"
        answered = sum(letter in one.question.options for one, letter in self._pairs())
        return f"{title}. Right: {self.right} of {answered} answered." if answered else f"{title}."

    def __repr__(self) -> str:
        cards = (repr(Card(title, lines)) for title, lines in self._cards())
        return "\n\n".join([self.title, *cards])

    def _repr_html_(self) -> str:
        """Plain tags only, as a card has them."""
        cards = (Card(title, lines)._repr_html_() for title, lines in self._cards())
        return f"<h4>{escape(self.title)}</h4>" + "".join(cards)

    def _pairs(self) -> Iterator[tuple[Asked, str]]:
        return zip(self.asked, self.given.ljust(SIZE, UNANSWERED), strict=True)

    def _cards(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for one, letter in self._pairs():
            told = [f"{key}: {option.text}" for key, option in one.question.options.items()]
            if letter != UNANSWERED:  # `told` notes what is right, and says why
                answer = one.told(letter)
                told += [f"You: {answer.title}", *answer.lines]
            yield f"{one.number}. {one.question.text}", tuple(told)


def exam(part: int, answers: str = "") -> ExamPart | Card:
    """Part 1 to 4 of the exam; `answers` are its letters in order, such as "abc-b".

    A space is for reading only; `-` leaves a question out. Never raises.
    """
    questions = LESSONS[LESSON].questions
    parts = range(1, len(questions) // SIZE + 1)
    if part not in parts:
        return Card(f"The exam has no part {part!r}.", (f"There are parts 1 to {parts[-1]}.",))
    letters = "".join(str(answers).lower().split())
    if len(letters) > SIZE:
        return Card(
            f"Part {part} has {SIZE} questions, and these are {len(letters)} letters.",
            ("Write one letter for each, in order, and - for one that you leave out.",),
        )
    first = (part - 1) * SIZE + 1
    asked = (Asked(LESSON, n, questions[n - 1]) for n in range(first, first + SIZE))
    return ExamPart(part, tuple(asked), letters)


def _is_right(one: Asked, letter: str) -> bool:
    option = one.question.options.get(letter)
    return option is not None and option.right
