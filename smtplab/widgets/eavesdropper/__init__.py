"""The eavesdropper: the wire as a third person sees it, plain or TLS (RFC 3207, 6; RFC 7435)."""

from smtplab.widgets.eavesdropper.view import Eavesdropper

__all__ = ["Eavesdropper"]
