"""A program on a real terminal (a pty): what it shows is read as it comes, and keys are typed."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

ROOT = Path(__file__).parents[1]
WITHIN = 120.0  # seconds that any one wait may take


def environment(**variables: str) -> dict[str, str]:
    """This one, with the tree under test in front, and no password or colour of its own."""
    paths = [str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    left_out = {"SMTPLAB_PASSWORD", "NO_COLOR", "INPUTRC"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    kept |= {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "TERM": "xterm"}
    return kept | variables


class Terminal:
    """`smtplab` with some words on a terminal of its own."""

    def __init__(self, *words: str, **variables: str) -> None:
        import pty

        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "smtplab", *words],
            stdin=slave, stdout=slave, stderr=slave,
            env=environment(**variables), start_new_session=True, preexec_fn=_take_terminal,
        )  # fmt: skip
        os.close(slave)
        self.shown = ""
        self._read_on = 0  # up to where `until` has looked

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait(WITHIN)
        os.close(self._master)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, words: str) -> str:
        """Read on until these words are shown; what came since the last call."""
        deadline = time.monotonic() + WITHIN
        while (found := self.shown.find(words, self._read_on)) < 0:
            if not self._more(deadline):
                pytest.fail(f"{words!r} was not shown after {self.shown[self._read_on :]!r}")
        before, self._read_on = self._read_on, found + len(words)
        return self.shown[before : self._read_on]

    def interrupt(self) -> None:
        """Ctrl-C, as the terminal passes it on."""
        self.type("\x03")

    def end(self) -> int:
        """Read to the end; the exit code."""
        deadline = time.monotonic() + WITHIN
        while self._more(deadline):
            pass
        return self.process.wait(WITHIN)

    def _more(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            octets = os.read(self._master, 65536)
        except OSError:  # EIO: nobody has the other end any more
            return False
        self.shown += octets.decode("utf-8", "replace")
        return bool(octets)


def _take_terminal() -> None:
    """The pty becomes the controlling terminal, so that Ctrl-C and getpass work."""
    import fcntl
    import termios

    signal.signal(signal.SIGINT, signal.default_int_handler)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
