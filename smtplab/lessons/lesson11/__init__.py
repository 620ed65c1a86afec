"""Lesson 11, caveat: easily abused: its exercises and questions."""

from smtplab.lessons.lesson11.exercises import EXERCISES
from smtplab.lessons.lesson11.questions import QUESTIONS

__all__ = ["EXERCISES", "QUESTIONS", "TITLE"]

TITLE = "caveat: easily abused"
