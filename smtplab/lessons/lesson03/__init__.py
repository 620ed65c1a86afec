"""Lesson 03, replies and the state machine: its exercises and questions."""

from smtplab.lessons.lesson03.exercises import EXERCISES
from smtplab.lessons.lesson03.questions import QUESTIONS

__all__ = ["EXERCISES", "QUESTIONS", "TITLE"]

TITLE = "replies and the state machine"
