"""The verdict card: SPF, DKIM and DMARC step by step, and what changes them (RFC 9989, 5.3)."""

from smtplab.widgets.verdict_card.view import VerdictCard

__all__ = ["VerdictCard"]
