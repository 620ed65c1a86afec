"""Lesson 05, ports 25, 465, 587: its exercises and questions."""

from smtplab.lessons.lesson05.exercises import EXERCISES as EXERCISES
from smtplab.lessons.lesson05.questions import QUESTIONS as QUESTIONS

TITLE = "ports 25, 465, 587"
