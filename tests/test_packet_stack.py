"""The packet stack without a browser: the widget and the capture agree octet by octet."""

import struct
import zlib

import pytest

from smtplab import PacketStack, Sandbox
from smtplab.transcript import Kind, Transcript
from smtplab.widgets.packet_stack import model, render
from smtplab.widgets.packet_stack.model import SHOWN, Cutter, Label
from tests.pcapng import blocks
from tests.test_capture import new, say
from tests.test_console_page import HOSTILE, Tags, TwistedSandbox
from tests.test_ladder import CONTENT, MX, whole_session


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request):
    with Sandbox(request.param) as running:
        yield running


def captured(file):
    """The packets of a pcapng file, from the IP header on."""
    bodies = [body for kind, body in blocks(file.read_bytes()) if kind == 6]
    return [body[20 : 20 + struct.unpack_from("<I", body, 12)[0]] for body in bodies]


# The same packets everywhere.


def test_the_widget_and_the_capture_agree_octet_by_octet(sandbox, tmp_path):
    client = whole_session(sandbox)
    for stack in (PacketStack(client), PacketStack(sandbox, "c1"), PacketStack(sandbox, "r1")):
        file = stack.save(tmp_path / "one.pcapng")
        assert [one.octets for one in stack.model.packets] == captured(file)
        assert [one.number for one in stack.model.packets][:3] == [1, 2, 3]


def test_a_content_of_several_packets_is_one_line_in_parts(sandbox, tmp_path):
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        client.mail("carol@example.org")
        client.rcpt("bob@example.net")
        client.data()
        client.content(CONTENT + b"x" * 70 + b"\r\n" + b"A line\r\n" * 500)
    stack = PacketStack(client)
    parts = [one.text for one in stack.model.packets if one.text.startswith("content")]
    assert len(parts) == 3 and parts[0].endswith("(part 1 of 3)")
    assert [one.octets for one in stack.model.packets] == captured(stack.save(tmp_path / "x"))


@pytest.mark.parametrize(
    ("begins", "wanted"),
    [
        ("EHLO", {"Source address": "198.51.100.10", "Destination address": "192.0.2.10",
                  "Destination port": "587", "Sequence number": "1000001", "Flags": "ACK, PSH",
                  "Total length": "65", "Line": "EHLO laptop.example.org"}),
        ("220", {"Source port": "587", "Sequence number": "2000001",
                 "Acknowledgment number": "1000001"}),
        ("SYN", {"Option: MSS": "1460", "Flags": "SYN", "Data offset": "24"}),
    ],
    ids=["a command", "a reply", "TCP alone"],
)  # fmt: skip
def test_the_fields_have_their_values(sandbox, begins, wanted):
    frame = PacketStack(whole_session(sandbox)).choose(begins)
    values = {field.name: field.value for _, field in frame.fields}
    assert {name: values[name] for name in wanted} == wanted


def test_every_octet_belongs_to_one_field_of_its_own_layer(sandbox):
    stack = PacketStack(whole_session(sandbox))
    for one in stack.model.packets:
        frame = stack.choose(one.number)
        assert len(frame.letters) == len(frame.octets)
        named = [(layer.letter, n) for layer, f in frame.fields for n in range(f.start, f.end)]
        if len(one.parts) < 8 and not one.text.startswith("250-"):
            assert sorted(n for _, n in named) == list(range(len(frame.octets)))
        assert all(frame.letters[n] == letter for letter, n in named)
        assert sum(layer.adds for layer in frame.layers) == len(frame.octets)


def test_the_frame_of_ethernet_has_its_least_length_and_a_true_check():
    transcript, recorder = new()
    say(recorder, Kind.GREETING, b"220 mx\r\n")
    frame = PacketStack(transcript).choose(3)  # an ACK of 40 octets
    assert len(frame.octets) == 64, "the shortest frame that Ethernet knows"
    assert frame.octets[-4:] == struct.pack("<I", zlib.crc32(frame.octets[:-4]))
    assert "illustration" in frame.layers[-1].task


def test_the_stack_is_that_of_the_textbook(sandbox):
    stack = PacketStack(whole_session(sandbox))
    names = [layer.name for layer in stack.model.frame.layers]
    assert names == ["App layer (SMTP)", "TCP", "IP", "Network (Ethernet, Wi-Fi …)"]
    assert "25 octets ↓ TCP adds 20 ↓ IP adds 20 ↓ Network" in stack.static_text()


# Inside TLS.


def test_inside_tls_the_record_layer_is_one_more_and_the_octets_are_unreadable(sandbox):
    stack = PacketStack(whole_session(sandbox))
    begun = next(n for n in stack.model.packets if n.text.startswith("TLS handshake: Client"))
    after = next(n.number for n in stack.model.packets[begun.number :] if n.text.startswith("EHLO"))
    frame = stack.choose(after)
    assert [layer.letter for layer in frame.layers] == ["A", "R", "T", "I", "L"]
    assert "inside TLS: unreadable on the way" in stack._bar.value
    assert b"EHLO" not in frame.octets and b"\x17\x03\x03" in frame.octets
    assert any(field.value == "23 (application data)" for _, field in frame.fields)
    assert "On the way nobody can read it" in stack.static_text()


def test_a_record_that_packets_cut_is_followed_also_through_its_header():
    record = b"\x17\x03\x03\x00\x0a" + bytes(10)
    whole = [(p.kind, p.end - p.start) for p in Cutter().cut(record * 2)]
    assert whole == [("header", 5), ("body", 10)] * 2
    cutter = Cutter()
    one_by_one = [part.kind for n in record * 2 for part in cutter.cut(bytes([n]))]
    assert one_by_one == (["header"] * 5 + ["body"] * 10) * 2


# Choosing and marking, as the front end does it.


def test_a_choice_in_the_lists_and_the_same_from_code_show_the_same_page(sandbox):
    client = whole_session(sandbox)
    clicked, coded = PacketStack(client), PacketStack(client)
    clicked._packets.value = 8
    clicked._fields.value = clicked._fields.options[5][1]
    frame = coded.choose(8)
    coded.mark(frame.fields[4][1].name)
    assert clicked._octets.value == coded._octets.value
    assert "<mark>" in coded._octets.value and clicked._told.value == coded._told.value


def test_the_buttons_go_on_by_one_and_stop_at_the_ends(sandbox):
    stack = PacketStack(whole_session(sandbox))
    stack.choose(1)
    before, after = stack._packet_steps
    before.click()
    assert stack._packets.value == 1
    after.click()
    assert stack._packets.value == 2 and "packet 2" in stack._bar.value
    _, next_field = stack._field_steps
    for _ in range(100):
        next_field.click()
    assert "Frame check sequence" in stack._told.value


def test_refresh_takes_what_came_since_and_keeps_the_choice(sandbox):
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        stack = PacketStack(client)
        chosen, count = stack.model.packet, len(stack.model.packets)
        client.noop()
        stack._refresh_button.click()
        assert stack.model.packet == chosen and len(stack.model.packets) == count + 2
        client.noop("again")
        stack.refresh()
        stack.choose("NOOP again")
        assert "NOOP again" in stack._octets.value


def test_a_look_makes_words_for_the_page_alone_and_reads_nothing_that_was_read(
    sandbox, monkeypatch
):
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        for _ in range(SHOWN):
            client.noop()
        worded = []
        words = Label.words

        def counted(label, part):
            worded.append(part)
            return words(label, part)

        monkeypatch.setattr(Label, "words", counted)
        stack = PacketStack(client)
        assert len(stack.model.packets) > 2 * SHOWN > SHOWN + 50 > len(worded)
        before = stack.model.packets
        stack.refresh()
        assert stack.model.packets is before
        client.noop()
        stack.refresh()
        assert stack.model.packets[: len(before)] == before != stack.model.packets


def test_a_long_list_comes_in_pages(sandbox):
    with sandbox.connect(MX, 25) as client:
        for _ in range(SHOWN):
            client.noop()
        stack = PacketStack(client)
    assert len(stack._packets.options) == SHOWN
    assert stack._later in stack._list.children and stack._earlier not in stack._list.children
    stack._later.click()
    assert stack._packets.options[0][1] == SHOWN + 1 and stack._packets.value is None
    stack._earlier.click()
    assert stack._packets.options[0][1] == 1
    stack.choose(2 * SHOWN)
    assert stack._packets.value == 2 * SHOWN


def test_what_cannot_be_chosen_is_named(sandbox):
    stack = PacketStack(whole_session(sandbox))
    with pytest.raises(ValueError, match="there is no 999"):
        stack.choose(999)
    with pytest.raises(ValueError, match="begins with 'VRFY'"):
        stack.choose("VRFY")
    with pytest.raises(ValueError, match="there are Destination MAC address"):
        stack.mark("Nothing")
    with pytest.raises(ValueError, match="no connection 'c9'"):
        PacketStack(sandbox, "c9")
    with pytest.raises(ValueError, match="connect first"):
        PacketStack(Transcript.from_json(""))
    with pytest.raises(ValueError, match="not str"):
        PacketStack("c1")


# The file in the page.


def test_the_link_holds_the_file_itself_unless_it_is_too_large(sandbox, monkeypatch):
    stack = PacketStack(whole_session(sandbox))
    assert 'download="c1.pcapng"' in stack._link.value
    monkeypatch.setattr(render, "LARGEST_LINK", 10)
    assert "use save(path)" in render.link(stack.model)
    assert "data:" not in stack.static_html()


# Stored and hostile.


def test_both_transports_store_the_same_page():
    stored = []
    for transport in ("memory", "tcp"):
        with Sandbox(transport) as sandbox:
            stack = PacketStack(whole_session(sandbox))
            stored.append((stack.static_html(), stack.static_text()))
    assert stored[0] == stored[1]
    assert "<svg" not in stored[0][0] and "<style" not in stored[0][0]


def test_markup_from_anywhere_is_text():
    with TwistedSandbox("memory") as sandbox, sandbox.connect(MX, 25) as client:
        client.send_raw(f'VRFY "{HOSTILE}" onload=alert(1)\r\n'.encode())
        stack = PacketStack(client)
        whole = ""
        for number in range(1, len(stack.model.packets) + 1):
            stack.choose(number)
            whole += stack._octets.value + stack._more.value + stack.static_html()
    assert "&lt;script&gt;" in whole
    assert not {"script", "onload"} & Tags(whole).seen
    assert not set("\u202e\u2028") & set(whole)


def test_a_real_servers_secret_is_hidden_in_octets_and_words():
    transcript, recorder = new("mail.somewhere.test.real", 25)
    octets = b"AUTH PLAIN AGFsaWNlAHNlc3JldA==\r\n"
    say(recorder, Kind.COMMAND, octets, ((11, len(octets) - 2),))
    stack = PacketStack(transcript)
    stack.choose("AUTH")
    assert "AGFsaWNl" not in stack.static_text() + stack._octets.value


def test_one_line_of_ten_megabytes_says_why_it_cannot_be_shown(sandbox):
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        client.mail("carol@example.org")
        client.rcpt("bob@example.net")
        client.data()
        client.content(b"x" * 10 * 2**20)
        with pytest.raises(ValueError, match="has a gap"):
            PacketStack(client)


def test_a_look_that_failed_is_told_again(monkeypatch):
    with Sandbox("memory") as sandbox, sandbox.connect() as client:
        looked = PacketStack(sandbox, "c1").model
        client.noop()

        def gap(*_, **__):
            raise ValueError("the connection is not whole")

        monkeypatch.setattr(model, "passages", gap)
        for _ in ("once", "again"):
            with pytest.raises(ValueError, match="not whole"):
                looked.refresh()
