"""Small things that stand where aiosmtpd's own would warn, log or say less."""

from __future__ import annotations

from aiosmtpd.smtp import Session

# What aiosmtpd says without an enhanced status code, with it (RFC 2034, 4).
STOCK_REPLIES: dict[str | bytes, str] = {"220 Ready to start TLS": "220 2.0.0 Ready to start TLS"}


class QuietSession(Session):
    """aiosmtpd's session, without the attribute that logs a warning when it is set."""

    login_data = None
