"""The predict gate: the guess first, then the real command, then both side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from smtplab.errors import SMTPLabError
from smtplab.lessons.trial import Outcome, Trial
from smtplab.sandbox import Sandbox
from smtplab.sandbox.little_internet import EXCHANGE
from smtplab.widgets.controls import HTML, Button, HBox, Text, VBox, shown
from smtplab.widgets.lesson_parts import render
from smtplab.widgets.pieces import chips, legend, title
from smtplab.widgets.view import View, named


class PredictGate(View):
    """Ask for the reply code of the last of some lines; nothing is sent before the guess.

    `options` holds the why of each reply code that has a button; any other can be typed.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        question: str,
        lines: Sequence[str | bytes],
        options: Mapping[str, str],
        at: tuple[str, int] = (EXCHANGE, 25),
    ) -> None:
        super().__init__()
        self.model = Trial(sandbox, question, lines, options, at)

        # widgets
        self._bar = HTML()
        self._question = HTML(render.asked(self.model))
        self._options = {
            code: Button(description=code, tooltip=f"I say {code}; then the command goes out")
            for code in self.model.options
        }
        self._field = Text(description="Reply code", placeholder="three digits")
        self._guess = Button(description="Guess", tooltip="Take this guess and send the command")
        self._outcome = HTML()
        self._how = HTML()
        self._again = Button(description="Guess again", tooltip="Forget this guess")

        # layout
        self._choices = named("choices", HBox(list(self._options.values())))
        self._line = named("field", HBox([self._field, self._guess]))
        self._after = named("choices", HBox([self._again]))
        body = named("body", VBox([self._question, self._outcome, self._alert]))
        foot = named("foot", VBox([self._how, self._choices, self._line, self._after]))
        self._frame("part", named("bar", HBox([self._bar])), body, foot)
        self._show()

        # connections
        for code, button in self._options.items():
            button.on_click(self._guarded(partial(self._on_guess, code)))
        self._guess.on_click(self._guarded(lambda: self._on_guess(self._field.value)))
        self._again.on_click(self._guarded(self.model.again))

    # From code.

    def guess(self, code: object) -> Outcome:
        """Make the guess and send the command; raises what the card shows."""
        return self._from_code(lambda: self.model.make(code))

    def again(self) -> None:
        """Forget the guess, so that another one can be made."""
        self._from_code(self.model.again)

    # Steps, and what is shown after each.

    def _on_guess(self, code: str) -> None:
        try:
            self.model.make(code)
        except (SMTPLabError, ValueError) as error:  # the learner can go on from here
            self._fail("There is nothing to compare yet", str(error))

    def _show(self) -> None:
        one = self.model.outcome
        state = f"you said {one.guess}, it was {one.code}" if one else "nothing is sent yet"
        self._bar.value = title("Predict first") + chips([state])
        self._outcome.value = render.outcome(self.model)
        how = "Try another guess: a fresh session begins." if one else "Your guess sends the line."
        self._how.value = legend(how)
        shown(self._choices, one is None and bool(self._options))
        shown(self._line, one is None)
        shown(self._after, one is not None)
        if one is not None:
            self._field.value = ""

    def static_html(self) -> str:
        return render.asked(self.model) + (
            render.outcome(self.model)
            or f"<p>Guess first: {render.short(', '.join(self.model.options) or 'a reply code')}. "
            "Nothing was sent.</p>"
        )

    def static_text(self) -> str:
        return render.gate_text(self.model)
