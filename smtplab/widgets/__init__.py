"""The widgets: views on conversations, for notebooks."""

from smtplab.widgets.certificate_card import CertificateCard
from smtplab.widgets.console import Console
from smtplab.widgets.eavesdropper import Eavesdropper
from smtplab.widgets.exercise_card import ExerciseCard
from smtplab.widgets.extension_board import ExtensionBoard
from smtplab.widgets.fault_panel import FaultPanel
from smtplab.widgets.inbox import Inbox
from smtplab.widgets.journey_player import JourneyPlayer
from smtplab.widgets.ladder import Ladder
from smtplab.widgets.packet_stack import PacketStack
from smtplab.widgets.ports import Ports
from smtplab.widgets.predict_gate import PredictGate
from smtplab.widgets.progress_card import Progress
from smtplab.widgets.provider_card import ProviderCard
from smtplab.widgets.quiz_card import QuizCard
from smtplab.widgets.start_over import StartOver
from smtplab.widgets.state_map import StateMap
from smtplab.widgets.verdict_card import VerdictCard

__all__ = [
    "CertificateCard",
    "Console",
    "Eavesdropper",
    "ExerciseCard",
    "ExtensionBoard",
    "FaultPanel",
    "Inbox",
    "JourneyPlayer",
    "Ladder",
    "PacketStack",
    "Ports",
    "PredictGate",
    "Progress",
    "ProviderCard",
    "QuizCard",
    "StartOver",
    "StateMap",
    "VerdictCard",
]
