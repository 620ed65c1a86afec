"""A line taken apart: its tokens, each with its ABNF rule and section (RFC 5321, 4.1.2 and 4.2).

What fits no rule is a token too, so that the tokens joined are always the octets of the line.
"""

from smtplab.tokens.taking_apart import take_apart
from smtplab.tokens.token import TakenApart, Token

__all__ = ["TakenApart", "Token", "take_apart"]
