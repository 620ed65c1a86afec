"""Every widget of the package once: how a cell makes it, one button of it, what it says then.

Tests that must hold for all widgets read this table, so that a new widget joins them by one row.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One widget. `make` is Python in the kernel of `SETUP`; `says` comes after `press`."""

    name: str
    make: str
    press: str
    says: str

    @property
    def selector(self) -> str:
        return f".test-{self.name}"

    @property
    def cell(self) -> str:
        """Shows the card with a class on the page of its own."""
        return f"card = {self.make}\n_ = card.view.add_class({self.selector[1:]!r})\ncard"


SETUP = """from pathlib import Path

from smtplab import *
from smtplab.commands import data, mail, rcpt
from smtplab.lessons.progress import ProgressFile

sandbox = Sandbox().start()
with sandbox.connect() as client:
    client.ehlo(); client.starttls(); client.ehlo()
    client.auth("alice@example.org", "looking-glass")
    client.group(mail("alice@example.org"), rcpt("bob@example.net"), data())
    client.content(b"Subject: Tea\\r\\n\\r\\nAt five?\\r\\n")
sandbox.settle()"""

_GATE = """PredictGate(sandbox, "Which reply code does DATA get right after EHLO?",
    ["EHLO laptop.example.org", "DATA"],
    {"354": "354 asks for the content.", "503": "MAIL and RCPT come before DATA."})"""
_SAMPLE = "Send a sample message"

CASES = (
    Case("Console", "Console(sandbox)", "EHLO", "250-smtp.example.org greets"),
    Case("StateMap", "StateMap(sandbox)", "EHLO", "EHLO, reply 250: to READY"),
    Case("Ports", "Ports(sandbox)", "Try the message at all three", "2 of 3 tried messages"),
    Case("ExtensionBoard", "ExtensionBoard(sandbox)", "Run with it on and off", "Switched off:"),
    Case("Ladder", "Ladder(client, sandbox=sandbox)", "Send in three ways", "Step by step:"),
    Case("Eavesdropper", "Eavesdropper(sandbox)", "A strict client sends", "strict, no attacker"),
    Case("JourneyPlayer", "JourneyPlayer(sandbox)", _SAMPLE, "step 1 of 7"),
    Case("Inbox", "Inbox(sandbox)", "Envelope", "RCPT TO:<bob@example.net>"),
    Case("VerdictCard", "VerdictCard(sandbox)", "Send", "Taken by mx.example.net into Inbox"),
    Case("PacketStack", "PacketStack(client)", "Next packet", "packet 6"),
    Case("FaultPanel", "FaultPanel(sandbox)", "Try it", "Accepted for every recipient"),
    Case("ProviderCard", "ProviderCard(sandbox)", "Produce it", "S: "),
    Case(
        "CertificateCard",
        "CertificateCard('smtp.example.org', sandbox)",
        "Expired",
        "has expired",
    ),
    Case("PredictGate", _GATE, "354", "you said 354, it was 503"),
    Case("ExerciseCard", "ExerciseCard('2.1', sandbox)", "Check", "Done. What you learnt"),
    Case("QuizCard", "QuizCard('02')", "b", "1 of 5 answered"),
    Case(
        "Progress",
        "Progress(ProgressFile(Path('kept.json')), Path.cwd())",
        "Download my work",
        "Save",
    ),
    # The last one, because it ends the sessions of all others.
    Case("StartOver", "StartOver(sandbox)", "Start over", "started over once"),
)
