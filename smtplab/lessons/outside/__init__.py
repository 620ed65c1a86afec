"""What programs from elsewhere printed of one session with the sandbox, kept as text.

Where such a program is installed, a test runs it again and compares. What would differ from run to
run (ports, dates, ids, folders) was put in one form; the names of the sandbox stand for addresses.
"""

from __future__ import annotations

from importlib.resources import files

PROGRAMS = ("swaks", "curl", "nodemailer")


def stored_conversation(program: str) -> str:
    """What a program printed while it handed Alice's mail in; `ValueError` lists the programs.

    >>> stored_conversation("swaks").splitlines()[2]
    '<-  220 smtp.example.org ESMTP smtplab'
    """
    if program not in PROGRAMS:
        raise ValueError(f"no conversation of {program!r}; there are {', '.join(PROGRAMS)}")
    return files(__package__).joinpath(f"{program}.txt").read_text(encoding="utf-8")
