"""`smtplab talk` on a real terminal: prompts, Tab, history, unseen passwords, Ctrl-C, colours."""

import os
import signal
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pty", reason="platform: only a POSIX system has terminals of this kind")

from tests.listening import ListeningPeer
from tests.terminal import Terminal

ALICE, PASSWORD = "alice@example.org", "looking-glass"
GREETING, EHLO, BYE = b"220 smtp.example.org\r\n", b"250-x\r\n250 AUTH PLAIN\r\n", b"221 bye\r\n"
UP = "\x1b[A"  # the arrow key that brings the line before


@pytest.fixture
def sandbox() -> Iterator[Terminal]:
    """A talk with a sandbox of its own, at its first prompt."""
    with Terminal("talk", "sandbox", SMTPLAB_TRANSPORT="memory") as terminal:
        terminal.until("Ctrl-D leaves.")
        terminal.until("C: ")
        yield terminal


def test_a_line_is_typed_and_its_reply_explained(sandbox: Terminal) -> None:
    sandbox.type("NOOP\n")
    shown = sandbox.until("\nC: ")
    assert "250 2.0.0" in shown and "Legal next: EHLO," in shown
    assert shown.count("NOOP\r\n") == 1  # what was typed is not said again
    sandbox.type("/quit\n")
    assert sandbox.end() == 0
    assert "C: QUIT" in sandbox.shown


def test_tab_completes_what_is_legal_now(sandbox: Terminal) -> None:
    sandbox.type("/hel\t\n")  # /hello and /help begin so, and neither is chosen
    sandbox.until("is no short form")
    sandbox.type("/hello\n")
    sandbox.until("\nC: ")
    sandbox.type("STA\t\n")
    assert "TLS begins: TLS 1.3, certificate checked" in sandbox.until("valid until")
    sandbox.until("\nC: ")
    sandbox.type("/hello\n")
    sandbox.until("\nC: ")
    sandbox.type("AUTH PL\t")
    sandbox.until("AUTH PLAIN")
    sandbox.type("\n")
    sandbox.until("response: ")


def test_lines_of_content_have_a_prompt_of_their_own() -> None:
    with Terminal("talk", "sandbox:25", SMTPLAB_TRANSPORT="memory") as terminal:
        terminal.until("\nC: ")
        for line in ("EHLO x", f"MAIL FROM:<{ALICE}>", "RCPT TO:<bob@example.net>"):
            terminal.type(f"{line}\n")
            terminal.until("\nC: ")
        terminal.type("DATA\n")
        terminal.until("content (a dot alone ends it): ")
        terminal.type("/quit\n")  # a line of the content as any other
        terminal.until("content (a dot alone ends it): ")
        terminal.type(".\n")
        assert "250 2." in terminal.until("\nC: ")
        terminal.type("/inbox bob@example.net\n")
        assert "/quit" in terminal.until("\nC: ")


def test_a_password_is_typed_unseen_and_stands_nowhere(tmp_path: Path) -> None:
    """Neither on the screen, nor in the history, nor in a file."""
    home = tmp_path / "home"
    home.mkdir()
    with ListeningPeer(GREETING, EHLO, b"235 ok\r\n", b"250 looking-glass\r\n", BYE) as peer:
        words = ("talk", f"127.0.0.1:{peer.port}")
        with Terminal(*words, HOME=str(home)) as terminal:
            terminal.until("\nC: ")
            terminal.type("/hello\n")
            terminal.until("\nC: ")
            terminal.type("/auth alice\n")
            terminal.until("(not shown): ")
            terminal.type(f"{PASSWORD}\n")
            terminal.until("235 ok")
            terminal.until("\nC: ")
            terminal.type("NOOP\n")
            terminal.until("250 ********")
            terminal.until("\nC: ")
            terminal.type("\x04")  # Ctrl-D
            assert terminal.end() == 0
    assert PASSWORD not in terminal.shown
    assert b64encode(f"\0alice\0{PASSWORD}".encode()) in b"".join(peer.commands)
    assert list(home.iterdir()) == []


def test_the_history_forgets_a_line_that_holds_a_password() -> None:
    typed = "AUTH PLAIN " + b64encode(f"\0alice\0{PASSWORD}".encode()).decode()
    with ListeningPeer(GREETING, EHLO, b"535 no\r\n", b"250 again\r\n", BYE) as peer:
        with Terminal("talk", f"127.0.0.1:{peer.port}") as terminal:
            terminal.until("\nC: ")
            terminal.type("EHLO x\n")
            terminal.until("\nC: ")
            terminal.type(f"{typed}\n")
            terminal.until("535 no")
            terminal.until("\nC: ")
            terminal.type(f"{UP}\n")
            terminal.until("250 again")
            terminal.type("/quit\n")
            assert terminal.end() == 0
    assert peer.commands[2] == b"EHLO x\r\n"


def test_ctrl_c_at_the_prompt_leaves_politely() -> None:
    with ListeningPeer(GREETING, BYE) as peer:
        with Terminal("talk", f"127.0.0.1:{peer.port}") as terminal:
            terminal.until("\nC: ")
            terminal.interrupt()
            assert terminal.end() == 0
    assert peer.commands == [b"QUIT\r\n"]
    assert "Traceback" not in terminal.shown


@pytest.mark.parametrize("key", ["\x03", "\x15\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_the_farewell_stands_below_what_was_typed_and_not_sent(key: str, sandbox: Terminal) -> None:
    sandbox.type(f"MAIL FROM:<a{key}")
    assert sandbox.end() == 0
    assert "\r\nC: QUIT\r\n" in sandbox.shown


def test_a_narrow_terminal_tears_no_word() -> None:
    narrow = {"COLUMNS": "60", "NO_COLOR": "1", "SMTPLAB_TRANSPORT": "memory"}
    with Terminal("talk", "sandbox", **narrow) as terminal:
        shown = terminal.until("leaves.").splitlines()
        told = [line for line in shown if line.startswith("   ")]
        assert told and max(map(len, told)) <= 60
        for form in ("/help", "/explain 550"):
            terminal.until("C: ")
            terminal.type(f"{form}\n")
            terminal.until("\r\n")
            shown = terminal.until("QUIT and leave" if form == "/help" else "RFC 5321").splitlines()
            prose = [line for line in shown if not line.startswith("/")]
            assert max(map(len, prose)) <= 60


def test_ctrl_c_while_a_reply_is_awaited_closes_the_connection() -> None:
    """A late reply must not be taken for the one to QUIT."""
    with ListeningPeer(GREETING, b"") as peer:
        with Terminal("talk", f"127.0.0.1:{peer.port}") as terminal:
            terminal.until("\nC: ")
            terminal.type("NOOP\n")
            while not peer.heard:
                terminal.process.poll()
            terminal.interrupt()
            assert terminal.end() == 0
    assert peer.commands == [b"NOOP\r\n"]
    assert "Traceback" not in terminal.shown
    assert "!! Ctrl-C: stopped while the reply to NOOP was awaited" in terminal.shown


def test_ctrl_c_in_a_walk_is_no_success() -> None:
    with ListeningPeer(GREETING, b"") as peer:
        with Terminal("talk", f"127.0.0.1:{peer.port}", "--until", "EHLO") as terminal:
            while not peer.heard:
                terminal.process.poll()
            terminal.interrupt()
            assert terminal.end() == 130
    assert "Traceback" not in terminal.shown


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
    ids=["a terminal", "NO_COLOR", "a dumb terminal"],
)
def test_colours_are_for_terminals_and_no_color_is_respected(
    variables: dict[str, str], coloured: bool
) -> None:
    with Terminal("talk", "sandbox", SMTPLAB_TRANSPORT="memory", **variables) as terminal:
        terminal.until("220 smtp.example.org")
        terminal.until("C: ")
        terminal.type("/quit\n")
        terminal.end()
    assert ("\x1b[32mS: 220" in terminal.shown) is coloured


@pytest.mark.parametrize("key", ["Ctrl-C", "SIGTERM", "SIGHUP"])
def test_nothing_is_left_behind_however_it_ends(key: str, tmp_path: Path) -> None:
    """The sandbox has threads, and it keeps its CA certificate in a file while it runs."""
    with Terminal("talk", "sandbox", SMTPLAB_TRANSPORT="tcp", TMPDIR=str(tmp_path)) as terminal:
        terminal.until("\nC: ")
        if key == "Ctrl-C":
            terminal.interrupt()
        else:
            terminal.process.send_signal(signal.Signals[key])
        assert terminal.end() == 0
    assert "Traceback" not in terminal.shown
    assert os.listdir(tmp_path) == []
