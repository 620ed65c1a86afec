"""The questions that people ask: each names a section that exists, and what is shown there."""

import re

import nbformat
import pytest

from docs.questions import Question, page, questions

ASKED = questions()
FORMS = ("text/plain", "text/html")


def outputs_under(question: Question) -> str | None:
    """The stored outputs from its heading to the next one that is not below it; no heading: None.

    A cell of prose may have several headings: the code behind it belongs to the last of them.
    """
    found: list[str] = []
    seen = level = 0
    for cell in nbformat.read(question.path, as_version=4).cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"^```.*?^```", "", cell.source, flags=re.MULTILINE | re.DOTALL)
            for mark, heading in re.findall(r"^(#+) (.+)$", prose, re.MULTILINE):
                if heading == question.heading:
                    seen, level = seen + 1, len(mark)
                elif len(mark) <= level:
                    level = 0
        elif level:
            found += map(text_of, cell.outputs)
    assert seen <= 1, f"{question.heading!r} stands twice in {question.path.name}"
    return "\n".join(found) if seen else None


def text_of(output: nbformat.NotebookNode) -> str:
    return output.get("text", "") + "".join(output.get("data", {}).get(form, "") for form in FORMS)


@pytest.mark.parametrize("question", ASKED, ids=[one.asks for one in ASKED])
def test_the_section_is_there_and_shows_the_answer(question: Question) -> None:
    shown = outputs_under(question)
    assert shown is not None, f"{question.path.name} has no heading {question.heading!r}"
    assert bool(question.shows) + bool(question.told) + bool(question.open) == 1
    assert question.shows in shown, shown


def test_more_than_a_hundred_are_answered_and_nearly_all_are_shown() -> None:
    assert len({one.asks for one in ASKED}) == len(ASKED)
    shown = [one for one in ASKED if one.shows]
    assert len(shown) >= 100
    assert len(shown) >= 0.9 * len(ASKED)


def test_the_page_has_each_question_once_and_says_what_is_not_answered() -> None:
    text = "\n".join(page())
    answered, _, missing = text.partition("## Not answered here\n")
    for one in ASKED:
        assert text.count(f"- {one.link} ") == 1, one.asks
        assert (one.link in missing) is bool(one.open)
    topics = dict.fromkeys(one.topic for one in ASKED)
    assert re.findall("^## (.+)$", answered, re.M) == list(topics)
