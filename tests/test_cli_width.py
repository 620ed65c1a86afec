"""What the commands say fits the terminal: it would tear a longer line inside of a word."""

from pathlib import Path

import pytest

from tests.terminal import Terminal

DIALOGUE = """\
S: 220 mx.example.net
C: MAIL FROM:<alice@example.org>
S: 550 5.7.1 Not for you
"""
COMMANDS = {
    "explain": ("explain", "550", "5.7.1"),
    "probe": ("probe", "sandbox"),
    "read": ("read", "dialogue.txt"),
    "read an error": ("read", "error.txt"),
    "talk": ("talk", "sandbox", "--until", "EHLO"),
}


@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("case", COMMANDS)
def test_our_own_words_fit_the_terminal(case: str, width: int, tmp_path: Path) -> None:
    (tmp_path / "dialogue.txt").write_text(DIALOGUE)
    (tmp_path / "error.txt").write_text(
        "curl: (60) SSL certificate problem: certificate has expired\n"
    )
    command = [str(tmp_path / word) if word.endswith(".txt") else word for word in COMMANDS[case]]
    narrow = {"COLUMNS": f"{width}", "NO_COLOR": "1", "SMTPLAB_TRANSPORT": "memory"}
    with Terminal(*command, **narrow) as terminal:
        terminal.end()
    lines = [line for line in terminal.shown.splitlines() if line[:2] not in ("C:", "S:")]
    widest = max(map(len, lines))
    assert min(width, 78) - 12 < widest <= min(width, 88), terminal.shown
