"""The widgets: views on conversations, for notebooks."""

from smtplab.widgets.console import Console
from smtplab.widgets.exercise_card import ExerciseCard
from smtplab.widgets.predict_gate import PredictGate
from smtplab.widgets.progress_card import Progress
from smtplab.widgets.quiz_card import QuizCard
from smtplab.widgets.start_over import StartOver

__all__ = ["Console", "ExerciseCard", "PredictGate", "Progress", "QuizCard", "StartOver"]
