"""Lesson 08: each service extension used, and what is different without it (RFC 5321, 2.2)."""

from smtplab.lessons.lesson08.exercises import EXERCISES
from smtplab.lessons.lesson08.questions import QUESTIONS

__all__ = ["EXERCISES", "QUESTIONS", "TITLE"]

TITLE = "ESMTP: the list behind EHLO"
