"""Somebody else's dialogue read into a transcript: one file a format, no input or output here."""

from smtplab.importing.conversation import Imported
from smtplab.importing.recognition import FORMATS, read_dialogue

__all__ = ["FORMATS", "Imported", "read_dialogue"]
