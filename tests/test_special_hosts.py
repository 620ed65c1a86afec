"""The badly run hosts: an old server, and an open relay and what becomes of it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from smtplab import Sandbox, Settings
from smtplab.sandbox.badly_run.blocklist import LISTED_AFTER, PUBLISHED_AFTER
from smtplab.sandbox.signing import SELECTOR
from smtplab.sandbox.special_hosts import SPECIAL_HOSTS, special_host
from tests.life_cycle import ALICE, BOB, MSA, MX, PASSWORD

OLD, RELAY = "mail.old.example", "mail.relay.example"
SPAMMER = Settings(source="spam.example")


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running
        assert not running.errors


def test_each_special_host_comes_by_name_and_only_once(sandbox: Sandbox) -> None:
    for name in SPECIAL_HOSTS:
        plan = sandbox.add_host(name)
        assert plan.says.endswith(".")
        assert sandbox.add_host(name) is plan
        for listener in plan.listeners:
            if listener.tls != "implicit":
                with sandbox.connect(*listener.key) as client:
                    assert client.greeting.code == 220
    assert len({special_host(name).address for name in SPECIAL_HOSTS}) == len(SPECIAL_HOSTS)


OLD_REPLIES = [
    (b"EHLO a.example", "500 Syntax error, command unrecognized"),
    (b"STARTTLS", "500 Syntax error, command unrecognized"),
    (b"AUTH PLAIN", "500 Syntax error, command unrecognized"),
    (b"MAIL FROM:<a@b.example>", "503 Bad sequence of commands"),
    (b"HELO a.example", "250 mail.old.example greets a.example"),
    (b"NOOP", "250 OK"),
    (b"MAIL FROM:<a@b.example> SIZE=5", "555"),
    (b"MAIL FROM:<a@b.example", "501 Syntax error in parameters or arguments"),
    (b"MAIL FROM:<a@b.example>", "250 OK"),
    (b"RCPT TO:<nobody@old.example>", "550 Requested action not taken: mailbox unavailable"),
    (b"RCPT TO:<a@else.example>", "550 Requested action not taken: mailbox unavailable"),
    (b"RCPT TO:<oskar@old.example>", "250 OK"),
    (b"DATA", "354 Start mail input; end with <CRLF>.<CRLF>"),
    (b".", "250 OK"),
    (b"QUIT", "221 mail.old.example Service closing transmission channel"),
]


def test_an_old_server_speaks_as_in_1982(sandbox: Sandbox) -> None:
    sandbox.add_host("old-server")
    with sandbox.connect(OLD, 25) as client:
        assert str(client.greeting) == "220 mail.old.example Simple Mail Transfer Service Ready"
        for line, expected in OLD_REPLIES:
            reply = str(client.send_raw(line + b"\r\n"))
            assert reply.startswith(expected), line
            assert not client.transcript.events[-1].octets[4:5].isdigit(), "an enhanced code"


def test_an_old_server_counts_recipients_with_552_and_drops_the_eighth_bit(
    sandbox: Sandbox,
) -> None:
    sandbox.add_host("old-server")
    sandbox.policy(OLD).max_recipients = 1
    with sandbox.connect(OLD, 25) as client:
        client.helo()
        client.mail("a@b.example")
        client.rcpt("oskar@old.example")
        assert str(client.rcpt("postmaster@old.example")) == "552 Too many recipients"
        client.data()
        assert client.content("Subject: x\r\n\r\ncafé\r\n".encode()).code == 250
    assert sandbox.inbox("oskar@old.example")[0].content.endswith(b"cafC)\r\n")
    with sandbox.connect(OLD, 25) as client:
        client.helo()
        client.mail("a@b.example")
        client.rcpt("oskar@old.example")
        client.data()
        assert client.content(b"x" * 70 + b"\r\n" + b"y\r\n" * 30_000).code == 552


def test_the_mta_falls_back_to_helo_for_an_old_server(sandbox: Sandbox) -> None:
    sandbox.add_host("old-server")
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        client.auth(ALICE, PASSWORD)
        client.mail(ALICE)
        client.rcpt("oskar@old.example")
        client.data()
        client.content(b"Subject: x\r\n\r\n")
    [mail] = sandbox.inbox("oskar@old.example")
    assert "by mail.old.example with SMTP id" in str(mail)


def spam(sandbox: Sandbox, how_many: int, reverse_path: str = "win@spam.example") -> None:
    with sandbox.connect(RELAY, 25, settings=SPAMMER) as client:
        client.ehlo()
        for number in range(how_many):
            client.mail(reverse_path)
            assert client.rcpt(BOB).code == 250
            client.data()
            assert client.content(b"Subject: You won %d\r\n\r\n" % number).code == 250
    sandbox.settle()


def test_an_open_relay_takes_any_recipient_and_sends_on_under_its_own_address(
    sandbox: Sandbox,
) -> None:
    sandbox.add_host("open-relay")
    spam(sandbox, 1)
    [mail] = sandbox.inbox(BOB)
    assert mail.envelope.reverse_path == "win@spam.example"
    assert "Received: from mail.relay.example ([192.0.2.66])" in str(mail)
    with sandbox.connect(MSA, 465) as client:  # and a well-run server does not
        client.ehlo()
        assert str(client.mail("win@spam.example")).startswith("530")


@pytest.mark.parametrize("name", SPECIAL_HOSTS)
def test_a_special_host_publishes_the_key_that_it_signs_with(name: str) -> None:
    """Else its users' mail fails by our mistake, where a lesson is about something else."""
    with Sandbox("memory") as sandbox:
        plan = sandbox.add_host(name)
        sends = sandbox.policy(plan.name).open_relay or any(one.auth for one in plan.listeners)
        if sends and sandbox.policy(plan.name).reception.signing:
            names = f"{SELECTOR}._domainkey.{plan.domains[0]}", f"{SELECTOR}._domainkey.example.org"
            own, provider = (sandbox._world.zones.look_up(name, "TXT") for name in names)
            assert own == provider != ()


def test_an_open_relay_signs_nothing_because_strangers_would_get_its_name(
    sandbox: Sandbox,
) -> None:
    sandbox.add_host("open-relay")
    with sandbox.connect(RELAY, 25, settings=SPAMMER) as client:
        client.ehlo()
        client.mail("win@spam.example")
        client.rcpt(BOB)
        client.data()
        client.content(b"From: win@spam.example\r\nSubject: You won\r\n\r\n")
    [mail] = [mail for box in ("Inbox", "Junk") for mail in sandbox.mailbox(BOB).folder(box)]
    assert "DKIM-Signature" not in str(mail)
    assert mail.verdict and mail.verdict.checks and mail.verdict.checks.dkim.result == "none"


def test_an_open_relay_still_has_users_of_its_own(sandbox: Sandbox) -> None:
    sandbox.add_host("open-relay")
    with sandbox.connect(RELAY, 25) as client:
        client.ehlo()
        client.mail(ALICE)
        client.rcpt("rita@relay.example")
        client.data()
        client.content(b"Subject: Your server is open\r\n\r\n")
    assert [mail.subject for mail in sandbox.inbox("rita@relay.example")] == ["Your server is open"]


def test_a_relay_that_strangers_use_is_listed_and_one_with_patience_is_not(
    sandbox: Sandbox,
) -> None:
    sandbox.add_host("open-relay")
    spam(sandbox, LISTED_AFTER - 1)
    assert sandbox.blocklist.reason("192.0.2.66") is None
    sandbox.clock.advance(timedelta(hours=1, seconds=1))
    spam(sandbox, 1)
    sandbox.clock.advance(PUBLISHED_AFTER)
    assert sandbox.blocklist.reason("192.0.2.66") is None, "too few within one hour"
    spam(sandbox, LISTED_AFTER - 2, "rita@relay.example")
    sandbox.clock.advance(PUBLISHED_AFTER)
    assert sandbox.blocklist.reason("192.0.2.66") is None, "its own user is no stranger"
    spam(sandbox, LISTED_AFTER - 1)
    sandbox.clock.advance(PUBLISHED_AFTER - timedelta(seconds=1))
    assert sandbox.blocklist.reason("192.0.2.66") is None, "the next edition is not out"
    sandbox.clock.advance(timedelta(seconds=1))
    why = sandbox.blocklist.reason("192.0.2.66")
    assert why == "open relay, see http://dnsbl.example/192.0.2.66"
    zones = sandbox._world.zones
    assert zones.look_up("66.2.0.192.dnsbl.example", "A") == ("127.0.0.2",)
    assert zones.look_up("66.2.0.192.dnsbl.example", "TXT") == (f'"{why}"',)
    sandbox.blocklist.remove("192.0.2.66")
    assert sandbox.blocklist.reason("192.0.2.66") is None
    assert not zones.look_up("66.2.0.192.dnsbl.example", "A")
    assert zones.look_up("2.0.0.127.dnsbl.example", "A"), "the test entry stays"


def test_the_blocklist_takes_addresses_and_plain_reasons_only(sandbox: Sandbox) -> None:
    listing = sandbox.blocklist
    listing.add("192.0.2.1", "twice")
    listing.add("192.0.2.1", "once")
    assert listing.reason("192.0.2.1") == "once"
    assert listing.reason("192.0.2.11") is None
    for address, why in (("relay.example", "x"), ("192.0.2.1", 'a"b'), ("192.0.2.1", "a\nb")):
        with pytest.raises(ValueError):
            listing.add(address, why)
    assert listing.reason("192.0.2.1") == "once"


def test_the_blocklist_shows_whom_it_lists(sandbox: Sandbox) -> None:
    listing = sandbox.blocklist
    assert repr(listing) == "<Blocklist dnsbl.example: 198.51.100.66>"
    listing.add("192.0.2.66", "open relay")
    assert repr(listing) == "<Blocklist dnsbl.example: 198.51.100.66, 192.0.2.66>"
    for address in ("192.0.2.66", "198.51.100.66"):
        listing.remove(address)
    assert repr(listing) == "<Blocklist dnsbl.example: nobody is listed>"
    sandbox.zones.set("dnsbl.example", "$TTL 60\n999.1.1.1 IN A 127.0.0.2\n")
    assert repr(listing) == "<Blocklist dnsbl.example: 1.1.1.999>", "what the zone says, is shown"


def test_an_exchange_that_asks_the_blocklist_refuses_the_relay_and_names_the_list(
    sandbox: Sandbox,
) -> None:
    """What happens to an open relay: its own users' mail comes back, too."""
    pytest.importorskip("smtplab.sandbox.reception")
    sandbox.add_host("open-relay")
    vars(sandbox.policy(MX))["reception"].blocklist = "dnsbl.example"
    spam(sandbox, LISTED_AFTER)
    sandbox.clock.advance(PUBLISHED_AFTER)
    before = len(sandbox.inbox(BOB)) + len(sandbox.mailbox(BOB).folder("Junk"))
    assert sandbox.blocklist.reason("192.0.2.66") and before
    spam(sandbox, 1, "rita@relay.example")
    after = len(sandbox.inbox(BOB)) + len(sandbox.mailbox(BOB).folder("Junk"))
    assert after == before
    [returned] = sandbox.inbox("rita@relay.example")
    assert "5.7.1" in str(returned) and "listed at dnsbl.example: open relay" in str(returned)
