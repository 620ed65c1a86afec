"""Chance that repeats itself: nonces and salts from one seed, one named stream a use."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from random import Random

NONCE = 18  # octets, which make 24 characters of base64


class Chance:
    """What is random in the world; the same seed gives the same world.

    >>> Chance(0).octets("salt of alice", 4) == Chance(0).octets("salt of alice", 4)
    True
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, use: str) -> Random:
        """A stream from its beginning; what others draw does not move it."""
        return Random(f"smtplab {self.seed} {use}")

    def octets(self, use: str, n: int) -> bytes:
        """The first octets of a stream."""
        return self.stream(use).randbytes(n)

    def nonces(self, use: str) -> Callable[[], str]:
        """Draws one nonce after the other from a stream: base64, so without a comma."""
        stream = self.stream(use)
        return lambda: b64encode(stream.randbytes(NONCE)).decode()
