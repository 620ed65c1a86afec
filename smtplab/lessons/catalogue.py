"""The lessons that there are: title, exercises and questions of each."""

from __future__ import annotations

from dataclasses import dataclass

from smtplab.lessons.lesson00 import EXERCISES as EXERCISES_00
from smtplab.lessons.lesson00 import QUESTIONS as QUESTIONS_00
from smtplab.lessons.lesson01 import EXERCISES as EXERCISES_01
from smtplab.lessons.lesson01 import QUESTIONS as QUESTIONS_01
from smtplab.lessons.lesson02 import EXERCISES as EXERCISES_02
from smtplab.lessons.lesson02 import QUESTIONS as QUESTIONS_02
from smtplab.lessons.question import Question
from smtplab.lessons.task import Exercise


@dataclass(frozen=True)
class Lesson:
    """What a lesson's notebook asks of the learner."""

    title: str
    exercises: tuple[Exercise, ...]
    questions: tuple[Question, ...]


LESSONS = {
    "00": Lesson("start here", EXERCISES_00, QUESTIONS_00),
    "01": Lesson("what SMTP is", EXERCISES_01, QUESTIONS_01),
    "02": Lesson("first conversation", EXERCISES_02, QUESTIONS_02),
}

EXERCISES = {
    exercise.number: exercise for lesson in LESSONS.values() for exercise in lesson.exercises
}
