"""The journey player: a mail object's way from You to the Inbox, step by step (RFC 5598, 4)."""

from smtplab.widgets.journey_player.view import JourneyPlayer

__all__ = ["JourneyPlayer"]
