"""The final exam and the sheets to print: what they ask and show, and that one page holds each."""

import re

import pytest

from smtplab.lessons import cheat_sheet, exam, exam_sheet, glossary
from smtplab.lessons.exam import SIZE, ExamPart
from smtplab.lessons.lesson15 import PARTS, QUESTIONS
from smtplab.lessons.sheets import WIDTH
from smtplab.reference.tables import table
from tests import browser
from tests.claims import rfc_sections
from tests.solutions.exam_key import key, main

INDEX = rfc_sections()
SHEETS = [cheat_sheet, glossary, exam_sheet]
CITED = re.compile(r"RFC (\d+), ([\w.]*\w)")


def part_of(number, answers=""):
    shown = exam(number, answers)
    assert isinstance(shown, ExamPart)
    return shown


# The exam.


def test_the_exam_has_forty_questions_in_four_parts_and_none_twice():
    assert [len(part) for part in PARTS] == [SIZE] * 4
    assert len({question.text for question in QUESTIONS}) == 40


def test_no_letter_is_the_right_one_too_often():
    letters = "".join(key(part) for part in range(1, 5))
    assert all(11 <= letters.count(letter) <= 15 for letter in "abc")


def test_the_right_option_is_not_always_the_longest():
    longest = [
        max(question.options.values(), key=lambda option: len(option.text)).right
        for question in QUESTIONS
    ]
    assert sum(longest) <= 20


def test_a_wrong_answer_does_not_tell_the_options_twice():
    wrong = "".join("a" if right == "b" else "b" for right in key(1))
    shown = " ".join(repr(part_of(1, wrong)).split())
    first = next(iter(QUESTIONS[0].options.values())).text
    assert "is not the one" in shown and shown.count(f": {first}") == 1


@pytest.mark.parametrize("part", [1, 2, 3, 4])
def test_a_part_with_all_answers_right_says_so(part):
    shown = part_of(part, key(part))
    assert shown.right == SIZE
    assert f"Right: {SIZE} of {SIZE} answered." in repr(shown)
    assert "is not the one" not in repr(shown)


def test_a_part_without_answers_tells_no_right_one():
    shown = repr(exam(1))
    assert not any(words in shown for words in ("is right", "Right:", "There is no option"))
    assert all(question.text in " ".join(shown.split()) for question in PARTS[0])


def test_a_wrong_letter_is_told_with_its_why_and_the_right_one_stays_unknown():
    right = key(1)[0]
    wrong = "b" if right != "b" else "c"
    options = PARTS[0][0].options
    shown = " ".join(repr(exam(1, wrong)).split())
    assert "Right: 0 of 1 answered." in shown
    assert options[wrong].why in shown
    assert options[right].why not in shown


def test_spaces_capitals_and_left_out_questions_are_fine():
    letters = key(2)
    assert part_of(2, f"{letters[:5].upper()} {letters[5:]}").right == SIZE
    assert part_of(2, "-" + letters[1:]).right == SIZE - 1
    assert "Right: 9 of 9 answered." in repr(exam(2, "-" + letters[1:]))


@pytest.mark.parametrize("part", [0, 5, "1", None])
def test_a_part_that_does_not_exist_says_which_there_are(part):
    assert "There are parts 1 to 4." in repr(exam(part))


def test_too_many_letters_are_told_and_a_strange_one_too():
    assert "these are 11 letters" in repr(exam(1, "a" * 11))
    assert "Choose from a, b, c." in repr(exam(1, "z"))
    assert part_of(1, "z").right == 0


def test_markup_in_answers_is_escaped():
    assert "<b>x" not in exam(1, "<b>x")._repr_html_()
    assert "&lt;" in exam(1, "<b>x")._repr_html_()


# The sheets.


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_text_of_a_sheet_fits_a_terminal(sheet):
    assert max(map(len, repr(sheet()).splitlines())) <= WIDTH


@pytest.mark.parametrize("sheet", SHEETS)
def test_text_notebook_and_page_of_a_sheet_hold_every_row(sheet):
    text = " ".join(repr(sheet()).split())
    for section in sheet().sections:
        for term, told in section.rows:
            meaning = " ".join(told.split())
            assert f"{term} {meaning}" in text or f"{term}: {meaning}" in text
    assert sheet()._repr_html_().count("<tr>") == sum(len(s.rows) for s in sheet().sections)
    assert sheet().page.count("<p>") == sum(len(s.rows) for s in sheet().sections)


def test_the_cheat_sheet_says_what_the_reference_says():
    rows = {term: meaning for section in cheat_sheet().sections for term, meaning in section.rows}
    for name, term in (("ports", "465"), ("verbs", "RSET"), ("reply_codes", "421")):
        assert rows[term] == f"{table(name)[term].title}."
    assert "SOML" not in rows and "x5z" not in rows


def test_the_sheet_of_the_exam_asks_all_and_tells_no_answer():
    text = " ".join(repr(exam_sheet()).split())
    for question in QUESTIONS:
        assert question.text in text
        assert all(f"{key}: {option.text}" in text for key, option in question.options.items())
        assert not any(option.why in text for option in question.options.values())
    assert [section.heading for section in exam_sheet().sections][-1] == "Tasks, on the sandbox"


def test_the_key_for_whoever_marks_is_printed_part_by_part(capsys):
    main()
    printed = [line.split(": ")[1] for line in capsys.readouterr().out.splitlines()]
    assert [part_of(n, letters).right for n, letters in enumerate(printed, 1)] == [SIZE] * 4


def test_a_sheet_is_saved_as_a_whole_page(tmp_path):
    path = cheat_sheet().save(tmp_path / "cheat-sheet.html")
    assert path.read_text("utf-8") == cheat_sheet().page
    assert path.read_bytes().startswith(b"<!doctype html>")


@pytest.mark.parametrize("text", [repr(glossary()), repr([q.source for q in QUESTIONS])])
def test_every_section_that_is_cited_exists_where_we_have_the_index(text):
    found = CITED.findall(" ".join(text.split()))
    assert len(found) >= 40
    missing = [(n, s) for n, s in found if n in INDEX and s not in INDEX[n]]
    assert not missing


@pytest.mark.browser
@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("sheet", SHEETS)
def test_a_sheet_prints_on_one_page(sheet, paper, tool, tmp_path):
    with browser.chromium(tool("chromium")) as chromium:
        page = chromium.new_page()
        page.goto(sheet().save(tmp_path / "sheet.html").as_uri())
        octets = page.pdf(format=paper, landscape=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", octets)) == 1
