"""How a question of the exam is written down: options in order, each with its why."""

from __future__ import annotations

from smtplab.lessons.question import Option, Question

LETTERS = "abc"


def ask(text: str, source: str, right: str, *options: tuple[str, str]) -> Question:
    """A question; `right` is the letter of the right option, `options` are text and why.

    >>> ask("Who speaks first?", "RFC 5321, 3.1", "b", ("I.", "No."), ("It.", "Yes.")).source
    'RFC 5321, 3.1'
    """
    if not right or right not in LETTERS[: len(options)]:
        raise ValueError(f"no option has the letter {right!r}")
    named = zip(LETTERS, options, strict=False)
    return Question(
        text,
        {letter: Option(told, why, letter == right) for letter, (told, why) in named},
        source,
    )
