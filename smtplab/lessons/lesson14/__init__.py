"""Lesson 14, tools and services, and going real: its exercises and questions."""

from smtplab.lessons.lesson14.exercises import EXERCISES
from smtplab.lessons.lesson14.questions import QUESTIONS

TITLE = "tools and services; going real, safely"

__all__ = ["EXERCISES", "QUESTIONS", "TITLE"]
