"""Lessons: checks on evidence, hints, quizzes, predictions, the first cell."""

from itertools import chain
from types import SimpleNamespace

import pytest

import smtplab
from smtplab import Reply, Sandbox, Settings
from smtplab.lessons import (
    begin,
    check,
    conversation,
    fresh_session,
    hint,
    predict,
    quiz,
    signed_in,
)
from smtplab.lessons.catalogue import EXERCISES, LESSONS
from smtplab.lessons.evidence import Evidence
from smtplab.transcript import Kind
from tests.solutions import RIGHT, WRONG

CASES_RIGHT = [(n, way) for n, ways in RIGHT.items() for way in ways]
CASES_WRONG = [(n, way, sentence) for n, ways in WRONG.items() for way, sentence in ways]


@pytest.fixture
def sandbox():
    with Sandbox("memory") as sandbox:
        yield sandbox


def name(value):
    return getattr(value, "__name__", value if isinstance(value, str) and len(value) < 4 else "")


# Right and wrong ways.


@pytest.mark.parametrize(("number", "way"), CASES_RIGHT, ids=name)
def test_a_right_way_turns_its_check_green_and_no_other_of_its_lesson(sandbox, number, way):
    way(sandbox)
    lesson = LESSONS[f"{number.partition('.')[0]:0>2}"]
    numbers = [exercise.number for exercise in lesson.exercises]
    assert [n for n in numbers if check(n, sandbox)] == [number]
    assert EXERCISES[number].learnt in check(number, sandbox).lines


@pytest.mark.parametrize(("number", "way", "sentence"), CASES_WRONG, ids=name)
def test_a_wrong_way_stays_red_and_the_learner_reads_why(sandbox, number, way, sentence):
    way(sandbox)
    verdict = check(number, sandbox)
    assert not verdict.passed
    assert sentence in verdict.lines[0]


@pytest.mark.parametrize("number", EXERCISES)
def test_nothing_done_is_not_done(sandbox, number):
    verdict = check(number, sandbox)
    assert not verdict.passed
    assert not any(holds for _, holds in verdict.steps)
    assert verdict.lines[1] == f'Next hint: hint("{number}", {EXERCISES[number].steps[0].hint})'


def test_a_right_way_over_tcp_is_right_as_well():
    with Sandbox("tcp") as sandbox:
        for number in ("0.2", "1.3", "2.4"):
            RIGHT[number][0](sandbox)
            assert check(number, sandbox)


def test_a_right_way_stays_right_after_wrong_ones(sandbox):
    for way, _ in WRONG["2.1"]:
        way(sandbox)
    RIGHT["2.1"][0](sandbox)
    WRONG["2.1"][0][0](sandbox)
    assert check("2.1", sandbox)


def test_every_exercise_has_a_right_way_two_wrong_ones_and_a_second_path():
    assert set(RIGHT) == set(WRONG) == set(EXERCISES)
    assert all(len(ways) >= 2 for ways in chain(RIGHT.values(), WRONG.values()))


def test_each_lesson_has_three_exercises_and_the_course_fifty():
    counts = {number: len(lesson.exercises) for number, lesson in LESSONS.items()}
    assert min(counts.values()) >= 3 and sum(counts.values()) >= 50, counts


def test_a_content_in_chunks_is_read_as_one_and_keeps_its_dots(sandbox):
    client = fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org")
    client.mail("alice@example.org")
    client.rcpt("bob@example.net")
    client.bdat(b"Subject: Chunks\r\n\r\n")
    client.bdat(b"..\r\n.\r\n", last=True)
    (mail,) = Evidence(sandbox).conversations[-1].accepted()
    assert mail.content == b"Subject: Chunks\r\n\r\n..\r\n.\r\n"
    assert mail.envelope.forward_paths == ("bob@example.net",)


# Forged evidence.


@pytest.mark.parametrize("kind", ["transcript", "look-alike", "client", "nothing"])
def test_only_a_sandbox_is_evidence(sandbox, kind):
    client = sandbox.connect()
    client.ehlo("kiosk.example")
    other = {
        "transcript": client.transcript,
        "look-alike": SimpleNamespace(transcript=client.transcript, settle=lambda: None),
        "client": client,
        "nothing": None,
    }[kind]
    verdict = check("0.1", other)
    assert not verdict.passed
    assert 'Write check("0.1", sandbox).' in verdict.lines[0]


def test_a_subclass_that_brings_its_own_transcript_is_no_evidence(sandbox):
    sandbox.connect().ehlo("kiosk.example")

    class Forged(Sandbox):
        transcript = sandbox.transcript

    with Forged("memory") as forged:
        assert not check("0.1", forged)


def forge(sandbox, connection):
    """Write a conversation that never was; its connection has no octets behind it."""
    place = {"source": "laptop.example.org", "host": "smtp.example.org", "port": 587}
    recorder = sandbox.transcript.recorder(connection, "server")
    recorder.record(Kind.CONNECT, 0, detail=place)
    recorder.record(Kind.COMMAND, 1, b"EHLO kiosk.example\r\n")
    recorder.record(Kind.REPLY, 1, b"250 smtp.example.org\r\n")
    return recorder


def test_a_conversation_written_into_the_transcript_by_hand_is_no_evidence(sandbox):
    forge(sandbox, "c9")
    assert not check("0.1", sandbox)


def test_octets_that_were_something_else_are_no_evidence(sandbox):
    forge(sandbox, "c9").segment("client", b"EHLO laptop.example.org\r\n")
    assert not check("0.1", sandbox)


def test_events_slipped_into_a_real_conversation_are_no_evidence(sandbox):
    sandbox.connect().noop()
    forge(sandbox, "c1")
    assert not check("0.1", sandbox)


def test_who_reads_a_mailbox_first_can_still_be_checked(sandbox):
    """POP3 and IMAP replies have no codes; a check must not fall over them."""
    reader = sandbox.poplib()
    reader.user("bob@example.net")
    reader.pass_("blue-print")
    reader.quit()
    other = sandbox.imaplib()
    other.login("bob@example.net", "blue-print")
    other.logout()
    RIGHT["0.2"][0](sandbox)
    assert check("0.2", sandbox)


def test_what_another_host_did_is_not_the_learner_s(sandbox):
    elsewhere = Settings(source="mx.example.net")
    sandbox.connect(settings=elsewhere).ehlo("kiosk.example")
    assert not check("0.1", sandbox)


def test_a_step_counts_only_after_those_before_it(sandbox):
    RIGHT["1.2"][0](sandbox)  # ends with QUIT, but there was no mail for Carol alone
    assert [holds for _, holds in check("1.1", sandbox).steps] == [True, False, False, False]


# Nothing raises.


@pytest.mark.parametrize("number", ["2.9", 2, "2", "2.1 "])
def test_an_exercise_that_does_not_exist_lists_those_of_its_lesson(sandbox, number):
    assert not check(number, sandbox)
    assert check(number, sandbox).lines == ("There are 2.1, 2.2, 2.3, 2.4.",)
    assert "2.4" in repr(hint(number))


@pytest.mark.parametrize("number", ["99.1", "x", None])
def test_an_exercise_of_no_lesson_lists_the_lessons(sandbox, number):
    assert not check(number, sandbox)
    assert check(number, sandbox).lines[0].startswith("There are lessons 00, 01, 02")


def test_a_check_of_a_stopped_sandbox_still_reads_its_evidence():
    sandbox = Sandbox("memory").start()
    RIGHT["0.2"][0](sandbox)
    sandbox.stop()
    assert check("0.2", sandbox)


def test_a_fault_inside_a_check_is_told_and_not_raised(sandbox, monkeypatch):
    monkeypatch.setattr(Sandbox, "settle", lambda self: 1 / 0)
    verdict = check("0.1", sandbox)
    assert not verdict.passed
    assert verdict.lines[0] == "ZeroDivisionError: division by zero"


def test_the_same_evidence_gives_the_same_words(sandbox):
    sandbox.connect().ehlo()
    assert repr(check("0.1", sandbox)) == repr(check("0.1", sandbox))
    assert check("0.1", sandbox)._repr_html_() == check("0.1", sandbox)._repr_html_()


@pytest.mark.parametrize("number", EXERCISES)
def test_every_step_names_a_hint_that_exists_and_hints_lead_on(number):
    exercise = EXERCISES[number]
    assert {step.hint for step in exercise.steps} <= set(range(1, len(exercise.hints) + 1))
    shown = [repr(hint(number, n)) for n in range(1, len(exercise.hints) + 1)]
    assert all("Not enough?" in text for text in shown[:-1])
    assert "Not enough?" not in shown[-1]
    assert f"has {len(exercise.hints)} hints" in repr(hint(number, 99))


# How it looks.


def test_a_verdict_shows_seen_and_missing_in_text_and_in_html(sandbox):
    WRONG["0.2"][1][0](sandbox)
    verdict = check("0.2", sandbox)
    text, html = repr(verdict), verdict._repr_html_()
    assert "[x] EHLO as the first command" in text
    assert "[ ] then QUIT" in text
    assert "<b>seen</b>: EHLO as" in html
    assert "<b>missing</b>: then QUIT" in html


def test_markup_in_what_a_learner_gives_is_escaped():
    assert "<b>&lt;x&gt;" in predict("<x>", "y")._repr_html_()
    assert "&lt;i&gt;" in predict("q", "<i>")._repr_html_()


# Quizzes.

QUESTIONS = [(n, q) for n, lesson in LESSONS.items() for q in range(1, len(lesson.questions) + 1)]


@pytest.mark.parametrize(("lesson", "number"), QUESTIONS)
def test_every_option_has_its_why_and_one_is_right(lesson, number):
    asked = quiz(lesson, number)
    options = LESSONS[lesson].questions[number - 1].options
    assert list(options) == list("abcd"[: len(options)])
    assert sum(option.right for option in options.values()) == 1
    for letter, option in options.items():
        told = asked.answer(letter)
        assert option.why in told.lines
        assert ("is right" in told.title) == option.right
    right = next(letter for letter, option in options.items() if option.right)
    assert len(asked.answer(f" {right.upper()} ").lines) == len(options) + 1
    assert all(option.text in " ".join(repr(asked).split()) for option in options.values())


def test_a_letter_or_a_question_that_does_not_exist_says_what_there_is():
    assert quiz("00", 1).answer("z").lines == ("Choose from a, b, c.",)
    assert quiz("00", 1).answer("").lines == ("Choose from a, b, c.",)
    assert "Its questions are 1 to 3." in repr(quiz("00", 9))
    assert "There are 00, 01, 02" in repr(quiz("77").answer("a"))


def test_right_options_do_not_all_have_the_same_letter():
    letters = {
        next(letter for letter, option in question.options.items() if option.right)
        for lesson in LESSONS.values()
        for question in lesson.questions
    }
    assert letters == {"a", "b", "c"}


# Predictions.


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        (503, "You said so. Can you also say why?"),
        (" 503 ", "You said so. Can you also say why?"),
        ("500", "The first digit is right"),
        ("250", "You said 250. Read on: the reason follows."),
        ("no idea", "You said no idea. Read on"),
    ],
)
def test_a_guess_is_laid_beside_the_real_reply(guess, said):
    card = predict("?", guess).compare(Reply(503, (b"5.5.1 Bad sequence",)))
    assert card.title == "It was 503."
    assert said in card.lines[0]


@pytest.mark.parametrize("nothing", [None, ..., " "])
def test_what_happened_is_kept_back_from_somebody_who_has_not_guessed(nothing):
    card = predict("?", nothing).compare("a <b>")
    assert "a <b>" not in repr(card) and "run this one again" in repr(card)
    told, fold = card._repr_html_().split("<details>")
    assert "a &lt;b&gt;" not in told and fold.endswith("It was a &lt;b&gt;.</details>")


def test_a_guess_may_be_written_in_any_case():
    assert predict("Inbox or Junk?", "inbox").compare("Inbox").lines[0].startswith("You said so")


def test_a_guess_is_shown_before_it_is_compared():
    assert "Your guess: 250" in repr(predict("Which code?", 250))
    assert "No guess yet" in repr(predict("Which code?"))
    assert predict("How many?", 2).compare(2).lines == ("You said so. Can you also say why?",)


# The first cell.


def test_a_notebook_of_this_version_is_told_no_number():
    card = begin("02", smtplab.__version__)
    assert card.title == "Lesson 02: first conversation"
    assert smtplab.__version__ not in repr(card)


def test_the_first_cell_of_an_appendix_says_that_it_is_one():
    assert begin("errors", smtplab.__version__).title == "Appendix: errors"


@pytest.mark.parametrize(
    ("package", "notebook", "older"),
    [("0.9.0", "0.10.0", "package"), ("0.10.0", "0.9.0", "notebook"), ("1.0", "x", "notebook")],
)
def test_versions_that_differ_say_which_is_older_and_what_to_do(
    monkeypatch, package, notebook, older
):
    monkeypatch.setattr(smtplab, "__version__", package)
    card = begin("00", notebook)
    assert f"The {older} is the older one." in card.lines[1]
    assert package in card.lines[0] and notebook in card.lines[0]


# Fresh sessions and views.


def test_signed_in_is_ready_for_mail(sandbox):
    assert "MAIL" in signed_in(sandbox, "carol@example.org").session.legal_next()


def test_a_fresh_session_has_sent_its_lines(sandbox):
    client = fresh_session(sandbox, "mx.example.net", 25, "EHLO a.example", "NOOP")
    assert "C: EHLO a.example\nS: 250-" in str(client.transcript)
    assert "C: NOOP\nS: 250 " in str(client.transcript)


def test_a_conversation_between_servers_is_seen_from_the_client_s_end(sandbox):
    assert repr(conversation(sandbox, "smtp.example.org", "mx.example.net")) == (
        "There was no such conversation yet."
    )
    RIGHT["1.2"][0](sandbox)
    view = conversation(sandbox, "smtp.example.org", "mx.example.net")
    assert "C: RCPT TO:<bob@example.net>" in repr(view)
    assert repr(view).count("C: QUIT") == 1
    assert view._repr_html_().startswith("<table")


def test_a_conversation_of_the_learner_s_is_seen_from_the_server_s_end(sandbox):
    sandbox.connect().ehlo()
    assert "C: EHLO" in repr(conversation(sandbox, "laptop.example.org", "smtp.example.org"))


def test_a_wrong_choice_leaves_the_question_and_its_options_to_choose_from():
    question = LESSONS["00"].questions[0]
    wrong = next(letter for letter, one in question.options.items() if not one.right)
    shown = " ".join(repr(quiz("00", 1).answer(wrong)).split())
    assert question.text in shown
    assert all(f"{letter}: {one.text}" in shown for letter, one in question.options.items())
