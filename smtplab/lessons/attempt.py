"""An attempt at an exercise, and one at a lesson's questions: what was checked, hinted, chosen."""

from __future__ import annotations

from dataclasses import dataclass, field

from smtplab.lessons.card import Card
from smtplab.lessons.catalogue import EXERCISES, LESSONS, Lesson
from smtplab.lessons.exercise import Verdict, check
from smtplab.lessons.question import Question
from smtplab.lessons.quiz import Asked
from smtplab.lessons.task import Exercise
from smtplab.sandbox import Sandbox


class Attempt:
    """One exercise in one sandbox: the last verdict, and how many hints were asked for."""

    def __init__(self, number: str, sandbox: Sandbox) -> None:
        self.task: Exercise = EXERCISES[number]
        self.sandbox = sandbox
        self.verdict: Verdict | None = None
        self.hinted = 0

    def check(self) -> Verdict:
        self.verdict = check(self.task.number, self.sandbox)
        return self.verdict

    def hint(self) -> str:
        """The next hint; after the last one, the last again."""
        self.hinted = min(self.hinted + 1, len(self.task.hints))
        return self.task.hints[self.hinted - 1]

    @property
    def hints(self) -> tuple[str, ...]:
        """The hints that were asked for so far."""
        return self.task.hints[: self.hinted]

    @property
    def steps(self) -> tuple[tuple[str, bool | None], ...]:
        """Each step, and whether it was seen; None as long as nobody looked."""
        if self.verdict is not None and self.verdict.steps:
            return self.verdict.steps
        return tuple((step.wanted, None) for step in self.task.steps)

    @property
    def missing(self) -> tuple[str, ...]:
        """What the learner reads after a check that did not pass."""
        if self.verdict is None or self.verdict.passed:
            return ()
        if not self.verdict.steps:  # nothing could be checked, and the lines say why
            return (self.verdict.title, *self.verdict.lines)
        first = next(
            step
            for step, (_, seen) in zip(self.task.steps, self.verdict.steps, strict=True)
            if not seen
        )
        help_ = () if first.hint <= self.hinted else (f"Hint {first.hint} helps with that.",)
        return (f"Missing: {first.missing}", *help_)


@dataclass
class Round:
    """A lesson's questions, one at a time; `chosen` is what was answered to each, in order."""

    lesson: str
    at: int = 1
    chosen: dict[int, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known: Lesson = LESSONS[self.lesson]

    @property
    def questions(self) -> tuple[Question, ...]:
        return self.known.questions

    @property
    def question(self) -> Question:
        """The one that is asked now."""
        return self.questions[self.at - 1]

    def answer(self, letter: str) -> Card:
        """Answer the question that is asked now; a letter that it does not have changes nothing."""
        card = Asked(self.lesson, self.at, self.question).answer(letter)
        wanted = str(letter).strip().lower()
        given = self.chosen.setdefault(self.at, [])
        if wanted in self.question.options and not self.is_right(self.at) and wanted not in given:
            given.append(wanted)
        return card

    def turn(self, number: int) -> Question:
        """Go to a question, from 1; past the ends it stays at the end."""
        self.at = max(1, min(number, len(self.questions)))
        return self.question

    def again(self) -> None:
        """Forget all that was answered."""
        self.chosen, self.at = {}, 1

    def given(self, number: int) -> tuple[str, ...]:
        """The letters chosen for a question, in order."""
        return tuple(self.chosen.get(number, ()))

    def is_right(self, number: int) -> bool:
        options = self.questions[number - 1].options
        return any(options[letter].right for letter in self.given(number))

    @property
    def count(self) -> str:
        """How far this is, in words."""
        right = [n for n in range(1, len(self.questions) + 1) if self.is_right(n)]
        first = [n for n in right if len(self.given(n)) == 1]
        return (
            f"{len(right)} of {len(self.questions)} answered right, "
            f"{len(first)} at the first choice"
        )
