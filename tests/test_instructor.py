"""The teacher's kit: its plans add up, what it names exists, and only a teacher sees it."""

import re
from pathlib import Path

import pytest

from docs.__main__ import gather
from smtplab import cli
from smtplab.cli import course
from smtplab.lessons.catalogue import EXERCISES, LESSONS
from tests.notebook_rules import BANNED

ROOT = Path(__file__).parents[1]
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
