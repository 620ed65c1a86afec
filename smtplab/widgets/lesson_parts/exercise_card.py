"""The exercise card: steps, a check on what the servers recorded, hints level by level."""

from __future__ import annotations

from smtplab.lessons.attempt import Attempt
from smtplab.lessons.catalogue import EXERCISES
from smtplab.lessons.exercise import Verdict
from smtplab.sandbox import Sandbox
from smtplab.widgets.controls import HTML, Button, HBox, VBox
from smtplab.widgets.lesson_parts import render
from smtplab.widgets.pieces import chips, title
from smtplab.widgets.view import View, named


class ExerciseCard(View):
    """One exercise, such as "2.1". `check(number, sandbox)` and `hint(number, n)` do the same."""

    def __init__(self, number: str, sandbox: Sandbox) -> None:
        super().__init__()
        if number not in EXERCISES:
            raise ValueError(f'there is no exercise {number!r}; one is named like "2.1"')
        self.model = Attempt(number, sandbox)

        # widgets
        self._bar = HTML()
        self._steps = HTML()
        self._findings = HTML()
        self._hints = HTML()
        self._check = Button(description="Check", tooltip="Look at what the servers recorded")
        self._hint = Button()

        # layout
        body = VBox([self._steps, self._findings, self._hints, self._alert])
        foot = named("choices", HBox([named("first", self._check), self._hint]))
        bar = named("bar", HBox([self._bar]))
        self._frame("part", bar, named("body", body), named("foot", VBox([foot])))
        self._show()

        # connections
        self._check.on_click(self._guarded(self.model.check))
        self._hint.on_click(self._guarded(self.model.hint))

    # From code.

    def check(self) -> Verdict:
        """Press Check."""
        return self._from_code(self.model.check)

    def hint(self) -> str:
        """Press the button for the next hint."""
        return self._from_code(self.model.hint)

    # What is shown after each step.

    def _show(self) -> None:
        model, task = self.model, self.model.task
        state = render.exercise_state(model)
        self._bar.value = title(f"Exercise {task.number}: {task.title}") + chips([state])
        self._steps.value = render.steps(model)
        self._findings.value = render.findings(model)
        self._hints.value = render.hints(model)
        left = model.hinted < len(task.hints)
        self._hint.disabled = not left
        self._hint.description = (
            f"Hint {model.hinted + 1} of {len(task.hints)}" if left else "No more hints"
        )
        self._hint.tooltip = "Show the next hint" if left else "All hints are shown"

    def static_html(self) -> str:
        task = self.model.task
        head = f"Exercise {task.number}: {task.title}"
        return (
            f"<p><b>{render.short(head)}</b>, {render.exercise_state(self.model)}</p>"
            f"{render.steps(self.model)}{render.findings(self.model)}{render.hints(self.model)}"
        )

    def static_text(self) -> str:
        return render.exercise_text(self.model)
