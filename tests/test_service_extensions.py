"""The service extensions at work: what is kept, what is bounded, what is announced when."""

import re
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from smtplab import Client, LocalProtocolError, Sandbox
from smtplab.sandbox.queue import QueueItem
from smtplab.session import State
from smtplab.transcript import Kind
from tests.life_cycle import ALICE, BOB, MSA, MX, PASSWORD
from tests.test_server import EVERYTHING

BINARY = b"Subject: x\r\n\r\n" + bytes(range(256)) * 20 + b"\n" + b"x" * 5000


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running
        assert not running.errors


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """One that has said EHLO to the exchange."""
    with sandbox.connect(MX, 25) as connected:
        connected.ehlo()
        yield connected


def to_bob(client: Client, parameters: dict[str, str | int | None] | None = None) -> None:
    assert client.mail("carol@example.org", parameters).code == 250
    assert client.rcpt(BOB).code == 250


def offered(client: Client) -> dict[str, tuple[str, ...]]:
    assert client.ehlo().code == 250 and client.extensions is not None
    return dict(client.extensions)


# What is offered where.

EVERYWHERE = {
    "SIZE": ("10485760",),
    "8BITMIME": (),
    "SMTPUTF8": (),
    "PIPELINING": (),
    "CHUNKING": (),
    "BINARYMIME": (),
    "ENHANCEDSTATUSCODES": (),
    "DSN": (),
    "LIMITS": ("RCPTMAX=100",),
    "DELIVERBY": (),
    "MT-PRIORITY": ("MIXER",),
    "HELP": (),
}
SUBMISSION = {"FUTURERELEASE": ("604800", "2026-03-09T09:00:00Z")}


def test_the_exchange_offers_what_fits_port_25(client: Client) -> None:
    assert offered(client) == EVERYWHERE | {"STARTTLS": ()}
    client.starttls()
    assert offered(client) == EVERYWHERE | {"REQUIRETLS": ()}


def test_submission_offers_what_fits_it(sandbox: Sandbox) -> None:
    with sandbox.connect(MSA, 587) as client:
        assert offered(client) == EVERYWHERE | SUBMISSION | {"STARTTLS": ()}
        client.starttls()
        inside = offered(client)
        assert inside.pop("AUTH")
        assert inside == EVERYWHERE | SUBMISSION | {"REQUIRETLS": ()}


@pytest.mark.parametrize("keyword", EVERYTHING)
def test_each_extension_can_be_switched_off_alone(sandbox: Sandbox, keyword: str) -> None:
    policy = sandbox.policy(MSA)
    with sandbox.connect(MSA, 465) as client:
        before = offered(client)
        policy.switched_off.add(keyword)
        after = offered(client)
        also = {"8BITMIME": {"SMTPUTF8"}, "CHUNKING": {"BINARYMIME"}}.get(keyword, set())
        assert set(before) - set(after) == ({keyword} & set(before)) | also
        policy.switched_off.clear()
        assert offered(client) == before


def test_what_a_policy_bounds_is_announced(sandbox: Sandbox, client: Client) -> None:
    policy = sandbox.policy(MX)
    policy.size_limit, policy.max_recipients = 2000, 5
    policy.max_transactions, policy.max_recipient_domains = 7, 3
    policy.vrfy = policy.expn = "answers"
    policy.etrn_domains.add("example.com")
    told = offered(client)
    assert told["SIZE"] == ("2000",)
    assert told["LIMITS"] == ("MAILMAX=7", "RCPTMAX=5", "RCPTDOMAINMAX=3")
    assert {"VRFY", "EXPN", "ETRN"} <= set(told)


def test_without_enhanced_codes_every_reply_lacks_them(sandbox: Sandbox, client: Client) -> None:
    sandbox.policy(MX).switched_off.add("ENHANCEDSTATUSCODES")
    assert "ENHANCEDSTATUSCODES" not in offered(client)
    replies = [client.noop(), client.mail("a@example.org"), client.rcpt("nobody@example.net")]
    assert [reply.code for reply in replies] == [250, 250, 550]
    assert [reply.enhanced for reply in replies] == [None, None, None]
    assert replies[2].text.startswith("No mailbox")


# Content in chunks.


def test_binary_octets_are_stored_as_they_came(sandbox: Sandbox, client: Client) -> None:
    """A server that mended lines, or took a dot for an end, would break a picture."""
    octets = BINARY + b"\r\n.\r\n..x"
    to_bob(client, {"BODY": "BINARYMIME", "SIZE": len(octets)})
    assert client.bdat(octets[:100]).code == 250
    assert client.bdat(octets[100:]).code == 250
    assert client.bdat(b"", last=True).code == 250
    (stored,) = sandbox.inbox(BOB)
    assert stored.content.endswith(b" +0000\r\n" + octets)
    assert stored.envelope.parameters["BODY"] == "BINARYMIME"


def test_both_ends_record_each_chunk_beside_its_command(sandbox: Sandbox, client: Client) -> None:
    to_bob(client)
    client.bdat(b"Subject: x\r\n\r\n")
    client.bdat(b"y\r\n" * 30_000, last=True)
    client.quit()
    ends = []
    for transcript, end in ((client.transcript, "client"), (sandbox.transcript, "server")):
        seen = [e for e in transcript.of(client.connection, end) if e.step in (4, 5)]
        ends.append([(e.kind, e.step, e.octets, e.length, e.sha256) for e in seen])
    kinds = [Kind.COMMAND, Kind.MAIL_DATA, Kind.REPLY]
    assert sorted(ends[0]) == sorted(ends[1])
    assert sorted(one[0] for one in ends[1]) == sorted(kinds * 2)
    assert max(len(one[2]) for one in ends[1]) <= 8192  # 90,000 octets, of which both ends are kept


@pytest.mark.parametrize("cut", range(1, 40))
def test_line_rules_hold_across_chunks_wherever_they_are_cut(cut: int) -> None:
    content = b"a: b\r\n\r\n" + b"x" * 998 + b"\r\n"
    with Sandbox("memory") as sandbox, sandbox.connect(MX, 25) as client:
        client.ehlo()
        for octets, code in ((content, 250), (content.replace(b"b\r\n", b"b\n\r"), 554)):
            to_bob(client)
            first = octets[:cut]
            client.bdat(first)
            assert client.bdat(octets[cut:], last=True).code == code
            client.rset()
        assert len(sandbox.inbox(BOB)) == 1


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"x" * 999 + b"\r\n", "998"),
        (b"x" * 999, "998"),
        (b"x" * 998, ""),
        (b"a\nb", "bare"),
        (b"a\rb", "bare"),
        (b"a\r", "bare"),
        (b"a\0", "NUL"),
        (b"", ""),
    ],
)
def test_a_text_in_chunks_has_the_rules_of_data(content: bytes, fault: str) -> None:
    with Sandbox("memory") as sandbox, sandbox.connect(MX, 25) as client:
        client.ehlo()
        to_bob(client)
        reply = client.bdat(content, last=True)
        assert (reply.code, fault in reply.text) == (554 if fault else 250, True)
        assert client.state is (State.BDAT_FAILED if fault else State.READY)
        assert client.mail("").code == (503 if fault else 250)


@pytest.mark.parametrize("drop", [Client.rset, Client.ehlo, Client.helo], ids=lambda m: m.__name__)
def test_chunks_that_were_dropped_are_in_no_later_content(
    sandbox: Sandbox, client: Client, drop: Callable[[Client], object]
) -> None:
    """Else one mail object would carry a part of another one."""
    for last_of_first in (False, True):
        client.ehlo()
        to_bob(client)
        client.bdat(b"a secret\r\n", last=last_of_first)
        drop(client)
        client.ehlo()
        to_bob(client)
        assert client.bdat(b"Subject: x\r\n\r\n", last=True).code == 250
        assert sandbox.inbox(BOB)[-1].content.endswith(b" +0000\r\nSubject: x\r\n\r\n")


def test_pipelined_chunks_behind_a_failed_one_are_thrown_away(
    sandbox: Sandbox, client: Client
) -> None:
    """Else a content could hold commands that the server obeys (RFC 3030, 2)."""
    to_bob(client)
    evil = b"RSET\r\nMAIL FROM:<evil@example.org>\r\n"
    chunk = b"BDAT %d\r\n%s" % (len(evil), evil)
    first = client.send_raw(
        b"BDAT 5 WRONG\r\nRSET\n" + chunk + chunk.replace(b"\r\n", b" LAST\r\n", 1)
    )
    replies = [first, client.read_reply(), client.read_reply()]
    assert [reply.code for reply in replies] == [501, 503, 503]
    assert client.mail("").code == 503
    assert client.rset().code == 250
    to_bob(client)
    assert client.bdat(b"after all\r\n", last=True).code == 250
    (stored,) = sandbox.inbox(BOB)
    assert stored.content.endswith(b"after all\r\n") and b"evil" not in stored.content


@pytest.mark.parametrize("phase", ["BDAT", "end-of-data"])
def test_a_fault_at_a_chunk_spoils_the_transaction_and_leaves_none_of_its_octets(
    sandbox: Sandbox, client: Client, phase: str
) -> None:
    sandbox.faults.add(f"{phase}=451 4.3.0 Disk full")
    to_bob(client)
    reply = client.bdat(b"QUIT\r\n", last=True)
    assert (reply.code, client.state) == (451, State.BDAT_FAILED)
    assert client.bdat(b"QUIT\r\n", last=True).code == 503
    sandbox.faults.clear()
    client.rset()
    to_bob(client)
    assert client.bdat(b"Subject: x\r\n", last=True).code == 250
    assert len(sandbox.inbox(BOB)) == 1


def test_a_chunk_over_the_limit_is_refused_and_the_session_goes_on(
    sandbox: Sandbox, client: Client
) -> None:
    sandbox.policy(MX).size_limit = 1000
    to_bob(client)
    assert client.bdat(b"x\r\n" * 300).code == 250
    reply = client.bdat(b"x\r\n" * 300, last=True)
    assert (reply.code, str(reply.enhanced)) == (552, "5.3.4")
    assert client.data().code == 503
    assert client.rset().code == 250
    assert not sandbox.inbox(BOB)


@pytest.mark.parametrize("size", [b"1000000000000000000", b"67108865", b"9" * 400])
def test_a_chunk_of_astronomic_size_is_refused_at_once(
    sandbox: Sandbox, client: Client, size: bytes
) -> None:
    """To wait for it, or to make room for it, would be the end of the server."""
    to_bob(client)
    reply = client.send_raw(b"BDAT " + size + b"\r\n")
    assert (reply.code, str(reply.enhanced)) == (552, "5.3.4")
    assert client.read_reply().code == 421
    assert client.state is State.CLOSED


@pytest.mark.parametrize("piece", [b"x" * 65_536, b"x"], ids=["large", "one octet"])
def test_chunks_cost_bounded_memory(piece: bytes) -> None:
    with Sandbox("memory") as sandbox:
        sandbox.policy(MX).size_limit = limit = 2**20
        stream = sandbox.open(MX, 25, source=None, timeout=60)
        stream.write(
            b"EHLO a.example\r\nMAIL FROM:<> BODY=BINARYMIME\r\nRCPT TO:<bob@example.net>\r\n"
        )
        chunk = b"BDAT %d\r\n%s" % (len(piece), piece)
        many = chunk * max(1, 20_000 // len(chunk))
        tracemalloc.start()
        try:
            for _ in range(4 * limit // len(many) if len(piece) > 1 else 5):
                stream.write(many)
                stream.read(2**20)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        stream.close()
    assert peak < 24 * 2**20  # the limit, and what the transcript keeps of wire and events


def test_a_client_that_goes_away_inside_a_chunk_leaves_nothing(sandbox: Sandbox) -> None:
    stream = sandbox.open(MX, 25, source=None, timeout=60)
    stream.write(
        b"EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\nBDAT 50 LAST\r\nhalf"
    )
    stream.close()
    assert not sandbox.inbox(BOB)


def test_the_client_sends_no_chunk_to_a_server_that_did_not_offer_it(
    sandbox: Sandbox, client: Client
) -> None:
    """Its octets would be taken for commands (RFC 3030, 2)."""
    sandbox.policy(MX).switched_off.add("CHUNKING")
    client.ehlo()
    to_bob(client)
    with pytest.raises(LocalProtocolError, match="has not offered CHUNKING"):
        client.bdat(b"RSET\r\n", last=True)
    assert client.data().code == 354


# Parameters.


def test_parameters_reach_the_mailbox_as_they_were_said(sandbox: Sandbox) -> None:
    said = {"RET": "hdrs", "ENVID": "Qq+2Bz", "BY": "600;NT", "MT-PRIORITY": "-3", "SMTPUTF8": None}
    bob = {"NOTIFY": "Success,DELAY", "ORCPT": "rfc822;Bob+2Bx@Example.net"}
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        assert client.mail("carol@example.org", said).code == 250
        assert client.rcpt(BOB, bob).code == 250
        assert client.rcpt("postmaster@example.net").code == 250
        client.data()
        assert client.content(b"Subject: x\r\n").code == 250
        assert client.mail("").code == 250  # nothing is left over for the next
        assert client.rcpt(BOB).code == 250
        client.data()
        client.content(b"Subject: y\r\n")
    first, second = sandbox.inbox(BOB)
    assert first.envelope.parameters == said
    assert first.envelope.recipient_parameters == {BOB: bob}
    assert b" with UTF8SMTP id m1;" in first.content
    assert not second.envelope.parameters and not second.envelope.recipient_parameters


def test_parameters_of_a_submission_wait_in_the_queue(sandbox: Sandbox) -> None:
    said = {"HOLDFOR": "3600", "AUTH": "alice@example.org"}
    put: list[QueueItem] = []
    queue = sandbox._world.queue
    queue.on_put = lambda: put.extend(queue.items)  # instead of a run
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        client.auth(ALICE, PASSWORD)
        assert client.mail(ALICE, said).code == 250
        assert client.rcpt(BOB, {"NOTIFY": "NEVER"}).code == 250
        client.data()
        client.content(b"Subject: x\r\n")
        (item,) = put
    assert item.mail.envelope.parameters == said
    assert item.mail.envelope.recipient_parameters == {BOB: {"NOTIFY": "NEVER"}}


@pytest.mark.parametrize(("more", "code"), [(1024, 250), (1025, 552)])
def test_a_content_may_be_somewhat_larger_than_declared(
    client: Client, more: int, code: int
) -> None:
    """RFC 1870, 6.3."""
    for verb in ("DATA", "BDAT"):
        to_bob(client, {"SIZE": 100})
        content = b"0123456789\r\n" * 93 + b"x" * (more - 1018) + b"\r\n"
        assert len(content) == 100 + more
        if verb == "DATA":
            client.data()
            reply = client.content(content)
        else:
            reply = client.bdat(content, last=True)
        assert reply.code == code
        client.rset()


def test_octets_above_127_pass_with_8bitmime_and_are_refused_without(
    sandbox: Sandbox, client: Client
) -> None:
    sandbox.policy(MX).switched_off.add("8BITMIME")
    for expected in ("554 5.6.1", "250 2.0.0"):
        client.ehlo()
        to_bob(client)
        client.data()
        reply = client.content("Grüße\r\n".encode())
        assert f"{reply.code} {reply.enhanced}" == expected
        sandbox.policy(MX).switched_off.clear()


def test_a_header_section_in_utf8_is_taken_without_the_parameter(
    sandbox: Sandbox, client: Client
) -> None:
    """A server need not look (RFC 6531, 3.6), and should not refuse for it (RFC 5321, 3.3)."""
    to_bob(client)
    client.data()
    assert client.content("Subject: Grüße\r\n\r\n".encode()).code == 250
    assert "Grüße".encode() in sandbox.inbox(BOB)[0].content


def test_the_longest_line_grows_with_what_is_offered(sandbox: Sandbox, client: Client) -> None:
    """Each RFC says by how much; a server without the extension stays at 512."""
    parameter = b"ORCPT=rfc822;" + b"x" * 493
    line = b"RCPT TO:<bob@example.net> " + parameter + b"\r\n"
    client.mail("")
    assert len(line) > 512 and client.send_raw(line).code == 250
    sandbox.policy(MX).switched_off.add("DSN")
    reply = client.send_raw(line)
    assert (reply.code, reply.text) == (500, "The command line is too long")


def test_a_new_connection_does_not_shorten_the_lines_of_the_others(
    sandbox: Sandbox, client: Client
) -> None:
    """In stock aiosmtpd all sessions share one table of limits, which a new one clears."""
    line = b"RCPT TO:<bob@example.net> ORCPT=rfc822;" + b"x" * 493 + b"\r\n"
    client.mail("")
    with sandbox.connect(MX, 25) as other:
        assert client.send_raw(line).code == 250
        other.helo()
        assert client.send_raw(line).code == 250


# Limits, and questions.


def test_a_session_has_so_many_transactions_and_no_more(sandbox: Sandbox, client: Client) -> None:
    sandbox.policy(MX).max_transactions = 2
    for _ in range(2):
        assert client.mail("").code == 250
        client.rset()
    assert client.mail("").code == 421
    assert client.state is State.CLOSED


def test_recipients_and_domains_are_counted_as_announced(sandbox: Sandbox) -> None:
    policy = sandbox.policy(MSA)
    policy.max_recipients, policy.max_recipient_domains = 2, 2
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        client.auth(ALICE, PASSWORD)
        client.mail(ALICE)
        codes = [client.rcpt(f"x@{name}.example").code for name in ("a", "A", "b")]
        assert codes == [250, 250, 452]  # the third recipient
        client.rset()
        client.mail(ALICE)  # domains count through the session, recipients anew
        codes = [client.rcpt(f"x@{name}.example").code for name in ("b", "c", "B", "a")]
        assert codes == [250, 452, 250, 452]
        client.rset()
        client.mail(ALICE)
        assert client.rcpt("x@a.example").code == 250


def test_vrfy_asks_back_where_a_name_is_ambiguous(sandbox: Sandbox, client: Client) -> None:
    sandbox.policy(MX).vrfy = "answers"
    sandbox._world.hosts[MX].domains = ("example.net", "example.org")
    reply = client.vrfy("postmaster")
    assert reply.code == 553
    assert reply.texts[1:] == (
        b"5.1.4 <postmaster@example.net>",
        b"5.1.4 <postmaster@example.org>",
    )
    assert client.vrfy("bob").texts == (b"2.1.5 <bob@example.net>",)


def test_etrn_starts_the_queue_for_a_domain_and_what_is_under_it(sandbox: Sandbox) -> None:
    sandbox.policy(MX).etrn_domains.add("example.com")
    queue, later = sandbox._world.queue, sandbox.clock.now() + timedelta(hours=1)
    runs = []
    queue.on_put = lambda: runs.append(1)  # instead of a run
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        client.auth(ALICE, PASSWORD)
        for forward_path in ("x@mail.example.com", "y@example.com", "z@notexample.com"):
            client.mail(ALICE)
            client.rcpt(forward_path)
            client.data()
            client.content(b"Subject: x\r\n")
    for item in queue.items:
        item.next_attempt = later
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        assert client.send_raw(b"ETRN EXAMPLE.com\r\n").text.startswith("1 pending")
        assert [item.next_attempt < later for item in queue.items] == [False, True, False]
        assert client.send_raw(b"ETRN @example.com\r\n").text.startswith("2 pending")
        assert [item.next_attempt < later for item in queue.items] == [True, True, False]
    assert len(runs) == 3 + 2


def test_help_names_only_the_verbs_that_are_known(sandbox: Sandbox, client: Client) -> None:
    assert "BDAT" in client.help().text and "ETRN" not in client.help().text
    sandbox.policy(MX).switched_off.update({"CHUNKING", "AUTH", "STARTTLS"})
    assert not re.search("BDAT|AUTH|STARTTLS", client.help().text)
    assert client.help("BDAT").code == 504


def test_without_pipelining_each_reply_has_its_own_segment(
    sandbox: Sandbox, client: Client
) -> None:
    for switched_off in (set(), {"PIPELINING"}):
        sandbox.policy(MX).switched_off.clear()
        sandbox.policy(MX).switched_off.update(switched_off)
        before = len(_server_segments(sandbox, client))
        client.send_raw(b"NOOP\r\n" * 3)
        client.read_reply(), client.read_reply()
        assert len(_server_segments(sandbox, client)) - before == (3 if switched_off else 1)


def _server_segments(sandbox: Sandbox, client: Client) -> list[bytes]:
    wire = sandbox.transcript.wire(client.connection, "server")
    return [one.octets for one in wire.segments if one.sender == "server"]
