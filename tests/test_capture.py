"""Capture files: every field read back by hand, gaps refused, secrets kept in."""

import struct
from datetime import UTC, datetime, timedelta

import pytest

from smtplab import Sandbox
from smtplab.sandbox.little_internet import ADDRESSES
from smtplab.transcript import Kind, Recorder, Transcript
from smtplab.transcript import transcript as bounds
from smtplab.transcript.packets import ACK, FIN, MSS, PSH, SYN
from smtplab.transcript.wire import MAX_WIRE_OCTETS
from tests.pcapng import blocks, packets

WORLD_TIME = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MX = "mx.example.net"
PASSWORD = "looking-glass"


def new(host: str = MX, port: int = 25) -> tuple[Transcript, Recorder]:
    """A transcript with one connection that has begun."""
    transcript = Transcript(lambda: WORLD_TIME)
    recorder = transcript.recorder("c1", "client")
    place = {"source": "laptop.example.org", "host": host, "port": port}
    recorder.record(Kind.CONNECT, 0, detail=place)
    return transcript, recorder


def say(recorder: Recorder, kind: Kind, octets: bytes, secrets: tuple = ()) -> None:
    sender = "client" if kind in (Kind.COMMAND, Kind.RESPONSE, Kind.MAIL_DATA) else "server"
    recorder.segment(sender, octets)
    recorder.record(kind, 1, octets, secrets=secrets)


def test_a_file_begins_with_its_section_interface_and_names() -> None:
    transcript, _ = new()
    (kind, section), (_, interface), (names_kind, names), *rest = blocks(transcript.to_pcapng())
    assert (kind, section[:8]) == (0x0A0D0D0A, bytes.fromhex("4d3c2b1a01000000"))
    assert interface == struct.pack("<HHI", 101, 0, 0), "LINKTYPE_RAW, microseconds"
    assert names_kind == 4 and b"mx.example.net\0" in names and b"laptop.example.org\0" in names
    assert {kind for kind, _ in rest} == {6}


def test_each_packet_carries_the_right_numbers() -> None:
    transcript, recorder = new()
    say(recorder, Kind.GREETING, b"220 mx\r\n")
    say(recorder, Kind.COMMAND, b"QUIT\r\n")
    say(recorder, Kind.REPLY, b"221 bye\r\n")
    recorder.record(Kind.CLOSE, 1, detail={"why": "by the server"})
    found = packets(transcript.to_pcapng(addresses=ADDRESSES))
    client, server = ("198.51.100.10", 49152), ("203.0.113.25", 25)
    c, s = 1_000_001, 2_000_001
    assert [one.number for one in found] == [1, 1, 2, 2, 3, 3, 4, 4, 5]
    assert [one[2:] for one in found] == [
        (client, server, c - 1, 0, SYN, b""),
        (server, client, s - 1, c, SYN | ACK, b""),
        (client, server, c, s, ACK, b""),
        (server, client, s, c, PSH | ACK, b"220 mx\r\n"),
        (client, server, c, s + 8, PSH | ACK, b"QUIT\r\n"),
        (server, client, s + 8, c + 6, PSH | ACK, b"221 bye\r\n"),
        (server, client, s + 17, c + 6, FIN | ACK, b""),
        (client, server, c + 6, s + 18, FIN | ACK, b""),
        (server, client, s + 18, c + 7, ACK, b""),
    ]
    start = int(WORLD_TIME.timestamp()) * 1_000_000
    assert [one.time for one in found] == [start + 1000 * n for n in range(9)]


@pytest.mark.parametrize("size", [1, MSS - 1, MSS, MSS + 1, 2 * MSS, 100_000])
def test_a_segment_is_cut_at_the_maximum_segment_size(size: int) -> None:
    octets = bytes(n % 251 for n in range(size))
    transcript, recorder = new()
    recorder.segment("client", octets)
    data = [one for one in packets(transcript.to_pcapng()) if one.data]
    assert b"".join(one.data for one in data) == octets
    assert [len(one.data) for one in data[:-1]] == [MSS] * (len(data) - 1)
    assert [one.flags for one in data] == [ACK] * (len(data) - 1) + [PSH | ACK]


def test_the_receiver_never_owes_more_than_two_packets() -> None:
    transcript, recorder = new()
    recorder.segment("client", bytes(200_000))
    sent = acknowledged = 1_000_001
    for one in packets(transcript.to_pcapng())[3:]:
        if one.data:
            sent += len(one.data)
        else:
            acknowledged = one.ack
        assert sent - acknowledged <= 2 * MSS
    assert sent - acknowledged < 2 * MSS


def test_an_open_connection_ends_without_fin_and_a_client_may_close_first() -> None:
    transcript, recorder = new()
    assert not any(one.flags & FIN for one in packets(transcript.to_pcapng()))
    recorder.record(Kind.CLOSE, 1, detail={"why": "by the client"})
    *_, first, second, last = packets(transcript.to_pcapng())
    assert (first.flags & FIN, second.flags & FIN, last.flags) == (FIN, FIN, ACK)
    assert first.source == last.source == second.destination
    assert first.source[1] == 49152


def test_a_packet_has_the_world_time_of_what_it_belongs_to() -> None:
    now = [WORLD_TIME]
    transcript = Transcript(lambda: now[0])
    recorder = transcript.recorder("c1", "server")
    place = {"source": "laptop.example.org", "host": MX, "port": 25}
    recorder.record(Kind.CONNECT, 0, detail=place)
    say(recorder, Kind.GREETING, b"220 mx\r\n")
    now[0] += timedelta(hours=1)
    say(recorder, Kind.COMMAND, b"NOOP\r\n")
    *_, greeting, noop = packets(transcript.to_pcapng())
    start = int(WORLD_TIME.timestamp()) * 1_000_000
    assert (greeting.time - start, noop.time - start) == (3000, 3_600_000_000)


def test_packets_of_two_connections_stand_in_the_order_of_world_time() -> None:
    now = [WORLD_TIME]
    transcript = Transcript(lambda: now[0])
    recorders = [transcript.recorder(name, "server") for name in ("c1", "c2")]
    for recorder in recorders:
        place = {"source": "laptop.example.org", "host": MX, "port": 25}
        recorder.record(Kind.CONNECT, 0, detail=place)
    for octets in (b"220 mx\r\n", b"421 bye\r\n"):
        now[0] += timedelta(hours=1)
        for recorder in recorders:
            say(recorder, Kind.REPLY, octets)
    found = packets(transcript.to_pcapng())
    assert [one.time for one in found] == sorted(one.time for one in found)
    data = [(one.destination[1], one.data[:3]) for one in found if one.data]
    assert data == [(49152, b"220"), (49153, b"220"), (49152, b"421"), (49153, b"421")]


def test_a_host_without_a_known_address_has_one_of_the_documentation_ranges() -> None:
    transcript, _ = new("mail.example", 2525)
    first = packets(transcript.to_pcapng(addresses={"laptop.example.org": "203.0.113.1"}))[0]
    assert first.source[0] == "203.0.113.1" and first.destination == ("203.0.113.2", 2525)
    transcript, _ = new("127.0.0.1", 2525)
    assert packets(transcript.to_pcapng())[0].destination == ("127.0.0.1", 2525)
    transcript, _ = new("::1", 25)
    assert packets(transcript.to_pcapng())[0].destination[0].startswith("203.0.113.")


# What is refused.


def test_a_gap_is_refused_by_name() -> None:
    transcript, recorder = new()
    for _ in range(3):
        recorder.segment("client", bytes(MAX_WIRE_OCTETS // 2))
    with pytest.raises(ValueError, match="connection c1 has a gap: its oldest 4194304 octets"):
        transcript.to_pcapng()


def test_what_was_kept_whole_on_request_is_captured_however_large_it_is() -> None:
    content = b"Subject: large\r\n\r\n" + b"x" * 70 * 2**17 + b"\r\n"
    content = content.replace(b"x" * 70, b"x" * 70 + b"\r\n")
    with Sandbox("memory") as sandbox:
        sandbox.policy("mx.example.net").size_limit = 20 * 2**20
        sandbox.transcript.keep_whole()
        with sandbox.connect("mx.example.net", 25) as client:
            client.ehlo()
            client.mail("dave@example.com")
            client.rcpt("bob@example.net")
            client.data()
            assert client.content(content).code == 250
        assert content in b"".join(p.data for p in packets(sandbox.transcript.to_pcapng()))


def test_a_connection_that_is_no_longer_kept_is_refused_by_name(monkeypatch) -> None:
    transcript, recorder = new()
    with pytest.raises(ValueError, match="the beginning of connection 'c7' is not in this"):
        transcript.to_pcapng(["c7"])
    monkeypatch.setattr(bounds, "MAX_WIRES", 1)
    transcript.recorder("c2", "client")
    with pytest.raises(ValueError, match="the octets of connection c1 are no longer kept"):
        transcript.to_pcapng(["c1"])


def test_a_transcript_that_dropped_events_gives_only_what_is_asked_for_and_whole() -> None:
    transcript = Transcript(lambda: WORLD_TIME, max_events=3)
    for name in ("c1", "c2"):
        recorder = transcript.recorder(name, "server")
        place = {"source": "laptop.example.org", "host": MX, "port": 25}
        recorder.record(Kind.CONNECT, 0, detail=place)
        say(recorder, Kind.GREETING, b"220 mx\r\n")
    with pytest.raises(ValueError, match="older events were dropped"):
        transcript.to_pcapng()
    with pytest.raises(ValueError, match="the beginning of connection 'c1' is not in this"):
        transcript.to_pcapng(["c1"])
    assert packets(transcript.to_pcapng(["c2"]))[-1].data == b"220 mx\r\n"


# Secrets.


def with_password(host: str) -> Transcript:
    """AUTH in plaintext: one secret known by its value, one by the state only."""
    transcript, recorder = new(host)
    transcript.secrets.add(PASSWORD)
    say(recorder, Kind.COMMAND, b"AUTH PLAIN AGFsaWNlAGxvb2tpbmctZ2xhc3M=\r\n")
    say(recorder, Kind.REPLY, b"535 not looking-glass\r\n")
    say(recorder, Kind.COMMAND, b"AUTH LOGIN\r\n")
    say(recorder, Kind.CHALLENGE, b"334 VXNlcm5hbWU6\r\n")
    say(recorder, Kind.RESPONSE, b"aGVhcnNheQ==\r\n", ((0, 12),))
    say(recorder, Kind.REPLY, b"235 aGVhcnNheQ==\r\n")
    return transcript


@pytest.mark.parametrize(("host", "secrets"), [(MX, False), ("localhost", True)])
def test_a_capture_shows_the_sandboxs_secrets_and_others_on_request(host, secrets: bool) -> None:
    capture = with_password(host).to_pcapng(secrets=secrets)
    assert b"AGFsaWNlAGxvb2tpbmctZ2xhc3M=" in capture and b"aGVhcnNheQ==\r\n" in capture
    assert b"********" not in capture


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "203.0.113.9.localhost", "counterexample"]
)
def test_a_capture_hides_the_secrets_of_a_real_server(host: str) -> None:
    found = packets(with_password(host).to_pcapng())
    said = [one.data for one in found if one.data]
    assert said[1] == b"535 not ********\r\n" and said[4] == b"********\r\n"
    assert b"glass" not in said[0] and b"Z2xhc3" not in said[0]
    assert found[-1].seq - 2_000_001 == sum(map(len, (said[1], said[3])))


def test_a_secret_that_was_sent_with_others_at_once_is_hidden_too() -> None:
    transcript, recorder = new("localhost")
    recorder.segment("client", b"RSET\r\nAUTH PLAIN aGVhcnNheQ==\r\n")
    recorder.record(Kind.COMMAND, 1, b"RSET\r\n")
    recorder.record(Kind.COMMAND, 2, b"AUTH PLAIN aGVhcnNheQ==\r\n", secrets=((11, 23),))
    assert packets(transcript.to_pcapng())[-1].data == b"RSET\r\nAUTH PLAIN ********\r\n"


def test_the_same_secret_twice_at_once_is_hidden_twice() -> None:
    transcript, recorder = new("localhost")
    recorder.segment("client", b"aGVhcnNheQ==\r\n" * 2)
    for step in (1, 2):
        recorder.record(Kind.RESPONSE, step, b"aGVhcnNheQ==\r\n", secrets=((0, 12),))
    assert packets(transcript.to_pcapng())[-1].data == b"********\r\n" * 2


def test_a_secret_that_is_not_found_on_the_wire_is_a_refusal() -> None:
    transcript, recorder = new("localhost")
    recorder.segment("client", b"something else\r\n")
    recorder.record(Kind.RESPONSE, 1, b"aGVhcnNheQ==\r\n", secrets=((0, 12),))
    with pytest.raises(ValueError, match="pass secrets=True to show everything"):
        transcript.to_pcapng()
    assert b"something else" in transcript.to_pcapng(secrets=True)


def test_what_is_secret_inside_tls_hides_nothing_outside_it() -> None:
    """Nor is it a reason to refuse: it never stood on the wire readable."""
    transcript, recorder = new("localhost")
    transcript.secrets.add("looking-glass")
    say(recorder, Kind.COMMAND, b"STARTTLS\r\n")
    say(recorder, Kind.REPLY, b"220 go\r\n")
    recorder.segment("client", HELLO + b"looking-glass by chance")
    recorder.tls = True
    recorder.record(Kind.COMMAND, 2, b"AUTH PLAIN aGVhcnNheQ==\r\n", secrets=((11, 23),))
    found = [one.data for one in packets(transcript.to_pcapng()) if one.data]
    assert found == [b"STARTTLS\r\n", b"220 go\r\n", HELLO + b"looking-glass by chance"]


HELLO = bytes.fromhex("160301002b010000270303") + bytes(range(32)) + bytes.fromhex("00000000")
KEYS = f"CLIENT_RANDOM {bytes(range(32)).hex()} 00ff\n"


def test_only_the_keys_of_these_connections_go_into_the_file() -> None:
    transcript, recorder = new()
    recorder.segment("client", HELLO)
    others = f"# made by OpenSSL\nCLIENT_RANDOM {'ab' * 32} 77\n"
    found = [b for k, b in blocks(transcript.to_pcapng(key_log=others + KEYS)) if k == 0x0A]
    assert [body.rstrip(b"\0") for body in found] == [
        struct.pack("<II", 0x544C534B, len(KEYS)) + KEYS.encode()
    ]
    assert 0x0A not in {kind for kind, _ in blocks(transcript.to_pcapng(key_log=others))}
    assert 0x0A not in {kind for kind, _ in blocks(transcript.to_pcapng())}


def test_the_keys_of_a_real_server_need_the_flag() -> None:
    transcript, recorder = new("localhost")
    recorder.segment("client", HELLO)
    with pytest.raises(ValueError, match="c1 went to localhost, a real server; pass secrets=True"):
        transcript.to_pcapng(key_log=KEYS)
    assert KEYS.encode() in transcript.to_pcapng(key_log=KEYS, secrets=True)
    assert b"CLIENT_RANDOM" not in transcript.to_pcapng(secrets=True)
