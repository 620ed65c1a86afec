"""The lessons that there are, loaded by number when one is asked for."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import smtplab.lessons
from smtplab.lessons.question import Question
from smtplab.lessons.task import Exercise

_PREFIX = "lesson"


@dataclass(frozen=True)
class Lesson:
    """What a lesson's notebook asks of the learner."""

    title: str
    exercises: tuple[Exercise, ...]
    questions: tuple[Question, ...]


class Lessons(Mapping[str, Lesson]):
    """Lesson by number, "02" for instance: a module `lesson02` is one, and is found by its name."""

    def __getitem__(self, number: str) -> Lesson:
        if number not in _numbers():
            raise KeyError(number)
        module = import_module(f"smtplab.lessons.{_PREFIX}{number}")
        return Lesson(module.TITLE, module.EXERCISES, module.QUESTIONS)

    def __iter__(self) -> Iterator[str]:
        return iter(_numbers())

    def __len__(self) -> int:
        return len(_numbers())


@cache
def _numbers() -> tuple[str, ...]:
    """Those of the package's files, which no longer change once it runs."""
    names = (module.name for module in pkgutil.iter_modules(smtplab.lessons.__path__))
    return tuple(sorted(n.removeprefix(_PREFIX) for n in names if n.startswith(_PREFIX)))


class Exercises(Mapping[str, Exercise]):
    """Exercise by number: "2.1" is the first one of lesson 02, and only that lesson is loaded."""

    def __getitem__(self, number: str) -> Exercise:
        for exercise in LESSONS[f"{number.partition('.')[0]:0>2}"].exercises:
            if exercise.number == number:
                return exercise
        raise KeyError(number)

    def __iter__(self) -> Iterator[str]:
        return (one.number for lesson in LESSONS.values() for one in lesson.exercises)

    def __len__(self) -> int:
        return sum(1 for _ in self)


LESSONS = Lessons()
EXERCISES = Exercises()
