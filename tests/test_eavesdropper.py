"""The eavesdropper: what a third person reads, what stays hidden, and what leaks all the same."""

import re
import ssl
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab import Sandbox, Settings
from smtplab.transcript import Kind, Recorder, Transcript
from smtplab.transcript.eavesdropper import MAX_ROWS
from smtplab.transcript.tls_records import Reader, split_records

WORLD_TIME = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MSA, MX = "smtp.example.org", "mx.example.net"
ALICE, PASSWORD = "alice@example.org", "looking-glass"


def new(host: str = MX) -> tuple[Transcript, Recorder]:
    """A transcript with one connection that has begun."""
    transcript = Transcript(lambda: WORLD_TIME)
    recorder = transcript.recorder("c1", "client")
    place = {"source": "laptop.example.org", "host": host, "port": 25}
    recorder.record(Kind.CONNECT, 0, detail=place)
    return transcript, recorder


def seen(*turns: tuple[str, bytes], host: str = MX) -> str:
    transcript, recorder = new(host)
    for sender, octets in turns:
        recorder.segment(sender, octets)
    return str(transcript.eavesdropper())


def test_plaintext_is_shown_in_hex_and_text() -> None:
    assert seen(("server", b"220 mx.example.net ESMTP\r\n"), ("client", b"QUIT\r\n")) == (
        "laptop.example.org to mx.example.net : 25, as read on the wire\n"
        "S  32 32 30 20 6d 78 2e 65 78 61 6d 70 6c 65 2e 6e  220 mx.example.n\n"
        "S  65 74 20 45 53 4d 54 50 0d 0a                    et ESMTP..\n"
        "C  51 55 49 54 0d 0a                                QUIT..\n"
        "What still leaks:\n"
        "- Both hosts, port 25, and the time of each packet.\n"
        "- All that was said: envelope, content and replies, readable and open to change."
    )


def test_how_the_octets_were_cut_into_segments_makes_no_difference() -> None:
    whole = seen(("server", b"220 mx.example.net ESMTP\r\n"))
    assert seen(*[("server", bytes([octet])) for octet in b"220 mx.example.net ESMTP\r\n"]) == whole


def test_a_long_turn_is_bounded() -> None:
    text = seen(("client", bytes(16 * MAX_ROWS + 33)))
    assert text.count("\nC  00") == MAX_ROWS
    assert "\nC  [3 more rows not shown]\n" in text
    assert "more rows" not in seen(("client", bytes(16 * MAX_ROWS)))


# Passwords in plaintext.

AUTH = {
    "PLAIN at once": [("client", b"AUTH PLAIN AGFsaWNlAGxvb2tpbmc=\r\n")],
    "PLAIN after a challenge": [
        ("client", b"auth plain\r\n"),
        ("server", b"334 \r\n"),
        ("client", b"AGFsaWNlAGxvb2tpbmc=\r\n"),
    ],
    "behind another command": [("client", b"RSET\r\nAUTH PLAIN AGFsaWNlAGxvb2tpbmc=\r\n")],
}


@pytest.mark.parametrize("turns", AUTH.values(), ids=AUTH)
def test_base64_hides_no_password(turns) -> None:
    leak = "- What AUTH sent in base64, which anyone decodes: \\x00alice\\x00looking"
    assert seen(*turns).splitlines()[-1] == leak


NO_AUTH = {
    "cancelled": [("server", b"334 \r\n"), ("client", b"*\r\n")],
    "empty": [("client", b"AUTH EXTERNAL =\r\n")],
    "mail data": [("server", b"354 go\r\n"), ("client", b"auth is base64\r\n.\r\n")],
    "a chunk": [("client", b"BDAT 16 LAST\r\nauth is base64\r\n")],
}


@pytest.mark.parametrize("turns", NO_AUTH.values(), ids=NO_AUTH)
def test_what_only_looks_like_a_password_is_not_reported(turns) -> None:
    assert "AUTH sent" not in seen(*turns)


def test_a_real_servers_password_is_hidden_unless_asked_for() -> None:
    transcript, recorder = new("localhost")
    recorder.segment("client", b"AUTH PLAIN AGFsaWNlAGxvb2tpbmc=\r\n")
    recorder.record(
        Kind.COMMAND, 1, b"AUTH PLAIN AGFsaWNlAGxvb2tpbmc=\r\n", secrets=((11, 31),)
    )  # fmt: skip
    for hidden in (str(transcript.eavesdropper()), transcript.eavesdropper().to_html()):
        assert "looking" not in hidden and "41 47 46" not in hidden
        assert "2a 2a 2a 2a 2a" in hidden
    shown = str(transcript.eavesdropper(secrets=True))
    assert "\\x00alice\\x00looking" in shown and "41 47 46" in shown


# TLS, as the sandbox speaks it.


def converse(sandbox: Sandbox, port: int, context: ssl.SSLContext | None = None) -> Transcript:
    with sandbox.connect(MSA, port, settings=Settings(tls_context=context)) as client:
        client.ehlo()
        if port == 587:
            client.starttls()
            client.ehlo()
        client.auth(ALICE, PASSWORD, "PLAIN")
    return client.transcript


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest):
    with Sandbox(request.param) as running:
        yield running


STARTTLS_TAIL = """\
C  53 54 41 52 54 54 4c 53 0d 0a                    STARTTLS..
S  32 32 30 20 32 2e 30 2e 30 20 52 65 61 64 79 20  220 2.0.0 Ready 
S  74 6f 20 73 74 61 72 74 20 54 4c 53 0d 0a        to start TLS..
C  TLS handshake: ClientHello
S  TLS handshake: ServerHello, encrypted handshake messages
C  TLS handshake: encrypted handshake messages
C  TLS application record, 42 octets
"""  # noqa: W291


def test_inside_starttls_only_names_and_lengths_are_left(sandbox: Sandbox) -> None:
    inside = converse(sandbox, 587)
    text = str(inside.eavesdropper())
    assert STARTTLS_TAIL in text
    assert f"C  TLS application record, {len('EHLO laptop.example.org') + 2 + 17} octets" in text
    assert f"C  TLS application record, {len('QUIT') + 2 + 17} octets" in text
    assert "AUTH" not in text and PASSWORD not in text
    tail = text.partition("What still leaks:\n")[2].splitlines()
    before = sum(event.length for event in inside.events if not event.tls)
    assert tail == [
        "- Both hosts, port 587, and the time of each packet.",
        f"- The {before} octets before TLS, readable and open to change.",
        "- The server's name in the ClientHello: smtp.example.org",
        "- How often each side spoke: 3 application records from the client, 3 from the server.",
        "- Sizes: TLS 1.3 adds 17 octets to each record, so the client's longest turn holds "
        "57 octets.",
    ]


def test_implicit_tls_leaves_no_octet_in_plaintext(sandbox: Sandbox) -> None:
    text = str(converse(sandbox, 465).eavesdropper())
    assert "before TLS" not in text and "220" not in text
    assert text.splitlines()[1:5] == [
        "C  TLS handshake: ClientHello",
        "S  TLS handshake: ServerHello, encrypted handshake messages",
        "C  TLS handshake: encrypted handshake messages",
        "S  TLS application record, 53 octets",
    ]


@pytest.mark.parametrize("port", [587, 465])
def test_both_ends_and_both_transports_look_the_same(port: int) -> None:
    looks = set()
    for transport in ("memory", "tcp", "tcp"):
        with Sandbox(transport) as sandbox:
            looks.add(str(converse(sandbox, port).eavesdropper()))
        looks.add(str(sandbox.transcript.eavesdropper()))
    assert len(looks) == 1


def test_a_message_in_several_records_is_measured_without_what_tls_adds() -> None:
    content = b"0123456789\r\n" * 3000
    with Sandbox("memory") as sandbox:
        with sandbox.connect(MSA, 465) as client:
            client.ehlo()
            client.auth(ALICE, PASSWORD, "PLAIN")
            client.mail(ALICE)
            client.rcpt(ALICE)
            client.data()
            client.content(content)
        text = str(client.transcript.eavesdropper())
    assert text.count("C  TLS application record, 16401 octets") == 2
    assert f"longest turn holds {len(content) + len('.') + 2} octets." in text


def test_tls_1_2_names_its_messages_and_shows_its_certificate(sandbox: Sandbox) -> None:
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    text = str(converse(sandbox, 465, context).eavesdropper())
    assert "S  TLS handshake: ServerHello, Certificate, ServerKeyExchange, ServerHelloDone" in text
    assert "C  TLS handshake: ClientKeyExchange, encrypted handshake messages" in text
    assert "- The server's certificate: before TLS 1.3 it crosses the wire readable." in text
    assert "TLS application record, " in text and "TLS 1.3 adds" not in text


def test_a_handshake_that_failed_is_still_seen() -> None:
    with Sandbox("memory") as sandbox:
        with pytest.raises(Exception, match="not trusted"):
            converse(sandbox, 465, ssl.create_default_context())
        text = str(sandbox.transcript.eavesdropper())
    assert "S  TLS handshake: ServerHello, encrypted handshake messages" in text


def test_octets_that_no_handshake_holds_break_nothing() -> None:
    """A third person cannot choose what others send; nor can we."""
    hello = bytes.fromhex("160301000401000000")
    for rest in (b"", b"\xff" * 40, bytes.fromhex("1603030006020000020303"), bytes(9)):
        assert "TLS handshake: ClientHello" in seen(("client", hello), ("server", rest))
    short_name = (
        bytes.fromhex("010000310303") + bytes(32) + bytes.fromhex("000000000009" + "00" * 9)
    )
    record = b"\x16\x03\x01" + len(short_name).to_bytes(2, "big") + short_name
    reader = Reader()
    assert reader.feed("client", record) == (["ClientHello"], []) and reader.server_name == ""


@given(st.lists(st.tuples(st.sampled_from(["client", "server"]), st.binary(max_size=80))))
def test_any_octets_after_a_client_hello_can_be_shown(turns: list[tuple[str, bytes]]) -> None:
    hello = ("client", bytes.fromhex("160301000401000000"))
    cut = [(sender, b"\x16\x03\x03\x00" + octets) for sender, octets in turns]
    for case in (turns, cut):
        assert seen(hello, *case).splitlines()[1] == "C  TLS handshake: ClientHello"


def test_records_are_found_however_they_were_cut() -> None:
    octets = bytes.fromhex("1703030002abcd150303000101")
    for cut in range(len(octets) + 1):
        first, rest = split_records(octets[:cut])
        second, left = split_records(rest + octets[cut:])
        found = [(record.type, record.body) for record in first + second]
        assert found == [(23, b"\xab\xcd"), (21, b"\x01")] and left == b""


def test_a_handshake_is_read_however_it_was_cut() -> None:
    """A message may begin in one record and end in another, with its length torn apart."""
    hello, random = bytes([1, 0, 0, 5]) + bytes(5), bytes(range(9))
    messages = hello + bytes([11, 0, 0, 9]) + random + bytes([14, 0, 0, 0])
    for cut in range(len(messages) + 1):
        parts = (messages[:cut], messages[cut:])
        octets = b"".join(b"\x16\x03\x03" + len(p).to_bytes(2, "big") + p for p in parts)
        for size in (1, 7, len(octets)):
            reader = Reader()
            names = []
            for start in range(0, len(octets), size):
                names += reader.feed("client", octets[start : start + size])[0]
            assert names == ["ClientHello", "Certificate", "ServerHelloDone"]


# Renderings.


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.seen.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_says_the_same_and_nothing_in_it_acts() -> None:
    transcript, recorder = new("<b>.example")
    recorder.segment("server", b"220 <script>\r\n")
    recorder.segment("client", b"AUTH PLAIN PHNjcmlwdD4=\r\n")
    view = transcript.eavesdropper()
    tags = Tags()
    tags.feed(view.to_html())
    assert tags.seen == {"table", "caption", "tbody", "tr", "td", "b", "code", "p", "ul", "li"}
    for text in ("220 <script>..", "32 32 30 20 3c", "decodes: <script>", "to <b>.example : 25"):
        assert text in tags.text
    assert view.to_html() == view._repr_html_()


def test_the_octets_stand_at_the_left_of_their_cells() -> None:
    """A notebook aligns each cell to the right, and then hex and text are ragged."""
    transcript, recorder = new()
    recorder.segment("server", b"220 mx.example.net\r\n")
    cells = re.findall(r"<td[^>]*><code>", transcript.eavesdropper().to_html())
    assert set(cells) == {'<td style="text-align:left"><code>'}


def test_each_connection_is_shown_by_itself_in_the_order_of_names() -> None:
    transcript = Transcript(lambda: WORLD_TIME)
    for name in ("r1", "c10", "c2"):
        place = {"source": "laptop.example.org", "host": f"{name}.example", "port": 25}
        transcript.recorder(name, "server").record(Kind.CONNECT, 0, detail=place)
    titles = [one.title for one in transcript.eavesdropper().overheard]
    assert [title.split()[2] for title in titles] == ["c2.example", "c10.example", "r1.example"]
    (only,) = transcript.eavesdropper(["r1"]).overheard
    assert only.passage.connection == "r1"
    with pytest.raises(ValueError, match="'c7'"):
        transcript.eavesdropper(["c7"])
