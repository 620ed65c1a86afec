"""What the command line says about a problem: true, and with the next step in its own options."""

import io
import sys

import pytest

from smtplab import cli
from smtplab.cli.problems import headline, in_options
from smtplab.errors import ConnectionLost, RemoteProtocolError
from smtplab.replies import ReplyParser

FOREIGN = {
    "a web server": b"HTTP/1.1 400 Bad Request\r\n",
    "an SSH server": b"SSH-2.0-OpenSSH_9.2\r\n",
    "an IMAP server": b"* OK IMAP4rev1 ready\r\n",
    "a POP3 server": b"+OK ready\r\n",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_server_of_another_protocol_is_named(name):
    parser = ReplyParser()
    parser.feed(FOREIGN[name])
    with pytest.raises(RemoteProtocolError) as refused:
        parser.next_reply()
    assert f"So answers {name} (RFC " in in_options(refused.value)


def test_an_smtp_server_with_a_bad_line_is_no_server_of_another_protocol():
    parser = ReplyParser()
    parser.feed(b"25 OK\r\n")
    with pytest.raises(RemoteProtocolError) as refused:
        parser.next_reply()
    assert "So answers" not in in_options(refused.value)


TROUBLES = {
    "the certificate that h showed comes from a certificate authority that is not trusted here; "
    "add its CA file": "add its CA file with --ca",
    "the certificate that h showed is signed by itself and not trusted here; trust its own file "
    "if it is your server": "trust its own file with --ca if",
    "h did not speak TLS on this port; it may expect plaintext first: connect without TLS and use "
    "STARTTLS": "connect again with --tls starttls",
}


@pytest.mark.parametrize("text", TROUBLES, ids=["authority", "self-signed", "plaintext"])
def test_trouble_with_tls_is_no_broken_rule_and_says_which_option_helps(text):
    error = RemoteProtocolError(text)
    assert headline(error) == "No TLS"
    assert TROUBLES[text] in in_options(error)


def test_other_headlines_stay():
    assert headline(RemoteProtocolError("a reply line ends in LF")) == "The server broke the rules"
    assert headline(ConnectionLost("closed")) == "No connection"


def test_a_folder_in_place_of_a_dialogue_is_called_one(tmp_path, capsys):
    assert cli.main(["read", str(tmp_path)]) == 2
    assert "cannot be read: it is a folder" in capsys.readouterr().err


def test_an_empty_dialogue_says_where_programs_print(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    assert cli.main(["read", "-"]) == 2
    assert "2>&1 | smtplab read -" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["copy", "nbgrader"])
def test_a_folder_that_cannot_be_made_is_told_without_the_systems_numbers(
    command, tmp_path, capsys
):
    (tmp_path / "file").write_text("")
    assert cli.main([command, str(tmp_path / "file" / "folder")]) == 2
    told = capsys.readouterr().err
    assert "cannot be used" in told and "Errno" not in told
