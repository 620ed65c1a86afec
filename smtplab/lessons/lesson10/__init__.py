"""Lesson 10, no guarantee of the inbox: its exercises and questions."""

from smtplab.lessons.lesson10.exercises import EXERCISES as EXERCISES
from smtplab.lessons.lesson10.questions import QUESTIONS as QUESTIONS

TITLE = "no guarantee of the inbox"
