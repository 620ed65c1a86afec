"""What the lesson parts put on a page: predict gate, exercise, quiz and progress. Pure functions.

One form serves the live card and the static one: plain tags that say all in words.
"""

from __future__ import annotations

from collections.abc import Iterable

from smtplab.lessons.attempt import Attempt, Round
from smtplab.lessons.card import Card
from smtplab.lessons.catalogue import LESSONS
from smtplab.lessons.progress import Done
from smtplab.lessons.trial import Outcome, Trial
from smtplab.transcript import as_html, as_text
from smtplab.transcript.rendering import visible
from smtplab.widgets.pieces import safe, table

MOST_SHOWN = 2000  # characters of one text from the wire or the learner; ours to choose

_MARKS = {True: "seen", False: "missing", None: "to do"}


def short(text: str) -> str:
    """A text that is safe on a page and bounded; what was left out is counted."""
    left_out = len(text) - MOST_SHOWN
    return safe(text[:MOST_SHOWN]) + (f" (… {left_out} more characters)" if left_out > 0 else "")


# The predict gate.


def asked(trial: Trial) -> str:
    """The question, and what will leave once the guess is made."""
    lines = [visible(octets.decode("utf-8", "replace").rstrip("\r\n")) for octets in trial.lines]
    before = ", ".join(f"<code>{short(one)}</code>" for one in lines[:-1])
    return (
        f'<p class="smtplab-question"><b>{short(trial.question)}</b></p>'
        f"<p>This line goes to {safe(trial.host)}, port {trial.port}"
        f"{f', after {before}' if before else ''}:</p>"
        f'<p><code class="smtplab-line">{short(lines[-1])}</code></p>'
    )


def outcome(trial: Trial) -> str:
    """Guess and reply side by side, then the why of each option; "" before the guess."""
    one = trial.outcome
    if one is None:
        return ""
    text = one.reply.octets.decode("utf-8", "replace").rstrip("\r\n")
    both = (
        '<table class="smtplab-table smtplab-both"><thead><tr><th scope="col">You said</th>'
        '<th scope="col">The server said</th></tr></thead><tbody><tr>'
        f'<td><b class="smtplab-big">{safe(one.guess)}</b></td>'
        f'<td><b class="smtplab-big">{safe(one.code)}</b><br>'
        f"<code>{'<br>'.join(map(short, text.splitlines()))}</code></td></tr></tbody></table>"
    )
    rows = [
        (f"<b>{safe(code)}</b>", f"{_mark(one, code)}{short(why)}")
        for code, why in trial.options.items()
    ]
    why = table("Why each reply fits, or does not", ("Reply", "Why"), rows) if rows else ""
    explained = one.reply.explanation
    return (
        f"{both}<p><b>{'Right' if one.guess == one.code else 'Different'}.</b> "
        f"{short(' '.join(one.compared.lines))}</p>{why}"
        f"<p>{short(explained.meaning)} <i>{short(explained.source)}</i></p>"
        f"<details><summary>The whole conversation</summary>{as_html(one.events)}</details>"
    )


def gate_text(trial: Trial) -> str:
    """The gate in plain text."""
    if trial.outcome is None:
        choices = ", ".join(trial.options) or "a reply code"
        return repr(Card(visible(trial.question), (f"Guess first: {choices}. Nothing was sent.",)))
    one = trial.outcome
    whys = (f"{code}: {visible(why)}" for code, why in trial.options.items())
    both = f"You said {one.guess}. The server said {one.code}."
    return f"{Card(visible(trial.question), (both, *whys))!r}\n{as_text(one.events)}"


def _mark(one: Outcome, code: str) -> str:
    marks = ("your guess" * (code == one.guess), "what came" * (code == one.code))
    said = " and ".join(filter(None, marks)).capitalize()
    return f"<b>{said}.</b> " if said else ""


# The exercise card.


def steps(attempt: Attempt) -> str:
    """The steps in their order, each with its mark in words."""
    rows = [
        (f'<b class="smtplab-{_MARKS[seen].replace(" ", "-")}">{_MARKS[seen]}</b>', safe(wanted))
        for wanted, seen in attempt.steps
    ]
    return table("What the servers' record must show", ("State", "Step"), rows)


def findings(attempt: Attempt) -> str:
    """After a check: what is missing, or what was learnt."""
    if attempt.verdict is not None and attempt.verdict.passed:
        learnt = short(attempt.task.learnt)
        return f'<p><b class="smtplab-seen">Done.</b> What you learnt: {learnt}</p>'
    return "".join(f"<p>{short(line)}</p>" for line in attempt.missing)


def hints(attempt: Attempt) -> str:
    """The hints so far, from a nudge to nearly the solution."""
    count = len(attempt.task.hints)
    told = (
        f"<p><b>Hint {n} of {count}.</b> {short(hint)}</p>"
        for n, hint in enumerate(attempt.hints, 1)
    )
    return "".join(told)


def exercise_state(attempt: Attempt) -> str:
    """The state in a few words, for the bar of the card."""
    if attempt.verdict is None:
        return "not checked yet"
    if attempt.verdict.passed:
        return "done"
    seen = sum(bool(holds) for _, holds in attempt.verdict.steps)
    return f"not yet: {seen} of {len(attempt.task.steps)} steps seen"


def exercise_text(attempt: Attempt) -> str:
    """The card in plain text."""
    marked = (f"[{_MARKS[seen]}] {wanted}" for wanted, seen in attempt.steps)
    end = (
        (attempt.task.learnt,)
        if attempt.verdict is not None and attempt.verdict.passed
        else attempt.missing
    )
    hinted = (f"Hint {n}: {hint}" for n, hint in enumerate(attempt.hints, 1))
    title = f"Exercise {attempt.task.number}, {attempt.task.title}: {exercise_state(attempt)}"
    return repr(Card(title, (*marked, *end, *hinted)))


# The quiz card.


def question(round_: Round, number: int) -> str:
    """One question's text."""
    count, text = len(round_.questions), round_.questions[number - 1].text
    return f'<p class="smtplab-question"><b>Question {number} of {count}. {short(text)}</b></p>'


def options(round_: Round, number: int) -> str:
    """The options of one question; once it is answered right, each with its why."""
    asked_, given = round_.questions[number - 1], round_.given(number)
    rows = [
        (f"<b>{safe(letter)}</b>", short(option.text), _why(round_, number, letter))
        for letter, option in asked_.options.items()
    ]
    columns = 3 if given else 2  # no empty column before there is a why
    head = ("Letter", "Option", "Why")[:columns]
    source = f"<p>Source: {safe(asked_.source)}</p>" if round_.is_right(number) else ""
    return table("Options", head, [row[:columns] for row in rows]) + source


def _why(round_: Round, number: int, letter: str) -> str:
    option = round_.questions[number - 1].options[letter]
    chosen = letter in round_.given(number)
    if not chosen and not round_.is_right(number):
        return ""
    mark = ("right" if option.right else "not the one") + (", your choice" if chosen else "")
    name = "seen" if option.right else "missing" if chosen else "to-do"
    return f'<b class="smtplab-{name}">{mark}.</b> {short(option.why)}'


def quiz_html(round_: Round) -> str:
    """All questions of the lesson in plain tags."""
    all_ = range(1, len(round_.questions) + 1)
    body = "".join(question(round_, n) + options(round_, n) for n in all_)
    return f"<p><b>Quiz of lesson {safe(round_.lesson)}</b>: {safe(round_.count)}</p>{body}"


def quiz_text(round_: Round) -> str:
    """All questions of the lesson in plain text."""
    cards = [Card(f"Quiz of lesson {round_.lesson}: {round_.count}")]
    for number, one in enumerate(round_.questions, 1):
        lines = []
        for letter, option in one.options.items():
            known = letter in round_.given(number) or round_.is_right(number)
            lines.append(f"{letter}: {option.text}" + (f" {option.why}" if known else ""))
        cards.append(Card(f"Question {number}. {one.text}", tuple(lines)))
    return "\n".join(map(repr, cards))


# Progress.


def progress_rows(done: Done) -> list[tuple[str, str, str]]:
    """Per lesson: its number and title, its exercises and its questions, each with its mark."""
    return [
        (
            f"{number} {lesson.title}",
            _marks((one.number, one.number in done.exercises) for one in lesson.exercises),
            _marks(
                (str(n), f"{number}.{n}" in done.questions)
                for n in range(1, len(lesson.questions) + 1)
            ),
        )
        for number, lesson in LESSONS.items()
    ]


def _marks(pairs: Iterable[tuple[str, bool]]) -> str:
    found = list(pairs)
    done = [name for name, holds in found if holds]
    to_do = [name for name, holds in found if not holds]
    parts = (
        f"{title}: {', '.join(names)}"
        for title, names in (("done", done), ("to do", to_do))
        if names
    )
    return "; ".join(parts) or "none"


def progress_count(done: Done) -> str:
    """How far the course is, in words."""
    lessons = list(LESSONS.items())
    exercises = [one.number for _, lesson in lessons for one in lesson.exercises]
    questions = [f"{n}.{i + 1}" for n, one in lessons for i in range(len(one.questions))]
    return (
        f"{sum(n in done.exercises for n in exercises)} of {len(exercises)} exercises and "
        f"{sum(n in done.questions for n in questions)} of {len(questions)} questions done"
    )


def progress_table(done: Done) -> str:
    """The course as a list."""
    rows = [tuple(map(safe, row)) for row in progress_rows(done)]
    return table("The course", ("Lesson", "Exercises", "Questions"), rows)
