"""Lesson 07, AUTH: its exercises and questions."""

from smtplab.lessons.lesson07.exercises import EXERCISES as EXERCISES
from smtplab.lessons.lesson07.questions import QUESTIONS as QUESTIONS

TITLE = "AUTH: who are you?"
