"""Predictions: a guess is written down first and compared with what really happened."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from smtplab.lessons.card import Card
from smtplab.replies import Reply, Severity

NO_GUESS = "No guess yet. Put yours in place of None, then run this cell again."
KEPT_BACK = "Put yours in place of None above and run that cell; then run this one again."


@dataclass(frozen=True, repr=False)
class KeptBack(Card):
    """What is told to somebody without a guess: a page keeps what happened folded."""

    happened: str = ""

    def _repr_html_(self) -> str:
        fold = f"<summary>Show it without a guess</summary>It was {escape(self.happened)}."
        return f"{super()._repr_html_()}<details>{fold}</details>"


@dataclass(frozen=True, repr=False)
class Prediction:
    """A question and the learner's guess."""

    question: str
    guess: object = None

    def compare(self, actual: object) -> Card:
        """Lay the guess beside what happened: a reply, or any other value. First comes a guess."""
        happened = str(actual.code) if isinstance(actual, Reply) else _plain(actual)
        guess = _plain(self.guess)
        if not guess:
            return KeptBack("No guess yet.", (KEPT_BACK,), happened)
        if guess.casefold() == happened.casefold():
            return Card(f"It was {happened}.", ("You said so. Can you also say why?",))
        said = f"You said {guess}."
        if isinstance(actual, Reply) and guess[0] == happened[0]:
            meaning = Severity(actual.code // 100).meaning
            said += f" The first digit is right, and it is the one that decides: {meaning}."
        else:
            said += " Read on: the reason follows."
        return Card(f"It was {happened}.", (said,))

    def __repr__(self) -> str:
        return repr(self._card())

    def _repr_html_(self) -> str:
        return self._card()._repr_html_()

    def _card(self) -> Card:
        guess = _plain(self.guess)
        return Card(self.question, (f"Your guess: {guess}" if guess else NO_GUESS,))


def predict(question: str, guess: object = None) -> Prediction:
    """Write a guess down before the cell that shows what happens."""
    return Prediction(question, guess)


def _plain(value: object) -> str:
    return "" if value is None or value is Ellipsis else str(value).strip()
