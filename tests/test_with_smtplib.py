"""Python's own smtplib inside the sandbox, over both transports."""

import smtplib
import ssl
from email.message import EmailMessage

import pytest

from smtplab import RemoteProtocolError, Sandbox

TRANSPORTS = ("tcp", "memory")


@pytest.fixture(params=TRANSPORTS)
def sandbox(request):
    with Sandbox(request.param) as running:
        yield running


def a_message():
    message = EmailMessage()
    message["From"] = "alice@example.org"
    message["To"] = "bob@example.net"
    message["Subject"] = "by smtplib"
    message.set_content("hello\n.\n")
    return message


def test_smtplib_signs_in_after_starttls_and_its_mail_arrives(sandbox):
    with sandbox.smtplib() as smtp:
        smtp.starttls()
        smtp.login("alice@example.org", "looking-glass")
        smtp.send_message(a_message())
    (mail,) = sandbox.inbox("bob@example.net")
    assert mail.content.endswith(b"hello\r\n.\r\n")


def test_smtplib_works_with_implicit_tls(sandbox):
    with sandbox.smtplib(port=465) as smtp:
        smtp.login("alice@example.org", "looking-glass")
        smtp.send_message(a_message())
    assert len(sandbox.inbox("bob@example.net")) == 1


def test_smtplib_reads_the_same_refusals_as_our_client(sandbox):
    with sandbox.smtplib("mx.example.net", 25) as smtp:
        smtp.ehlo()
        assert smtp.mail("alice@example.org")[0] == 250
        assert smtp.rcpt("carol@example.com") == (
            550,
            b"5.7.1 Relaying denied: example.com is not a domain of this server",
        )


def test_a_wrong_password_is_535(sandbox):
    with sandbox.smtplib(port=465) as smtp:
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            smtp.login("alice@example.org", "wrong")
    assert caught.value.smtp_code == 535


def test_a_context_that_trusts_nobody_refuses_the_certificate(sandbox):
    with sandbox.smtplib() as smtp:
        with pytest.raises(RemoteProtocolError, match="not trusted here"):
            smtp.starttls(context=ssl.create_default_context())
        smtp.close()
