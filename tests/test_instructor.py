"""The teacher's kit: its plans add up, what it names exists, and only a teacher sees it."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from docs.__main__ import gather
from smtplab import cli
from smtplab.cli import course
from smtplab.lessons.catalogue import EXERCISES, LESSONS
from tests.notebook_rules import BANNED

ROOT = Path(__file__).parents[1]
WIDGET = re.compile("smtplab-(code|table|headline|last)")  # in the static form of one
KIT = (ROOT / "notebooks" / "instructor" / "README.md").read_text("utf-8")


def section(heading: str) -> str:
    found = KIT.partition(f"\n## {heading}")[2]
    assert found, f"no section {heading!r}"
    return found.partition("\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(("heading", "minutes"), [("45 minutes", 45), ("Half a day", 240)])
def test_the_minutes_of_a_plan_add_up(heading: str, minutes: int) -> None:
    assert sum(map(int, re.findall(r"^\| (\d+) \|", section(heading), re.MULTILINE))) == minutes


def test_the_long_plan_holds_every_lesson_once() -> None:
    rows = re.findall(r"^\| \d \| (.*?) \| (.*?) \|", section("Four weeks"), re.MULTILINE)
    assert re.findall(r"\b\d\d\b", " ".join(map(" ".join, rows))) == [f"{n:02}" for n in range(16)]


def sections_of(lesson: str) -> list[list[NotebookNode]]:
    """The cells of each section, the prose before the first one with it; up to the exercises."""
    (path,) = (ROOT / "notebooks").glob(f"{lesson}-*.ipynb")
    found: list[list[NotebookNode]] = [[]]
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            if re.search(r"^## \d.*(Exercises|Final exam)", cell.source, re.M):
                break
            for number in map(int, re.findall(r"^## (\d+)", cell.source, re.M)):
                found += [[] for _ in range(number - len(found))]
        found[-1].append(cell)
    return found


def minutes_of(cells: list[NotebookNode]) -> float:
    """The kit's rule: 200 words a minute, and a while for each cell, guess and widget."""
    words = minutes = 0.0
    for cell in cells:
        words += len(cell.source.split())
        outputs = cell.get("outputs", ())
        if cell.cell_type == "markdown":
            minutes += "**Predict.**" in cell.source
        elif any(WIDGET.search(output.get("data", {}).get("text/html", "")) for output in outputs):
            minutes += 2 + 1 / 4
        else:
            texts = (o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs)
            words, minutes = words + sum(len(text.split()) for text in texts), minutes + 1 / 4
    return minutes + words / 200


@pytest.mark.parametrize("lesson", sorted(LESSONS))
def test_the_minutes_of_a_lesson_are_enough_by_the_rule_of_the_kit(lesson: str) -> None:
    (path,) = (ROOT / "notebooks").glob(f"{lesson}-*.ipynb")
    told = int(re.findall(r"\*\*Minutes:\*\* (\d+)", path.read_text("utf-8"))[0])
    assert sum(map(minutes_of, sections_of(lesson))) <= told


def test_what_is_run_in_class_fits_the_sixty_minutes_of_a_session() -> None:
    rows = re.findall(r"^\| (\d\d, .*?) \| (.*?) \|", section("Four weeks"), re.MULTILINE)
    assert [n for lessons, _ in rows for n in lessons.split(", ")] == sorted(LESSONS)[:15]
    for lessons, at_home in rows:
        left_out = dict(re.findall(r"(\d\d): ([\d, ]+)", at_home))
        assert left_out.keys() <= set(lessons.split(", "))
        total = 0.0
        for lesson in lessons.split(", "):
            home = set(map(int, re.findall(r"\d+", left_out.get(lesson, ""))))
            found = sections_of(lesson)
            assert home <= set(range(1, len(found) + 1)), lesson
            total += sum(minutes_of(one) for n, one in enumerate(found, 1) if n not in home)
        assert total <= 60, (lessons, total)


def test_each_misconception_names_exercises_that_exist_or_a_question() -> None:
    rows = section("What learners get wrong").strip().splitlines()[2:]
    assert len(rows) >= 12
    for row in rows:
        found = row.rstrip(" |").rpartition("| ")[2]
        numbers = re.findall(r"\d+\.\d", found)
        if "question" in found:
            assert int(re.findall(r"\d+", found)[0]) <= len(LESSONS["15"].questions)
        else:
            assert numbers and set(numbers) <= set(EXERCISES), row


def test_every_command_that_the_kit_names_is_understood() -> None:
    commands = re.findall(r"(?:`|^)smtplab ([^`\n]+)", KIT, re.MULTILINE)
    assert {line.split()[0] for line in commands} >= {"check", "doctor", "lab"}
    for line in commands:
        assert cli.build_parser().parse_args(line.split()).command == line.split()[0]


def test_the_kit_keeps_the_rules_of_words() -> None:
    assert not BANNED.search(KIT)
    assert KIT.count("\n# ") + KIT.startswith("# ") == 1


def test_the_kit_travels_only_when_it_is_asked_for(tmp_path: Path) -> None:
    course.copy_course(ROOT / "notebooks", tmp_path / "learner", instructor=False)
    course.copy_course(ROOT / "notebooks", tmp_path / "teacher", instructor=True)
    assert not (tmp_path / "learner" / "instructor").exists()
    assert (tmp_path / "teacher" / "instructor" / "README.md").read_text("utf-8") == KIT


def test_no_solution_is_in_the_kit_or_on_the_documentations_site(tmp_path: Path) -> None:
    """The site is public. A line of a solution tells it; a short one, such as a QUIT, does not."""
    lines = [
        line.strip()
        for file in (ROOT / "tests" / "solutions").glob("lesson*.py")
        for line in file.read_text("utf-8").splitlines()
        if line.startswith("    ") and len(line.strip()) > 20
    ]
    assert len(lines) > 500
    assert [line for line in lines if line in KIT] == []
    gather(tmp_path / "pages")
    assert not {"tests", "solutions"} & {path.name for path in (tmp_path / "pages").rglob("*")}
