"""The quiz card: a lesson's questions one after the other, each option with its why."""

from __future__ import annotations

from functools import partial

from smtplab.lessons.attempt import Round
from smtplab.lessons.card import Card
from smtplab.lessons.catalogue import LESSONS
from smtplab.widgets.controls import HTML, Button, HBox, VBox, shown
from smtplab.widgets.lesson_parts import render
from smtplab.widgets.pieces import chips, title
from smtplab.widgets.view import View, named


class QuizCard(View):
    """The quiz of a lesson, such as "02". `quiz("02", 1).answer("a")` does the same in code."""

    def __init__(self, lesson: str) -> None:
        super().__init__()
        if lesson not in LESSONS:
            raise ValueError(f"there is no lesson {lesson!r}; there are {', '.join(LESSONS)}")
        self.model = Round(lesson)
        letters = sorted({letter for one in self.model.questions for letter in one.options})

        # widgets
        self._bar = HTML()
        self._question = HTML()
        self._options = {letter: Button(description=letter) for letter in letters}
        self._whys = HTML()
        self._before = Button(description="Previous question")
        self._next = Button(description="Next question")
        self._again = Button(description="Start over", tooltip="Forget all answers of this card")

        # layout
        body = VBox([self._question, self._whys, self._alert])
        choices = named("choices", HBox([HTML("Your answer"), *self._options.values()]))
        turning = named("choices", HBox([self._before, self._next]))
        bar = named("bar", HBox([self._bar, self._again]))
        self._frame("part", bar, named("body", body), named("foot", VBox([choices, turning])))
        self._show()

        # connections
        for letter, button in self._options.items():
            button.on_click(self._guarded(partial(self.model.answer, letter)))
        self._before.on_click(self._guarded(lambda: self.model.turn(self.model.at - 1)))
        self._next.on_click(self._guarded(lambda: self.model.turn(self.model.at + 1)))
        self._again.on_click(self._guarded(self.model.again))

    # From code.

    def answer(self, letter: str) -> Card:
        """Answer the question that is shown."""
        return self._from_code(lambda: self.model.answer(letter))

    def turn(self, number: int) -> None:
        """Show a question, from 1."""
        self._from_code(lambda: self.model.turn(number))

    def again(self) -> None:
        """Forget all answers."""
        self._from_code(self.model.again)

    # What is shown after each step.

    def _show(self) -> None:
        model = self.model
        self._bar.value = title(f"Quiz of lesson {model.lesson}") + chips([model.count])
        self._question.value = render.question(model, model.at)
        self._whys.value = render.options(model, model.at)
        right, given = model.is_right(model.at), model.given(model.at)
        for letter, button in self._options.items():
            option = model.question.options.get(letter)
            shown(button, option is not None)
            button.disabled = right or letter in given
            button.tooltip = option.text if option else ""
        self._before.disabled = model.at == 1
        self._next.disabled = model.at == len(model.questions)

    def static_html(self) -> str:
        return render.quiz_html(self.model)

    def static_text(self) -> str:
        return render.quiz_text(self.model)
