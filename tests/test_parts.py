"""The lesson parts without a browser: predict gate, exercise, quiz, start over."""

from typing import cast

import pytest

from smtplab import ExerciseCard, PredictGate, QuizCard, Sandbox, StartOver
from smtplab.errors import ConnectionLost
from smtplab.lessons.attempt import Attempt, Round
from smtplab.lessons.catalogue import EXERCISES, LESSONS
from smtplab.lessons.trial import Trial, read_code
from smtplab.transcript import Kind
from smtplab.widgets.lesson_parts import render
from smtplab.widgets.view import css
from tests.solutions import RIGHT, WRONG

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\u202e\0"
QUESTION = "Which reply code does DATA get right after EHLO?"
LINES = ["EHLO laptop.example.org", "DATA"]
OPTIONS = {
    "354": "It would say: the content may come. No recipient is named yet.",
    "503": "DATA wants MAIL and RCPT before it. The order is wrong.",
}


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request):
    with Sandbox(request.param, plain=True) as running:
        yield running


@pytest.fixture
def memory():
    with Sandbox("memory", plain=True) as running:
        yield running


def gate(sandbox, lines=LINES, options=OPTIONS, at=("mx.example.net", 25)):
    return PredictGate(sandbox, QUESTION, lines, options, at)


def sent(sandbox):
    return [event.octets for event in sandbox.transcript.events if event.kind is Kind.COMMAND]


def page(widget):
    """Everything that the front end is given to show as HTML, without the style sheet."""
    found = [widget.view]
    for one in found:
        found.extend(getattr(one, "children", ()))
    texts = (getattr(one, "value", "") for one in found)
    return "".join(t for t in texts if isinstance(t, str) and not t.startswith("<style>"))


# The predict gate.


def test_nothing_leaves_before_the_guess_not_even_a_connection(memory):
    one = gate(memory)
    assert memory.transcript.events == ()
    assert "nothing is sent yet" in page(one)
    assert OPTIONS["503"] not in page(one) + one.static_html() + one.static_text()


def test_a_click_on_an_option_sends_the_real_command_and_shows_both(sandbox):
    one = gate(sandbox)
    one._options["354"].click()
    assert b"DATA\r\n" in sent(sandbox)
    assert "you said 354, it was 503" in page(one)
    for text in OPTIONS.values():
        assert text in page(one) and text in one.static_html() and text in one.static_text()
    assert "503 5.5.1 Bad sequence" in page(one)


def test_a_click_and_the_same_guess_from_code_show_the_same(sandbox):
    clicked, coded = gate(sandbox), gate(sandbox)
    clicked._options["503"].click()
    assert coded.guess(503).reply.code == 503
    assert clicked.static_text() == coded.static_text()
    assert clicked.static_html() == coded.static_html()
    assert "You said so. Can you also say why?" in page(clicked)


def test_the_static_form_is_the_same_over_tcp_and_in_memory():
    forms = set()
    for transport in ("memory", "tcp"):
        with Sandbox(transport, plain=True) as sandbox:
            one = gate(sandbox)
            one.guess(354)
            forms.add((one.static_text(), one.static_html()))
    assert len(forms) == 1


def test_a_code_that_has_no_button_can_be_typed(memory):
    one = gate(memory)
    one._field.value = " 502 "
    one._guess.click()
    assert one.model.outcome.guess == "502"
    assert "The first digit is right" in page(one)


@pytest.mark.parametrize("typed", ["", "50", "5033", "abc", "650", "٥٠٣", HOSTILE])
def test_what_is_no_reply_code_sends_nothing_and_says_what_one_is(memory, typed):
    one = gate(memory)
    one._field.value = typed
    one._guess.click()
    assert sent(memory) == []
    assert "A reply code is three digits" in page(one)
    with pytest.raises(ValueError, match="three digits"):
        one.guess(typed)


def test_a_guess_is_made_once_and_guess_again_begins_a_fresh_session(memory):
    one = gate(memory)
    one.guess(354)
    with pytest.raises(ValueError, match="Guess again"):
        one.guess(503)
    one._again.click()
    assert "nothing is sent yet" in page(one)
    one.guess(503)
    assert sent(memory).count(b"DATA\r\n") == 2


def test_a_door_that_nobody_keeps_is_told_on_the_card_and_the_guess_is_free_again(memory):
    one = gate(memory, at=("mx.example.net", 26))
    one._options["354"].click()
    assert "There is nothing to compare yet" in page(one)
    with pytest.raises(ConnectionLost):
        one.guess(354)
    assert one.model.outcome is None


def test_starttls_in_the_lines_begins_tls_and_what_follows_goes_inside(memory):
    lines = ["EHLO laptop.example.org", "STARTTLS", "EHLO laptop.example.org"]
    outcome = gate(memory, lines, {}, ("smtp.example.org", 587)).guess(250)
    assert outcome.code == "250" and outcome.events[-1].tls


def test_octets_go_out_as_they_are(memory):
    outcome = gate(memory, [b"NOOP\n"], {}).guess(250)
    assert outcome.code == "500"


@pytest.mark.parametrize("lines", [[], "DATA", b"DATA"])
def test_a_gate_without_a_list_of_lines_is_refused(memory, lines):
    with pytest.raises(ValueError, match="lines is a list"):
        Trial(memory, QUESTION, lines, OPTIONS)


def test_an_option_that_is_no_reply_code_is_refused(memory):
    with pytest.raises(ValueError, match="three digits"):
        Trial(memory, QUESTION, LINES, {"a": "why"})
    assert read_code("421") == "421"


def test_markup_in_question_line_option_and_reply_is_text(memory):
    one = PredictGate(memory, HOSTILE, ["NOOP <b onclick=x>\u202e"], {"250": HOSTILE})
    one.guess(250)
    for form in (page(one), one.static_html()):
        assert "<script" not in form and "<img" not in form and "<b onclick" not in form
        assert "\u202e" not in form and "\0" not in form
    assert "\u202e" not in one.static_text() and "\0" not in one.static_text()


def test_a_very_long_line_is_bounded_on_the_page(memory):
    one = gate(memory, ["NOOP " + "x" * 1_000_000], {})
    assert len(page(one)) < 10_000
    assert "more characters" in page(one)


def test_the_password_of_a_login_is_hidden(memory):
    lines = ["EHLO laptop.example.org", "STARTTLS", "EHLO laptop.example.org",
             "AUTH PLAIN AGFsaWNlQGV4YW1wbGUub3JnAGxvb2tpbmctZ2xhc3M="]  # fmt: skip
    one = gate(memory, lines, {}, ("smtp.example.org", 587))
    assert one.guess(235).code == "235"
    conversation = one.static_html().partition("<details>")[2]
    assert "AGFsaWNl" not in conversation


# The exercise card.


@pytest.mark.parametrize("number", EXERCISES)
def test_the_card_of_each_exercise_goes_from_to_do_to_done(number):
    first_lessons = number.partition(".")[0] in ("0", "1", "2")
    with Sandbox("memory", plain=first_lessons) as world:  # the world that the lesson is held in
        card = ExerciseCard(number, world)
        assert "not checked yet" in page(card) and "to do" in card.static_text()
        assert EXERCISES[number].learnt not in card.static_text()
        RIGHT[number][0](world)
        card._check.click()
        assert render.exercise_state(card.model) == "done"
        assert render.short(EXERCISES[number].learnt) in page(card)
        assert '<b class="smtplab-missing">' not in page(card)


def test_a_wrong_way_says_what_is_missing_and_which_hint_helps(memory):
    way, sentence = WRONG["2.1"][0]
    way(memory)
    card = ExerciseCard("2.1", memory)
    assert not card.check().passed
    assert '<b class="smtplab-missing">missing</b>' in page(card)
    assert render.short(sentence) in page(card)
    assert "helps with that" in page(card)


def test_hints_come_level_by_level_and_end(memory):
    card = ExerciseCard("2.1", memory)
    hints = EXERCISES["2.1"].hints
    for n, text in enumerate(hints, 1):
        assert card._hint.description == f"Hint {n} of {len(hints)}"
        card._hint.click()
        assert render.short(text) in page(card)
    assert card._hint.disabled and card._hint.description == "No more hints"
    assert card.hint() == hints[-1]
    assert f"Hint {len(hints)}: " in card.static_text()


def test_the_card_takes_evidence_only_and_never_raises():
    card = ExerciseCard("2.1", cast(Sandbox, object()))
    card._check.click()
    assert "nothing was checked" in page(card) and "to do" in page(card)
    assert not Attempt("2.1", cast(Sandbox, None)).check()


def test_an_unknown_exercise_is_refused_where_it_is_written(memory):
    with pytest.raises(ValueError, match="no exercise \"?'?9.9"):
        ExerciseCard("9.9", memory)


# The quiz card.


def right_letter(question):
    return next(letter for letter, option in question.options.items() if option.right)


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_quiz_can_be_answered_to_its_end_by_clicks(lesson):
    card = QuizCard(lesson)
    total = len(LESSONS[lesson].questions)
    for number, question in enumerate(LESSONS[lesson].questions, 1):
        assert f"Question {number} of {total}." in page(card)
        card._options[right_letter(question)].click()
        for option in question.options.values():
            assert render.short(option.why) in page(card)
        assert question.source in page(card)
        card._next.click()
    assert f"{total} of {total} answered right, {total} at the first choice" in page(card)
    assert card._next.disabled and not card._before.disabled


def test_a_wrong_choice_says_why_and_leaves_the_others_open():
    card = QuizCard("02")
    question = LESSONS["02"].questions[0]
    card._options["a"].click()
    assert render.short(question.options["a"].why) in page(card)
    assert render.short(question.options["b"].why) not in page(card)
    assert card._options["a"].disabled and not card._options["b"].disabled
    card.answer("b")
    assert "1 of 5 answered right, 0 at the first choice" in page(card)
    assert all(button.disabled for button in card._options.values())


def test_the_whole_quiz_stands_in_its_static_form_without_the_answers():
    card = QuizCard("02")
    for question in LESSONS["02"].questions:
        assert render.short(question.text) in card.static_html()
        for option in question.options.values():
            assert option.why not in card.static_text()


def test_start_over_forgets_the_answers_of_the_card():
    card = QuizCard("02")
    card.answer("b")
    card.turn(99)
    assert card.model.at == 5
    card._again.click()
    assert "0 of 5 answered right" in page(card) and card.model.at == 1


def test_an_unknown_letter_or_lesson_changes_nothing():
    round_ = Round("02")
    assert "There is no option 'z'" in repr(round_.answer("z"))
    assert round_.given(1) == ()
    with pytest.raises(ValueError, match="there is no lesson '77'"):
        QuizCard("77")


# Starting the sandbox over.


def test_one_click_starts_the_sandbox_over_with_empty_mailboxes(sandbox):
    RIGHT["2.4"][0](sandbox)
    sandbox.settle()
    assert sandbox.inbox("bob@example.net")
    widget = StartOver(sandbox)
    widget._button.click()
    assert sandbox.is_running and not sandbox.inbox("bob@example.net")
    assert "started over once" in page(widget)
    assert widget.press() is sandbox
    assert "started over 2 times" in widget.static_text()


def test_a_console_and_a_gate_go_on_after_a_start_over(memory):
    one = gate(memory)
    StartOver(memory).press()
    assert one.guess(503).code == "503"


# What all share.


def test_every_part_shows_html_and_text_and_has_its_style_sheet(memory):
    assert ".smtplab-part" in css("part")
    for widget in (gate(memory), ExerciseCard("2.1", memory), QuizCard("02"), StartOver(memory)):
        bundle = widget._repr_mimebundle_()
        assert set(bundle) == {"text/plain", "text/html"}
        assert "<style" not in widget.static_html()
