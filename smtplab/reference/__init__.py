"""What reply codes, enhanced status codes, verbs, EHLO keywords and ports mean (RFC 5321, 4.2.3).

The texts stand in the TOML files beside this one. They are read when first asked for.
"""

from smtplab.reference.explanation import Explanation
from smtplab.reference.lookup import all_terms, explain, explain_reply
from smtplab.reference.profiles import Profile, profile

__all__ = ["Explanation", "Profile", "all_terms", "explain", "explain_reply", "profile"]
