"""Lesson 15, cheat sheet, glossary, final exam: 40 questions in four parts, and six tasks."""

from smtplab.lessons.lesson15 import part1, part2, part3, part4
from smtplab.lessons.lesson15.tasks import EXERCISES

TITLE = "cheat sheet, glossary, final exam"
PARTS = (part1.QUESTIONS, part2.QUESTIONS, part3.QUESTIONS, part4.QUESTIONS)
QUESTIONS = tuple(question for part in PARTS for question in part)

__all__ = ["EXERCISES", "PARTS", "QUESTIONS", "TITLE"]
