"""Transcripts: everything that happens is recorded once, here, and everything else reads it."""

from smtplab.transcript.events import SCHEMA, Event, Kind, Segment
from smtplab.transcript.recorder import Recorder
from smtplab.transcript.rendering import as_html, as_json_lines, as_text, event_as_json
from smtplab.transcript.transcript import Transcript

__all__ = [
    "SCHEMA",
    "Event",
    "Kind",
    "Recorder",
    "Segment",
    "Transcript",
    "as_html",
    "as_json_lines",
    "as_text",
    "event_as_json",
]
