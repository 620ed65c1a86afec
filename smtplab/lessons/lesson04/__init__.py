"""Lesson 04, envelope and message: its exercises and questions."""

from smtplab.lessons.lesson04.exercises import EXERCISES
from smtplab.lessons.lesson04.questions import QUESTIONS

__all__ = ["EXERCISES", "QUESTIONS", "TITLE"]

TITLE = "envelope and message"
