"""Lesson parts: a guess before the command, an exercise, a quiz, progress, a new start."""
