"""Reference solutions, and typical wrong submissions with the sentence that the learner reads.

`RIGHT` holds ways that must turn a check green, `WRONG` ways that must not. They stand apart from
the learner's notebooks and travel in no wheel.
"""

from collections.abc import Callable, Mapping

from smtplab import Sandbox
from tests.solutions import lesson00, lesson01, lesson02

Way = Callable[[Sandbox], object]

RIGHT: Mapping[str, tuple[Way, ...]] = lesson00.RIGHT | lesson01.RIGHT | lesson02.RIGHT
WRONG: Mapping[str, tuple[tuple[Way, str], ...]] = lesson00.WRONG | lesson01.WRONG | lesson02.WRONG
