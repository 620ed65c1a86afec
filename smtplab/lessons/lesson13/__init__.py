"""Lesson 13, four programs that send mail: its exercises and questions."""

from smtplab.lessons.lesson13.exercises import EXERCISES
from smtplab.lessons.lesson13.questions import QUESTIONS

TITLE = "four programs that send mail"

__all__ = ["EXERCISES", "QUESTIONS", "TITLE"]
