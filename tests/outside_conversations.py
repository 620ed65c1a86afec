"""The conversations of outside programs that the course keeps: how they are made.

`python -m tests.outside_conversations` runs each program and stores what it printed.
"""

import re
from collections.abc import Callable
from pathlib import Path

from smtplab import Sandbox
from smtplab.lessons import outside
from tests.foreign_output import of_curl, of_nodemailer, of_swaks
from tests.outside_clients import Order

FOLDER = Path(outside.__file__).parent
HOST, PORT = "smtp.example.org", 587
CONTENT = (
    b"From: alice@example.org\r\nTo: bob@example.net\r\nSubject: Tea\r\n"
    b"Date: Mon, 02 Mar 2026 09:00:00 +0000\r\nMessage-ID: <tea@laptop.example.org>\r\n"
    b"\r\nAt five?\r\n"
)
MADE_BY: dict[str, Callable[[Order], str]] = {
    "swaks": of_swaks,
    "curl": of_curl,
    "nodemailer": of_nodemailer,
}

# What differs from run to run, and what stands in its place.
ONE_FORM = [
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "2026-03-02 09:00:00"),
    (re.compile(r"(?m)^(\[[^]]+\] [A-Z]+ +)\[[\w-]{5,20}\]"), r"\1[one]"),
    (re.compile(r"<[0-9a-f-]{36}@"), "<id@"),
    (re.compile(r"\S+/ca\.pem"), "ca.pem"),
    (re.compile(r"CApath: \S+"), "CApath: certs"),
    (re.compile(r"#[\w-]{16}\b"), "#serial"),
    (re.compile(r"trustme v[\d.]+"), "trustme"),
]


def printed_by(program: str) -> str:
    """What a program prints of one session with a new sandbox, in the one form."""
    with Sandbox("tcp", plain=True) as sandbox:
        listener, bound = next(
            door for door in sandbox.bound_ports.items() if door[0].key == (HOST, PORT)
        )
        assert sandbox.ca_file is not None
        text = MADE_BY[program](
            Order(
                HOST, bound, listener.tls, sandbox.ca_file, CONTENT, "bob@example.net",
                username="alice@example.org", password="looking-glass",
            )
        )  # fmt: skip
    text = re.sub(rf"\b{bound}\b", str(PORT), text).replace("127.0.0.1", HOST)
    for pattern, instead in ONE_FORM:
        text = pattern.sub(instead, text)
    return text.strip() + "\n"


if __name__ == "__main__":
    for name in MADE_BY:
        (FOLDER / f"{name}.txt").write_text(printed_by(name), encoding="utf-8")
