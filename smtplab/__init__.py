"""smtplab: learn SMTP by sending real commands to real servers on your own machine.

Everything public is here. What needs more than the standard library is loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from smtplab.client import Client as Client
    from smtplab.client import Settings as Settings
    from smtplab.errors import ConnectionLost as ConnectionLost
    from smtplab.errors import LocalProtocolError as LocalProtocolError
    from smtplab.errors import NegativeReply as NegativeReply
    from smtplab.errors import RemoteProtocolError as RemoteProtocolError
    from smtplab.errors import SMTPLabError as SMTPLabError
    from smtplab.exchanges import mail_exchanges as mail_exchanges
    from smtplab.explained import explained as explained
    from smtplab.importing import read_dialogue as read_dialogue
    from smtplab.mail_files import read_mail_objects as read_mail_objects
    from smtplab.mail_object import Envelope as Envelope
    from smtplab.mail_object import MailObject as MailObject
    from smtplab.mail_object import from_email as from_email
    from smtplab.mail_object import from_eml as from_eml
    from smtplab.probing import probe as probe
    from smtplab.reference import explain as explain
    from smtplab.rehearsal import rehearse as rehearse
    from smtplab.replies import EnhancedStatusCode as EnhancedStatusCode
    from smtplab.replies import Reply as Reply
    from smtplab.sandbox import Sandbox as Sandbox
    from smtplab.sending import Fate as Fate
    from smtplab.sending import send as send
    from smtplab.session import State as State
    from smtplab.timeouts import Timeouts as Timeouts
    from smtplab.tokens import take_apart as take_apart
    from smtplab.transcript import Transcript as Transcript
    from smtplab.widgets.certificate_card import CertificateCard as CertificateCard
    from smtplab.widgets.console import Console as Console
    from smtplab.widgets.eavesdropper import Eavesdropper as Eavesdropper
    from smtplab.widgets.extension_board import ExtensionBoard as ExtensionBoard
    from smtplab.widgets.fault_panel import FaultPanel as FaultPanel
    from smtplab.widgets.inbox import Inbox as Inbox
    from smtplab.widgets.journey_player import JourneyPlayer as JourneyPlayer
    from smtplab.widgets.ladder import Ladder as Ladder
    from smtplab.widgets.lesson_parts.exercise_card import ExerciseCard as ExerciseCard
    from smtplab.widgets.lesson_parts.predict_gate import PredictGate as PredictGate
    from smtplab.widgets.lesson_parts.progress import Progress as Progress
    from smtplab.widgets.lesson_parts.quiz_card import QuizCard as QuizCard
    from smtplab.widgets.lesson_parts.start_over import StartOver as StartOver
    from smtplab.widgets.packet_stack import PacketStack as PacketStack
    from smtplab.widgets.ports import Ports as Ports
    from smtplab.widgets.provider_card import ProviderCard as ProviderCard
    from smtplab.widgets.state_map import StateMap as StateMap
    from smtplab.widgets.verdict_card import VerdictCard as VerdictCard

# The table of contents: where each public name lives.
_HOME = {
    "Client": "smtplab.client",
    "Settings": "smtplab.client",
    "Timeouts": "smtplab.timeouts",
    "mail_exchanges": "smtplab.exchanges",
    "rehearse": "smtplab.rehearsal",
    "probe": "smtplab.probing",
    "send": "smtplab.sending",
    "Fate": "smtplab.sending",
    "Console": "smtplab.widgets.console",
    "Eavesdropper": "smtplab.widgets.eavesdropper",
    "ExtensionBoard": "smtplab.widgets.extension_board",
    "Ports": "smtplab.widgets.ports",
    "CertificateCard": "smtplab.widgets.certificate_card",
    "Ladder": "smtplab.widgets.ladder",
    "PacketStack": "smtplab.widgets.packet_stack",
    "FaultPanel": "smtplab.widgets.fault_panel",
    "Inbox": "smtplab.widgets.inbox",
    "ProviderCard": "smtplab.widgets.provider_card",
    "StateMap": "smtplab.widgets.state_map",
    "JourneyPlayer": "smtplab.widgets.journey_player",
    "VerdictCard": "smtplab.widgets.verdict_card",
    "ExerciseCard": "smtplab.widgets.lesson_parts.exercise_card",
    "PredictGate": "smtplab.widgets.lesson_parts.predict_gate",
    "Progress": "smtplab.widgets.lesson_parts.progress",
    "QuizCard": "smtplab.widgets.lesson_parts.quiz_card",
    "StartOver": "smtplab.widgets.lesson_parts.start_over",
    "Sandbox": "smtplab.sandbox",
    "Transcript": "smtplab.transcript",
    "read_dialogue": "smtplab.importing",
    "explained": "smtplab.explained",
    "explain": "smtplab.reference",
    "take_apart": "smtplab.tokens",
    "Reply": "smtplab.replies",
    "EnhancedStatusCode": "smtplab.replies",
    "State": "smtplab.session",
    "Envelope": "smtplab.mail_object",
    "MailObject": "smtplab.mail_object",
    "from_email": "smtplab.mail_object",
    "from_eml": "smtplab.mail_object",
    "read_mail_objects": "smtplab.mail_files",
    "SMTPLabError": "smtplab.errors",
    "LocalProtocolError": "smtplab.errors",
    "RemoteProtocolError": "smtplab.errors",
    "ConnectionLost": "smtplab.errors",
    "NegativeReply": "smtplab.errors",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"smtplab has no {name!r}; it has {', '.join(_HOME)}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
