"""The widgets: views on conversations, for notebooks."""

from smtplab.widgets.certificate_card import CertificateCard
from smtplab.widgets.console import Console
from smtplab.widgets.ladder import Ladder
from smtplab.widgets.packet_stack import PacketStack

__all__ = ["CertificateCard", "Console", "Ladder", "PacketStack"]
