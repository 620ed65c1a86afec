"""Checks on evidence, and graded hints. Nothing here raises: a learner reads every outcome."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from smtplab.lessons.card import Card
from smtplab.lessons.catalogue import EXERCISES, LESSONS
from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.progress import Kind, note_done
from smtplab.lessons.task import Exercise, Step
from smtplab.sandbox import Sandbox

_NOTHING_YET = Conversation("", "", 0)


@dataclass(frozen=True, repr=False)
class Verdict:
    """What a check found: `passed`, and the card that the learner reads."""

    passed: bool
    title: str
    steps: tuple[tuple[str, bool], ...] = ()
    lines: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        marked = (f"[{'x' if holds else ' '}] {wanted}" for wanted, holds in self.steps)
        return repr(Card(self.title, (*marked, *self.lines)))

    def _repr_html_(self) -> str:
        items = "".join(
            f"<li><b>{'seen' if holds else 'missing'}</b>: {escape(wanted)}</li>"
            for wanted, holds in self.steps
        )
        steps = f"<ul>{items}</ul>" if items else ""
        lines = "".join(f"<p>{escape(line)}</p>" for line in self.lines)
        return f"<p><b>{escape(self.title)}</b></p>{steps}{lines}"


def check(exercise: str, sandbox: Sandbox) -> Verdict:
    """Look at what the sandbox's own servers recorded and stored, and say what is missing."""
    task = EXERCISES.get(str(exercise))
    if task is None:
        return Verdict(False, f"There is no exercise {exercise!r}.", lines=(_there_are(exercise),))
    if type(sandbox) is not Sandbox:
        return Verdict(
            False,
            f"Exercise {task.number}: nothing was checked.",
            lines=(
                f'Write check("{task.number}", sandbox). Only the record of the sandbox\'s own '
                f"servers counts, and this is a {type(sandbox).__name__}.",
            ),
        )
    try:
        return _judge(task, Evidence(sandbox))
    except Exception as error:  # a border: the learner reads what went wrong, and goes on
        return Verdict(
            False,
            f"Exercise {task.number}: the check itself failed.",
            lines=(
                f"{type(error).__name__}: {error}",
                "This is our mistake, not yours. sandbox.restart() and a new attempt may help.",
            ),
        )


def hint(exercise: str, number: int = 1) -> Card:
    """Hint `number` of an exercise, from a nudge to nearly the solution."""
    task = EXERCISES.get(str(exercise))
    if task is None:
        return Card(f"There is no exercise {exercise!r}.", (_there_are(exercise),))
    count = len(task.hints)
    if number not in range(1, count + 1):
        return Card(f"Exercise {task.number} has {count} hints.", (f"Ask for 1 to {count}.",))
    more = (f'Not enough? hint("{task.number}", {number + 1})',) if number < count else ()
    title = f"Exercise {task.number}, hint {number} of {count}"
    return Card(title, (task.hints[number - 1], *more))


def _there_are(exercise: str) -> str:
    """The exercises of the lesson that was meant, or else the lessons."""
    lesson = LESSONS.get(f"{str(exercise).partition('.')[0]:0>2}")
    if lesson is None:
        return f'There are lessons {", ".join(LESSONS)}; an exercise is named like "2.1".'
    return f"There are {', '.join(one.number for one in lesson.exercises)}."


def _judge(task: Exercise, evidence: Evidence) -> Verdict:
    """The conversation that comes furthest counts; among equals the newest."""
    found = [_held(task, evidence, one) for one in (_NOTHING_YET, *evidence.conversations)]
    best = max(reversed(found), key=_leading)
    marked = tuple((step.wanted, holds) for step, holds in zip(task.steps, best, strict=True))
    if all(best):
        note_done(Kind.EXERCISE, task.number)
        return Verdict(True, f"Exercise {task.number}, {task.title}: done.", marked, (task.learnt,))
    missing: Step = task.steps[best.index(False)]
    return Verdict(
        False,
        f"Exercise {task.number}, {task.title}: not yet.",
        marked,
        (
            f"Missing: {missing.missing}",
            f'Next hint: hint("{task.number}", {missing.hint})',
        ),
    )


def _held(task: Exercise, evidence: Evidence, one: Conversation) -> list[bool]:
    """Which steps hold; after the first that does not, none counts: they build on each other."""
    held: list[bool] = []
    for step in task.steps:
        held.append(all(held) and step.holds(evidence, one))
    return held


def _leading(held: list[bool]) -> int:
    return sum(held)
