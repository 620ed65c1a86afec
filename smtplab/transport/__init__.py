"""Streams of octets between an SMTP client and a server: TCP, memory, and TLS on either."""

from smtplab.transport.stream import (
    Network,
    Stream,
    StreamFacts,
    StreamWrapper,
    Wiretap,
)

__all__ = ["Network", "Stream", "StreamFacts", "StreamWrapper", "Wiretap"]
