"""What the README tells engineers to type: each command is tried, or at least understood."""

import os
import re
import shlex
from pathlib import Path

import pytest

from smtplab import Sandbox, cli, probe

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
SECTION = README.partition("## For engineers\n")[2]
COMMANDS = re.findall(r"^smtplab .*$", SECTION.partition("```sh\n")[2].partition("```")[0], re.M)
SCRIPT = SECTION.partition("```\nEHLO")[2].partition("```")[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_does_what_it_says(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = shlex.split(command, comments=True)[1:]
    if "--real" in words:  # nothing leaves this machine, so only its options are looked at
        assert cli.build_parser().parse_args(words).real
        return
    monkeypatch.setenv("SMTPLAB_TRANSPORT", "memory")
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        assert cli.main(words) == 0
    assert "220" in capsys.readouterr().out or "--json" in words


def test_the_readme_has_commands_of_each_kind() -> None:
    assert {command.split()[1] for command in COMMANDS} == {"talk", "probe"}


def test_the_script_of_the_readme_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SMTPLAB_TRANSPORT", "memory")
    (tmp_path / "check.smtp").write_text(f"EHLO{SCRIPT}")
    assert SCRIPT
    assert cli.main(["talk", "sandbox:25", "--script", str(tmp_path / "check.smtp")]) == 0


def test_the_call_of_the_readme_works_in_a_notebook() -> None:
    assert 'smtplab.probe("mx.example.net", ports=(25,), network=sandbox)' in SECTION
    with Sandbox("memory") as sandbox:
        report = probe("mx.example.net", ports=(25,), network=sandbox)
        assert "mx.example.net : 25" in report._repr_html_()
