"""Lesson 06, TLS and the eavesdropper: its exercises and questions."""

from smtplab.lessons.lesson06.exercises import EXERCISES as EXERCISES
from smtplab.lessons.lesson06.questions import QUESTIONS as QUESTIONS

TITLE = "TLS and the eavesdropper"
