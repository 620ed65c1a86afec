"""The whole way of a mail object as one value: what a widget plays, and how it reads.

`model.py` says what a journey is, `telling.py` makes journeys of a transcript's events, and
`rendering.py` writes them as text and HTML. All are pure functions of what was recorded.
"""

from smtplab.sandbox.journey.model import Hop, Journey, Step
from smtplab.sandbox.journey.telling import Journeys, journeys

__all__ = ["Hop", "Journey", "Journeys", "Step", "journeys"]
