"""Every widget of the package once: how a cell makes it, one button of it, what it says then.

Tests that must hold for all widgets read this table, so that a new widget joins them by one row.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One widget. `make` is Python in the kernel of `SETUP`; `says` comes after `press`.

    `tells` is what its static form says after that with nothing unfolded: what was sent, what was
    replied, what came of it.
    """

    name: str
    make: str
    press: str
    says: str
    tells: tuple[str, ...] = ()

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
    Case(
        "Console",
        "Console(sandbox)",
        "EHLO",
        "250-smtp.example.org greets",
        ("EHLO laptop.example.org", "250 HELP", "ready; offers 14 extensions", "250 done"),
    ),
    Case(
        "StateMap",
        "StateMap(sandbox)",
        "EHLO",
        "EHLO, reply 250: to READY",
        (
            "EHLO, reply 250: to READY",
            "The last reply: 250 HELP",
            "Now: ready, no mail transaction",
        ),
    ),
    Case(
        "Ports",
        "Ports(sandbox)",
        "Try the message at all three",
        "2 of 3 tried messages",
        (
            "RCPT bob@example.net, elsewhere: refused, 550 5.7.1",
            "Refused at RCPT: 550",
            "Arrived: Inbox of bob",
        ),
    ),
    Case(
        "ExtensionBoard",
        "ExtensionBoard(sandbox)",
        "Run with it on and off",
        "Switched off:",
        (
            "gone after TLS",
            "MAIL FROM:<alice@example.org> SIZE=",
            "552 5.3.4 The content may hold",
            "With SIZE the",
        ),
    ),
    Case(
        "Ladder",
        "Ladder(client, sandbox=sandbox)",
        "Send in three ways",
        "Step by step:",
        (
            "RCPT TO:<bob@example.net>",
            "(an empty line)",
            "250 2.0.0 Queued as",
            "12 round trips",
            "Pipelined",
        ),
    ),
    Case(
        "Eavesdropper",
        "Eavesdropper(sandbox)",
        "A strict client sends",
        "strict, no attacker",
        (
            "client and server: AUTH PLAIN ****",
            "octets, not readable",
            "inside TLS, not read",
            "still leaks",
        ),
    ),
    Case(
        "JourneyPlayer",
        "JourneyPlayer(sandbox)",
        _SAMPLE,
        "step 1 of 7",
        (
            "laptop.example.org connects to smtp.example.org, port 587",
            "MX of example.net: 10",
            "It lies in the Inbox",
        ),
    ),
    Case(
        "Inbox",
        "Inbox(sandbox)",
        "Envelope",
        "RCPT TO:<bob@example.net>",
        (
            "Alice <alice@example.org>",
            "MAIL FROM:<alice@example.org>",
            "RCPT TO:<bob@example.net>",
            "Opened: number",
        ),
    ),
    Case(
        "VerdictCard",
        "VerdictCard(sandbox)",
        "Send",
        "Taken by mx.example.net into Inbox",
        (
            "Brought by 192.0.2.10",
            "SPF: pass",
            "DKIM: pass",
            "DMARC: pass",
            "Taken by mx.example.net into Inbox",
        ),
    ),
    Case(
        "PacketStack",
        "PacketStack(client)",
        "Next packet",
        "packet 6",
        ("250-smtp.example.org greets", "TCP adds 20", "Destination port", "As text"),
    ),
    Case(
        "FaultPanel",
        "FaultPanel(sandbox)",
        "Try it",
        "Accepted for every recipient",
        (
            "RCPT TO:<bob@example.net>",
            "250 2.0.0 Accepted",
            "Accepted for every recipient",
            "It lies in the mailbox",
        ),
    ),
    Case(
        "ProviderCard",
        "ProviderCard(sandbox)",
        "Produce it",
        "S: ",
        (
            "smtp.gmail.com",
            "465",
            "MAIL FROM:<learner@gmail.profile.example>",
            "530 5.7.0 Must issue a STARTTLS",
        ),
    ),
    Case(
        "CertificateCard",
        "CertificateCard('smtp.example.org', sandbox)",
        "Expired",
        "has expired",
        (
            "TLS 1.3",
            "Valid until\t2001-01-01",
            "showed has expired",
            "connection refused by the client",
        ),
    ),
    Case(
        "PredictGate",
        _GATE,
        "354",
        "you said 354, it was 503",
        (
            "This line goes to mx.example.net",
            "503 5.5.1 Bad sequence",
            "Different. You said 354",
            "MAIL and RCPT come before DATA.",
        ),
    ),
    Case(
        "ExerciseCard",
        "ExerciseCard('2.1', sandbox)",
        "Check",
        "Done. What you learnt",
        ("RCPT with the reply 503", "seen", "Done. What you learnt: 503 says"),
    ),
    Case(
        "QuizCard",
        "QuizCard('02')",
        "b",
        "1 of 5 answered",
        (
            "What ends a command line on the wire?",
            "right, your choice.",
            "Many programs do that in files",
        ),
    ),
    Case(
        "Progress",
        "Progress(ProgressFile(Path('kept.json')), Path.cwd())",
        "Download my work",
        "Save",
        ("exercises and", "02 first conversation", "to do: 2.1"),
    ),
    # The last one, because it ends the sessions of all others.
    Case(
        "StartOver",
        "StartOver(sandbox)",
        "Start over",
        "started over once",
        ("The sandbox was started over once.",),
    ),
)
