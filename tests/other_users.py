"""Processes of other users of this machine: by number, so that no account has to be made."""

import os
import subprocess
import sys
from pathlib import Path

from tests.tools import missing, tool

ROOT = Path(__file__).parents[1]
ANN, BEN = 40_001, 40_002  # user ids that no system hands out by itself


def as_user(uid: int) -> list[str]:
    """The words that go before a command, to run it as this user with no other rights.

    The one right that stays is to read where the user may not: a clone, or Python itself, often
    lies in a folder that is its owner's alone.
    """
    if os.name != "posix" or os.geteuid() != 0:
        missing("root", "run the tests as root, who alone may be another user")
    right = "-all,+dac_override"
    return [
        tool("setpriv"), f"--reuid={uid}", f"--regid={uid}", "--clear-groups",
        f"--inh-caps={right}", f"--ambient-caps={right}", f"--bounding-set={right}",
    ]  # fmt: skip


def python_as(uid: int, program: str, *arguments: str) -> "subprocess.Popen[str]":
    """A Python of this user's that runs `program`, with pipes to its three streams."""
    return subprocess.Popen(
        [*as_user(uid), sys.executable, "-c", program, *arguments],
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
