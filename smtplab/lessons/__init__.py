"""What the lessons stand on: predictions, checks on evidence, hints, quizzes, fresh sessions."""

from smtplab.lessons.begin import begin
from smtplab.lessons.conversation import conversation
from smtplab.lessons.exercise import check, hint
from smtplab.lessons.outside import stored_conversation
from smtplab.lessons.prediction import predict
from smtplab.lessons.quiz import quiz
from smtplab.lessons.sessions import fresh_session, signed_in

__all__ = [
    "begin",
    "check",
    "conversation",
    "fresh_session",
    "hint",
    "predict",
    "quiz",
    "signed_in",
    "stored_conversation",
]
