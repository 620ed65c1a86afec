"""Sending many mail objects: the fate of each, nothing lost, nothing doubled."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from smtplab import Client, ConnectionLost, Envelope, Fate, MailObject, Sandbox, send
from smtplab.sending import SendInterrupted
from smtplab.transport import Stream, StreamWrapper
from tests.peers import Cut, Interrupted, Peer

MX, BOB = "mx.example.net", "bob@example.net"
OFFER = b"250-smtp.example.org\r\n250 PIPELINING\r\n"
NO_OFFER = b"250 smtp.example.org\r\n"
OPEN = b"250 mail\r\n250 rcpt\r\n354 go on\r\n"
quiet = lambda done, total: None  # noqa: E731


def mail(subject: object, *forward_paths: str, reverse_path: str = "dave@example.com"):
    content = f"From: dave@example.com\r\nSubject: {subject}\r\n\r\n.\r\n".encode()
    return MailObject(Envelope(reverse_path, forward_paths or (BOB,)), content)


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running


def ready(sandbox: Sandbox) -> Callable[[], Client]:
    def connect() -> Client:
        client = sandbox.connect(MX, 25)
        client.ehlo()
        return client

    return connect


@pytest.mark.parametrize("offered", [True, False], ids=["pipelined", "step by step"])
def test_each_mail_object_arrives_once_and_in_order(sandbox: Sandbox, offered: bool) -> None:
    if not offered:
        sandbox.policy(MX).switched_off.add("PIPELINING")
    clients: list[Client] = []

    def connect() -> Client:
        clients.append(ready(sandbox)())
        return clients[-1]

    report = send([mail(n) for n in range(30)], connect, progress=quiet)
    assert report.is_complete and len(report) == 30
    assert [stored.subject for stored in sandbox.inbox(BOB)] == [str(n) for n in range(30)]
    (client,) = clients
    # EHLO, then one wait for each, one more to open the first, and QUIT; or four waits for each.
    assert client.round_trips == (33 if offered else 122)


@pytest.mark.parametrize("offered", [True, False], ids=["pipelined", "step by step"])
def test_each_refusal_is_told_with_its_recipient(sandbox: Sandbox, offered: bool) -> None:
    if not offered:
        sandbox.policy(MX).switched_off.add("PIPELINING")
    mails = [
        mail("some", BOB, "nobody@example.net", "bob@elsewhere.example"),
        mail("none", "nobody@example.net"),
        mail("no reverse-path", reverse_path="no mailbox"),
        mail("good"),
    ]
    report = send(mails, ready(sandbox), progress=quiet)
    assert [sent.fate for sent in report] == [
        Fate.PARTLY_ACCEPTED, Fate.REFUSED, Fate.REFUSED, Fate.ACCEPTED,
    ]  # fmt: skip
    refused = [(path, reply.code) for path, reply in report[0].refused]
    assert refused == [("nobody@example.net", 550), ("bob@elsewhere.example", 550)]
    assert report[1].reply is not None and report[1].reply.code == 550
    assert report[2].reply is not None and report[2].reply.code == 501
    assert [stored.subject for stored in sandbox.inbox(BOB)] == ["some", "good"]
    assert "[1] refused" in repr(report) and "nobody@example.net: 550 5.1.1" in repr(report)


def test_several_connections_share_the_work(sandbox: Sandbox) -> None:
    report = send([mail(n) for n in range(60)], ready(sandbox), connections=4, progress=quiet)
    assert report.is_complete
    subjects = sorted(int(stored.subject) for stored in sandbox.inbox(BOB))
    assert subjects == list(range(60))
    assert [sent.mail for sent in report] == [mail(n) for n in range(60)]


def test_the_progress_ends_at_the_whole(sandbox: Sandbox) -> None:
    seen: list[tuple[int, int]] = []
    send([mail(n) for n in range(5)], ready(sandbox), progress=lambda *told: seen.append(told))
    assert seen[-1] == (5, 5) and [done for done, _ in seen[:5]] == [1, 2, 3, 4, 5]


def test_what_the_server_must_not_get_is_not_sent() -> None:
    """RFC 6152, 3 and RFC 6531, 3.2: without the extension it would be mangled on the way."""
    mails = [
        MailObject(Envelope("a@example.org", (BOB,)), b"\r\n\xc3\xa9\r\n"),
        mail("x", "ren\u00e9@example.net"),
        MailObject(Envelope("a@example.org", ()), b"\r\n"),
    ]
    with Peer(b"220 x\r\n", NO_OFFER, b"221 Bye\r\n") as peer:
        report = send(mails, connecting(peer), progress=quiet)
    assert {sent.fate for sent in report} == {Fate.NOT_SENT}
    words = ("8BITMIME", "SMTPUTF8", "at least one recipient")
    assert all(word in sent.why for word, sent in zip(words, report, strict=True))
    assert [line[:4] for line in peer.commands] == [b"EHLO", b"QUIT"]


def test_the_size_and_the_body_are_announced_where_the_server_asks_for_them() -> None:
    content = b"\r\n\xc3\xa9\r\n"
    offer = b"250-x\r\n250-SIZE 1000\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
    with Peer(b"220 x\r\n", offer, OPEN, b"250 yes\r\n", b"221 Bye\r\n") as peer:
        send([MailObject(Envelope("a@example.org", (BOB,)), content)], connecting(peer))
    assert peer.commands[1] == b"MAIL FROM:<a@example.org> SIZE=6 BODY=8BITMIME\r\n"


# Connections that break.


def connecting(*peers: Peer, wrap: Callable[[Stream], Stream] = StreamWrapper):
    """Gives a client of the first peer, then of the next; none after the last."""
    left = list(peers)

    def connect() -> Client:
        if not left:
            raise ConnectionLost("nobody listens")
        client = left.pop(0).through(wrap).connect()
        client.ehlo()
        return client

    return connect


def fates(report: Sequence) -> list[Fate]:
    return [sent.fate for sent in report]


def test_a_break_after_the_final_dot_leaves_one_in_doubt_and_sends_it_no_second_time() -> None:
    """A client that tries again here makes the duplicates that everybody knows (RFC 1047)."""
    first = Peer(b"220 x\r\n", OFFER, b"", b"", OPEN, Cut.AFTER_HEARING)
    second = Peer(b"220 x\r\n", OFFER, b"", b"", OPEN, b"250 yes\r\n", b"221 Bye\r\n")
    with first, second:
        report = send([mail("one"), mail("two")], connecting(first, second), progress=quiet)
    assert fates(report) == [Fate.IN_DOUBT, Fate.ACCEPTED]
    assert report.in_doubt == (report[0],) and "closed the connection" in report[0].why
    heard = b"".join(second.commands)
    assert b"Subject: two" in heard and b"Subject: one" not in heard


def test_a_break_before_the_content_sends_all_again_on_a_new_connection() -> None:
    first = Peer(b"220 x\r\n", OFFER, b"", b"", b"250 mail\r\n", Cut.AT_ONCE)
    second = Peer(
        b"220 x\r\n", OFFER, b"", b"", OPEN, b"", b"", b"250 yes\r\n" + OPEN, b"250 yes\r\n",
        b"221 Bye\r\n",
    )  # fmt: skip
    with first, second:
        report = send([mail("one"), mail("two")], connecting(first, second), progress=quiet)
    assert fates(report) == [Fate.ACCEPTED, Fate.ACCEPTED]


def test_a_reply_that_was_read_counts_also_where_the_next_never_comes() -> None:
    first = Peer(b"220 x\r\n", OFFER, b"", b"", OPEN, b"250 it is mine\r\n", Cut.AT_ONCE)
    with first:
        report = send([mail("one"), mail("two")], connecting(first), progress=quiet)
    assert fates(report) == [Fate.ACCEPTED, Fate.NOT_SENT]
    assert "nobody listens" in report[1].why


def test_a_mail_object_that_cannot_be_written_down_disturbs_no_other() -> None:
    """It is made ready while the content of the one before is on its way: that must not end in
    doubt because of a line end in somebody else's mailbox."""
    mails = [mail("one"), mail("bad", "bob@example.net>\r\nRCPT TO:<eve"), mail("two")]
    script = (OPEN, b"", b"", b"250 yes\r\n" + OPEN, b"250 yes\r\n", b"221 Bye\r\n")
    with Peer(b"220 x\r\n", OFFER, b"", b"", *script) as peer:
        report = send(mails, connecting(peer), progress=quiet)
    assert fates(report) == [Fate.ACCEPTED, Fate.NOT_SENT, Fate.ACCEPTED]
    assert "end the command line early" in report[1].why


def test_a_refusal_that_was_read_before_the_break_is_told_and_not_tried_again() -> None:
    """Its fate is told while the next one is on its way, so the break may come in between."""
    refused = b"250 mail\r\n550 no such mailbox\r\n503 no recipients\r\n"
    first = Peer(
        b"220 x\r\n", OFFER, b"", b"", refused, b"", b"", b"250 reset\r\n250 mail\r\n",
        Cut.AT_ONCE,
    )  # fmt: skip
    with first:
        report = send([mail("one"), mail("two")], connecting(first), progress=quiet)
    assert fates(report) == [Fate.REFUSED, Fate.NOT_SENT]
    assert report[0].reply is not None and report[0].reply.code == 550


def test_three_connections_in_a_row_that_carry_nothing_end_it() -> None:
    tried = []

    def connect() -> Client:
        tried.append(1)
        raise ConnectionLost("smtp.example.org port 25 refused the connection")

    report = send([mail(1), mail(2)], connect, progress=quiet)
    assert len(tried) == 3 and fates(report) == [Fate.NOT_SENT] * 2
    assert "2 not sent" in repr(report) and "refused the connection" in repr(report)


def test_a_server_that_closes_after_each_one_still_gets_all() -> None:
    script = (b"220 x\r\n", OFFER, b"", b"", OPEN, b"250 yes\r\n", Cut.AT_ONCE)
    peers = [Peer(*script) for _ in range(5)]
    with peers[0], peers[1], peers[2], peers[3], peers[4]:
        report = send([mail(n) for n in range(5)], connecting(*peers), progress=quiet)
    assert report.is_complete


def test_421_in_place_of_the_final_reply_is_a_refusal_and_the_rest_goes_elsewhere() -> None:
    first = Peer(b"220 x\r\n", OFFER, b"", b"", OPEN, b"421 closing\r\n")
    second = Peer(b"220 x\r\n", OFFER, b"", b"", OPEN, b"250 yes\r\n", b"221 Bye\r\n")
    with first, second:
        report = send([mail("one"), mail("two")], connecting(first, second), progress=quiet)
    assert fates(report) == [Fate.REFUSED, Fate.ACCEPTED]
    assert report[0].reply is not None and report[0].reply.code == 421


def test_354_without_any_recipient_gets_an_empty_content() -> None:
    """RFC 2920, 3.1: the server asked for it, and the content is meant for nobody."""
    script = b"250 mail\r\n550 rcpt\r\n354 go on\r\n"
    with Peer(
        b"220 x\r\n", OFFER, b"", b"", script, b"554 no recipients\r\n", b"221 Bye\r\n"
    ) as peer:
        report = send([mail("secret")], connecting(peer), progress=quiet)
    assert fates(report) == [Fate.REFUSED]
    assert b"secret" not in b"".join(peer.commands)


def test_replies_in_any_pieces_mean_the_same() -> None:
    """The quick way reads whole groups only; every other way must end alike."""
    reply = b"250-two\r\n250 lines\r\n250 rcpt\r\n354 go on\r\n"

    class Slow(StreamWrapper):
        def read(self, n: int) -> bytes:
            return super().read(1)

    for opening in (OPEN, reply):
        for wrap in (StreamWrapper, Slow):
            script = (b"220 x\r\n", OFFER, b"", b"", opening, b"250 yes\r\n", b"221 Bye\r\n")
            with Peer(*script) as peer:
                report = send([mail("one")], connecting(peer, wrap=wrap), progress=quiet)
            assert report.is_complete


def test_the_stop_button_leaves_a_report_of_what_was_sent() -> None:
    script = (b"220 x\r\n", OFFER, b"", b"", OPEN, b"", b"", b"250 yes\r\n" + OPEN)
    with Peer(*script) as peer:
        connect = connecting(peer, wrap=lambda stream: Interrupted(stream, read=5))
        with pytest.raises(SendInterrupted) as caught:
            send([mail(n) for n in range(4)], connect, progress=quiet)
    assert fates(caught.value.report)[0] in (Fate.ACCEPTED, Fate.IN_DOUBT)
    assert fates(caught.value.report)[2:] == [Fate.NOT_SENT] * 2


def test_the_transcript_of_many_is_bounded_and_says_what_it_dropped() -> None:
    with Sandbox("memory") as sandbox:
        clients = []

        def connect() -> Client:
            clients.append(ready(sandbox)())
            clients[0].transcript._max_events = 100
            return clients[0]

        assert send([mail(n) for n in range(300)], connect, progress=quiet).is_complete
        dropped, *kept = clients[0].transcript.events
        assert dropped.detail["events"] and len(kept) <= 100
