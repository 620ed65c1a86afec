"""The fault dial: rules by which the sandbox's servers misbehave, each time in the same way."""

from smtplab.sandbox.faults.actions import Cut, Delay, Extra, Raw, Simple, Split
from smtplab.sandbox.faults.dial import FaultDial
from smtplab.sandbox.faults.notation import parse_fault
from smtplab.sandbox.faults.rules import PHASES, Fault, Match, Nth

__all__ = [
    "PHASES",
    "Cut",
    "Delay",
    "Extra",
    "Fault",
    "FaultDial",
    "Match",
    "Nth",
    "Raw",
    "Simple",
    "Split",
    "parse_fault",
]
