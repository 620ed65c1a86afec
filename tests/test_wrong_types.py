"""What a person types by mistake: one clear TypeError, before anything is sent or recorded."""

import pytest

from smtplab import Client, Sandbox, commands, probe


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox("memory") as sandbox:
        yield sandbox


def in_data(client):
    client.mail("alice@example.org")
    client.rcpt("bob@example.net")
    client.data()


CALLS = {
    "no password": lambda c: c.auth("alice@example.org", None),
    "a password in octets": lambda c: c.auth("alice@example.org", b"looking-glass"),
    "a name in octets": lambda c: c.auth(b"alice@example.org", "looking-glass"),
    "a mechanism that is a number": lambda c: c.auth("alice@example.org", "looking-glass", 5),
    "EHLO of a number": lambda c: c.ehlo(5),
    "HELO in octets": lambda c: c.helo(b"laptop.example.org"),
    "MAIL of nobody": lambda c: c.mail(None),
    "MAIL in octets": lambda c: c.mail(b"alice@example.org"),
    "parameters in text": lambda c: c.mail("alice@example.org", "SIZE=120"),
    "RCPT of a list": lambda c: c.rcpt(["bob@example.net"]),
    "VRFY of nobody": lambda c: c.vrfy(None),
    "EXPN of nobody": lambda c: c.expn(None),
    "NOOP in octets": lambda c: c.noop(b"x"),
    "HELP of a number": lambda c: c.help(5),
    "a chunk that is a list": lambda c: c.bdat(["a"]),
    "a chunk in text": lambda c: c.bdat("a"),
    "a raw line that is nothing": lambda c: c.send_raw(None),
    "a raw line that is a number": lambda c: c.send_raw(5),
}


@pytest.mark.parametrize("case", CALLS)
def test_a_wrong_type_is_named_and_nothing_is_sent_or_recorded(case, sandbox):
    client = sandbox.connect("mx.example.net", 25)
    client.ehlo()
    before = client.transcript.events
    with pytest.raises(TypeError, match=r" wants | are a dict") as told:
        CALLS[case](client)
    assert "attribute" not in f"{told.value}", "Python's own words"
    assert client.transcript.events == before
    assert client.noop().code == 250, "the session goes on"


@pytest.mark.parametrize("content", [None, 5, ["a"], "text"], ids=repr)
def test_content_is_octets(content, sandbox):
    client = sandbox.connect("mx.example.net", 25)
    client.ehlo()
    in_data(client)
    with pytest.raises(TypeError, match=r"content\(\) wants octets"):
        client.content(content)
    assert client.content(b"Subject: All the same\r\n\r\n").code == 250


@pytest.mark.parametrize("port", ["587", None, 587.0], ids=repr)
def test_a_port_is_a_number(port, sandbox):
    with pytest.raises(TypeError, match="a port is a number without quotes, such as 587"):
        Client.connect("smtp.example.org", port, network=sandbox)


@pytest.mark.parametrize("host", [None, b"smtp.example.org"], ids=repr)
def test_a_host_is_text(host, sandbox):
    with pytest.raises(TypeError, match="a host wants text"):
        Client.connect(host, 587, network=sandbox)


@pytest.mark.parametrize("ports", ["25", 25], ids=repr)
def test_ports_in_quotes_are_not_taken_for_their_digits(ports, sandbox):
    with pytest.raises(TypeError, match="ports are several numbers"):
        probe("mx.example.net", ports=ports, network=sandbox)


def test_the_clock_is_moved_by_a_time_and_not_by_a_number(sandbox):
    with pytest.raises(TypeError, match="timedelta"):
        sandbox.clock.advance(5)


def test_the_null_reverse_path_is_still_an_empty_text():
    assert commands.mail("") == b"MAIL FROM:<>\r\n"
