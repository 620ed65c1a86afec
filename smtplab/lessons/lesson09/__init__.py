"""Lesson 09, relaying, DNS, queues, bounces: its exercises and questions."""

from smtplab.lessons.lesson09.exercises import EXERCISES as EXERCISES
from smtplab.lessons.lesson09.questions import QUESTIONS as QUESTIONS

TITLE = "relaying, DNS, queues, bounces"
