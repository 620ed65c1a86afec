"""What the lessons stand on: predictions, checks on evidence, quizzes, exam, sheets."""

from smtplab.lessons.begin import begin
from smtplab.lessons.conversation import conversation
from smtplab.lessons.exam import exam
from smtplab.lessons.exercise import check, hint
from smtplab.lessons.outside import stored_conversation
from smtplab.lessons.prediction import predict
from smtplab.lessons.quiz import quiz
from smtplab.lessons.sessions import fresh_session, signed_in
from smtplab.lessons.sheets import cheat_sheet, exam_sheet, glossary

__all__ = [
    "begin",
    "cheat_sheet",
    "check",
    "conversation",
    "exam",
    "exam_sheet",
    "fresh_session",
    "glossary",
    "hint",
    "predict",
    "quiz",
    "signed_in",
    "stored_conversation",
]
