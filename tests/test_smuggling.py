"""Where mail data end: the strict server and the lax dialects, and what smuggling needs of both."""

from collections.abc import Iterator

import pytest

from smtplab import Sandbox
from smtplab.sandbox.line_ends import DIALECTS, content_reader
from tests.life_cycle import ALICE, BOB, MSA, MX, PASSWORD

LAX, CARELESS = "mx.lax.example", "smtp.careless.example"
ERIN, MALLORY, GRACE = "erin@lax.example", "mallory@careless.example", "grace@careless.example"

SECOND = (
    b"MAIL FROM:<grace@careless.example>\r\nRCPT TO:<%b>\r\nDATA\r\n"
    b"From: Grace <grace@careless.example>\r\nSubject: two\r\n\r\nPay today.\r\n"
)

ORDER = ("strict", "keep", "lf-dot-crlf", "bare-lf", "bare-cr", "any")

# What stands between the first mail object and the smuggled one, and how many mail objects come
# out at a server of each dialect, in ORDER. 0 is a refusal of the whole.
VARIANTS: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "LF . LF": (b"\n.\n", (0, 1, 1, 2, 1, 2)),
    "LF . CR LF": (b"\n.\r\n", (0, 1, 2, 2, 1, 2)),
    "LF . CR": (b"\n.\r", (0, 1, 1, 1, 1, 2)),
    "CR . CR": (b"\r.\r", (0, 1, 1, 1, 2, 2)),
    "CR . LF": (b"\r.\n", (0, 1, 1, 1, 1, 2)),
    "CR . CR LF": (b"\r.\r\n", (0, 1, 1, 1, 2, 2)),
    "CR LF . LF": (b"\r\n.\n", (0, 1, 1, 2, 1, 2)),
    "CR LF . CR": (b"\r\n.\r", (0, 1, 1, 1, 2, 2)),
    "CR CR LF . CR LF": (b"\r\r\n.\r\n", (1, 2, 2, 2, 2, 2)),
    "CR LF . CR CR LF": (b"\r\n.\r\r\n", (0, 1, 1, 1, 2, 2)),
    "LF CR . LF CR": (b"\n\r.\n\r", (0, 1, 1, 1, 1, 1)),
    "LF CR . CR LF": (b"\n\r.\r\n", (0, 1, 1, 1, 2, 2)),
    "LF LF . LF LF": (b"\n\n.\n\n", (0, 1, 1, 2, 1, 2)),
    "CR LF NUL . CR LF": (b"\r\n\0.\r\n", (0, 1, 1, 1, 1, 1)),
    "CR LF . NUL CR LF": (b"\r\n.\0\r\n", (0, 1, 1, 1, 1, 1)),
    "CR NUL LF . CR LF": (b"\r\0\n.\r\n", (0, 1, 2, 2, 1, 2)),
    "CR LF .. CR LF": (b"\r\n..\r\n", (1, 1, 1, 1, 1, 1)),
    "LF .. LF": (b"\n..\n", (0, 1, 1, 1, 1, 1)),
    "CR LF space . CR LF": (b"\r\n .\r\n", (1, 1, 1, 1, 1, 1)),
    "CR LF . space CR LF": (b"\r\n. \r\n", (1, 1, 1, 1, 1, 1)),
    "CR LF tab . CR LF": (b"\r\n\t.\r\n", (1, 1, 1, 1, 1, 1)),
    "VT . VT": (b"\x0b.\x0b", (1, 1, 1, 1, 1, 1)),
    "FF . FF": (b"\x0c.\x0c", (1, 1, 1, 1, 1, 1)),
    "NEL . NEL": (b"\x85.\x85", (1, 1, 1, 1, 1, 1)),
    "U+2028 . U+2028": ("\u2028.\u2028".encode(), (1, 1, 1, 1, 1, 1)),
    "no dot": (b"\n\n", (0, 1, 1, 1, 1, 1)),
}


def arrivals_at(sandbox: Sandbox, host: str, forward_path: str, octets: bytes) -> int:
    """Send octets as mail data to a host; how many mail objects lie in the mailbox then."""
    stream = sandbox.open(host, 25, source=None, timeout=60)
    opening = b"EHLO a.example\r\nMAIL FROM:<%b>\r\nRCPT TO:<%b>\r\nDATA\r\n"
    stream.write(opening % (MALLORY.encode(), forward_path.encode()) + octets + b"QUIT\r\n")
    while stream.read(65_536):
        pass  # until the server has done it all, and closes
    stream.close()
    return len(sandbox.inbox(forward_path))


@pytest.fixture(params=["memory", "tcp"], scope="module")
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        running.add_host("lax-receiver")
        yield running
        assert not running.errors


def test_there_are_26_variants_and_none_is_there_twice_or_the_true_end() -> None:
    """A table that shrinks, or that counts one twice, would still pass row by row."""
    octets = [between for between, _ in VARIANTS.values()]
    assert len(octets) >= 26
    assert len(set(octets)) == len(octets)
    assert b"\r\n.\r\n" not in octets
    assert {len(expected) for _, expected in VARIANTS.values()} == {len(ORDER)}
    assert set(ORDER) == {"strict", *DIALECTS}


@pytest.mark.parametrize("dialect", ORDER)
@pytest.mark.parametrize("variant", VARIANTS)
def test_how_many_mail_objects_come_out(sandbox: Sandbox, variant: str, dialect: str) -> None:
    between, expected = VARIANTS[variant]
    octets = b"Subject: one\r\n\r\nHello" + between + SECOND % ERIN.encode() + b".\r\n"
    sandbox.policy(LAX).line_ends = dialect
    before = len(sandbox.inbox(ERIN))
    found = arrivals_at(sandbox, LAX, ERIN, octets) - before
    if dialect == "strict":
        assert found < 2, "smuggled"
    assert found == expected[ORDER.index(dialect)]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_strict_server_never_sees_two_where_the_sender_sent_one(
    sandbox: Sandbox, variant: str
) -> None:
    octets = b"Subject: one\r\n\r\nHello" + VARIANTS[variant][0] + SECOND % BOB.encode() + b".\r\n"
    before = len(sandbox.inbox(BOB))
    assert arrivals_at(sandbox, MX, BOB, octets) - before in (0, 1)


@pytest.mark.parametrize("dialect", [name for name in ORDER if name != "strict"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_end_does_not_depend_on_segments(variant: str, dialect: str) -> None:
    octets = b"Hello" + VARIANTS[variant][0] + b"QUIT\r\n" + b".\r\nNOOP\r\n"
    whole = content_reader(dialect, None)
    rest = whole.feed(octets)
    single = content_reader(dialect, None)
    pieces = (octets[n : n + 1] for n in range(len(octets)))
    left = next(left for left in map(single.feed, pieces) if single.ended)
    assert single.content == whole.content
    assert left + b"".join(pieces) == rest
    assert single.size == whole.size


def test_a_lax_reader_keeps_no_more_than_the_limit() -> None:
    for dialect in DIALECTS:
        reader = content_reader(dialect, 100)
        for _ in range(50):
            assert reader.feed(b"x" * 60 + b"\n") == b""
        assert reader.too_big
        assert reader.feed(b"\r\n.\r\nRSET\r\n") == b"RSET\r\n"
        assert reader.ended and len(reader.content) < 100
        exact = content_reader(dialect, 100)
        exact.feed(b"x" * 98 + b"\r\n.\r\n")
        assert not exact.too_big and exact.content == b"x" * 98 + b"\r\n"


def test_an_unknown_dialect_is_named() -> None:
    with pytest.raises(KeyError, match="no dialect 'loose' of line ends; there are strict, keep"):
        content_reader("loose", None)


@pytest.mark.parametrize("transport", ["memory", "tcp"])
@pytest.mark.parametrize(
    ("door", "forward_path", "subjects"),
    [
        ("careless", ERIN, ["one", "two"]),
        ("careless", BOB, []),  # the strict receiver refuses
        ("strict", ERIN, []),  # the strict sender refuses
    ],
)
def test_smuggling_needs_a_careless_sender_and_a_lax_receiver(
    transport: str, door: str, forward_path: str, subjects: list[str]
) -> None:
    """Mallory signs in as herself, and Erin gets a mail object that Grace never sent."""
    with Sandbox(transport) as sandbox:
        sandbox.add_host("lax-receiver")
        sandbox.add_host("careless-sender")
        host, who, password = (
            (CARELESS, MALLORY, "two-in-one") if door == "careless" else (MSA, ALICE, PASSWORD)
        )
        with sandbox.connect(host, 465) as client:
            client.ehlo()
            assert client.auth(who, password).code == 235
            client.mail(who)
            client.rcpt(forward_path)
            client.data()
            body = b"Subject: one\r\n\r\nHello\n.\r\n" + SECOND % forward_path.encode()
            reply = client.send_raw(body + b".\r\n")
            assert reply.code == (250 if door == "careless" else 554)
        arrived = sandbox.inbox(forward_path)
        assert [mail.subject for mail in arrived] == subjects
        if subjects:
            first, second = arrived
            assert first.envelope.reverse_path == MALLORY
            assert second.envelope.reverse_path == GRACE, "an envelope that nobody signed in for"
            hops = [
                event.detail["source"]
                for event in sandbox.transcript.events
                if event.kind.value == "connect" and event.detail["host"] == LAX
            ]
            assert set(hops) == {CARELESS}, "SPF would find nothing wrong"
        elif door == "careless":
            returned = sandbox.inbox(MALLORY)
            assert len(returned) == 1 and "554" in str(returned[0])
        assert not sandbox.errors
