"""Where the lines come from: a terminal with completion and history, or a pipe; and passwords."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from getpass import GetPassWarning, getpass
from typing import Any

from smtplab.errors import LocalProtocolError
from smtplab.sandbox.little_internet import Account

PASSWORD = "SMTPLAB_PASSWORD"
"""The environment variable that a password may come from; never the command line, which others on
the machine can read."""

Complete = Callable[[str], list[str]]


class Pipe:
    """Lines from a pipe or a file; nothing is asked."""

    is_terminal = False

    def read(self, prompt: str) -> str | None:
        """The next line without its end; None when there is no more."""
        octets = sys.stdin.buffer.readline()
        if not octets:
            return None
        return octets.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")

    def remember(self, line: str) -> None:
        """A pipe has no history."""


class Terminal(Pipe):
    """Lines that somebody types; the history stays in memory and holds only what is told it."""

    is_terminal = True

    def __init__(self, complete: Complete, *, quiet: bool) -> None:
        self._quiet = quiet  # standard output is for a program: no prompt in it
        self._readline = _readline()
        if self._readline is not None:
            self._readline.set_auto_history(False)  # a line may hold a password
            self._readline.set_completer_delims(" ")
            self._readline.set_completer(_completer(self._readline, complete))
            editline = "libedit" in (self._readline.__doc__ or "")
            self._readline.parse_and_bind(
                "bind ^I rl_complete" if editline else "tab: complete"
            )  # macOS has libedit, which writes it differently

    def read(self, prompt: str) -> str | None:
        try:
            return input("" if self._quiet else prompt)
        except EOFError:
            self._leave_line()
            return None
        except KeyboardInterrupt:
            self._leave_line()
            raise
        except UnicodeDecodeError:
            raise LocalProtocolError(
                "the line holds octets that this terminal's encoding does not have; type it again"
            ) from None

    def _leave_line(self) -> None:
        """What follows stands below what was typed and never sent."""
        if not self._quiet:
            print(flush=True)

    def remember(self, line: str) -> None:
        if self._readline is not None and line.strip():
            self._readline.add_history(line)


def _readline() -> Any:
    """Line editing where Python has it: Windows' has not."""
    try:
        import readline
    except ImportError:
        return None
    return readline


def _completer(readline: Any, complete: Complete) -> Callable[[str, int], str | None]:
    def completer(word: str, number: int) -> str | None:
        found = complete(readline.get_line_buffer()[: readline.get_endidx()])
        return found[number] if number < len(found) else None

    return completer


class Passwords:
    """A password from the environment, from the sandbox's own list of toys, or typed unseen."""

    def __init__(self, accounts: tuple[Account, ...], *, may_ask: bool) -> None:
        self._toys = {account.username: account.password for account in accounts}
        self._may_ask = may_ask

    def of(self, username: str) -> str:
        """The password of a user; `LocalProtocolError` says how to give one."""
        if (given := os.environ.get(PASSWORD)) is not None:
            return given
        if username in self._toys:
            return self._toys[username]
        if not self._may_ask:
            raise LocalProtocolError(
                f"there is no terminal to ask for the password; set the variable {PASSWORD}"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("error", GetPassWarning)
            try:
                return getpass(f"Password of {username} (not shown): ")
            except (GetPassWarning, EOFError):
                raise LocalProtocolError(
                    f"no password was typed unseen; set the variable {PASSWORD} instead"
                ) from None
