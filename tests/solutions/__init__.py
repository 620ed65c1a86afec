"""Reference solutions, and typical wrong submissions with the sentence that the learner reads.

`RIGHT` holds ways that must turn a check green, `WRONG` ways that must not. They stand apart from
the learner's notebooks and travel in no wheel.
"""

from collections.abc import Callable
from importlib import import_module

from smtplab import Sandbox
from smtplab.lessons.catalogue import LESSONS

Way = Callable[[Sandbox], object]

RIGHT: dict[str, tuple[Way, ...]] = {}
WRONG: dict[str, tuple[tuple[Way, str], ...]] = {}

for number in LESSONS:
    of_lesson = import_module(f"tests.solutions.lesson{number}")
    RIGHT |= of_lesson.RIGHT
    WRONG |= of_lesson.WRONG
