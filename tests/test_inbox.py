"""The inbox without a browser: choosers, list, each aspect of a mail object, static forms."""

import pytest

from smtplab import Envelope, Inbox, Sandbox
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.widgets.inbox.decoding import decoded, text_of, value_as_text
from smtplab.widgets.inbox.harmless import harmless
from smtplab.widgets.inbox.hops import PROTOCOLS, hop, waited
from smtplab.widgets.inbox.mime import MAX_DEPTH, MAX_PARTS, safe_name, structure
from smtplab.widgets.inbox.model import PAGE, Aspect

BOB, ALICE = "bob@example.net", "alice@example.org"

PLAIN = (
    "From: Zoë <alice@example.org>\r\nTo: Bob <bob@example.net>\r\n"
    "Date: Mon, 02 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n"
    "Subject: =?utf-8?q?caf=C3=A9_at_noon?=\r\n\r\nHello Bob,\r\n.a dot\r\n"
).encode()
MIXED = (
    b"From: alice@example.org\r\nTo: bob@example.net\r\nSubject: With a picture\r\n"
    b"Content-Type: multipart/mixed; boundary=m\r\n\r\npreamble\r\n--m\r\n"
    b"Content-Type: multipart/alternative; boundary=a\r\n\r\n"
    b"--a\r\nContent-Type: text/plain\r\n\r\nIn words\r\n"
    b"--a\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n"
    b'<p>In <b>col\xf6ur</b> <img src="https://tracker.example/1.gif"></p>\r\n--a--\r\n--m\r\n'
    b'Content-Type: image/png; name="sun.png"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    b"SGVsbG8=\r\n--m--\r\nepilogue\r\n"
)


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request):
    with Sandbox(request.param) as running:
        yield running


def deliver(sandbox, content, *others, reverse_path=ALICE):
    client = sandbox.connect()
    client.ehlo()
    client.starttls()
    client.ehlo()
    client.auth(ALICE, "looking-glass")
    client.mail(reverse_path)
    for path in (BOB, *others):
        client.rcpt(path)
    client.data()
    assert client.content(content).code == 250
    client.quit()


def lay(sandbox, content, folder="Inbox"):
    """Put a content into Bob's mailbox as it is, without a server that judges it."""
    sandbox.mailbox(BOB).store(folder, StoredMail(Envelope(ALICE, (BOB,)), content))


def shown(inbox, aspect):
    inbox._aspects[Aspect[aspect]].click()
    return inbox._panel.value


# The choosers and the list.


def test_an_empty_inbox_says_so_and_refresh_shows_what_came(sandbox):
    inbox = Inbox(sandbox)
    assert "Nothing lies in Inbox" in inbox._panel.value
    deliver(sandbox, PLAIN)
    inbox._refresh.click()
    assert "café at noon" in inbox._panel.value and "Inbox 1" in inbox._bar.value
    [(label, uid)] = inbox._list.options
    assert "Zoë" in label and "2\xa0Mar\xa02026,\xa009:00" in label and uid == inbox.model.uid


def test_an_empty_folder_says_where_something_lies(sandbox):
    lay(sandbox, PLAIN, "Junk")
    assert "Junk holds 1" in Inbox(sandbox)._panel.value


def test_folder_and_mailbox_are_chosen_by_hand_and_from_code(sandbox):
    lay(sandbox, PLAIN, "Junk")
    inbox = Inbox(sandbox)
    inbox._folder.value = "Junk"
    assert "Hello Bob" in inbox._panel.value
    inbox._mailbox.value = "carol@example.org"
    assert inbox.model.folder == "Inbox" and "carol@example.org" in inbox._bar.value
    inbox.choose(BOB, "Junk")
    assert "Hello Bob" in inbox._panel.value and inbox._folder.value == "Junk"
    with pytest.raises(KeyError, match="no mailbox 'eve"):
        inbox.choose("eve@example.net")


def test_a_message_of_the_list_is_opened_and_stays_open_after_a_refresh(sandbox):
    lay(sandbox, PLAIN)
    lay(sandbox, MIXED)
    inbox = Inbox(sandbox)
    assert "With a picture" in inbox._panel.value, "the newest is open"
    inbox._list.value = 1
    lay(sandbox, MIXED)
    inbox.refresh()
    assert "café at noon" in inbox._panel.value and inbox._list.value == 1
    with pytest.raises(KeyError, match="number 9"):
        inbox.open(9)


def test_the_list_is_bounded_and_older_ones_come_by_a_button(sandbox):
    for _ in range(PAGE + 3):
        lay(sandbox, PLAIN)
    inbox = Inbox(sandbox)
    assert len(inbox._list.options) == PAGE and inbox._older.description == "Show older (3)"
    inbox._older.click()
    assert len(inbox._list.options) == PAGE + 3 and inbox._older.layout.display == "none"


def test_next_and_previous_walk_the_list_and_stop_at_its_ends(sandbox):
    for _ in range(3):
        lay(sandbox, PLAIN)
    inbox = Inbox(sandbox)
    walked = []
    for button in (*[inbox._next] * 3, *[inbox._previous] * 3):
        button.click()
        walked.append(inbox.model.uid)
    assert walked == [2, 1, 1, 2, 3, 3] and inbox._list.value == 3


def test_an_error_in_a_click_is_shown(sandbox, monkeypatch):
    inbox = Inbox(sandbox)
    monkeypatch.setattr(sandbox, "mailbox", lambda name: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        inbox.refresh()
    inbox._guarded(inbox.model.refresh)(None)
    assert "ZeroDivisionError" in inbox._alert.value


# Each aspect.


def test_an_html_body_stands_in_a_frame_without_rights_and_loads_nothing(sandbox):
    lay(sandbox, MIXED)
    html = shown(Inbox(sandbox), "MESSAGE")
    assert '<iframe sandbox="" ' in html and "default-src &#x27;none&#x27;" in html
    assert "Not loaded: 1 remote item" in html and "tracker.example" not in html
    assert "&lt;b&gt;colöur&lt;/b&gt;" in html and "In words" in html
    assert "<code>sun.png</code>" in html and "5 octets" in html


def test_the_envelope_stands_beside_the_header_fields_and_bcc_in_one_of_them(sandbox):
    deliver(sandbox, PLAIN, "carol@example.org")
    inbox = Inbox(sandbox, "carol@example.org")
    html = shown(inbox, "ENVELOPE")
    assert "MAIL FROM:&lt;alice@example.org&gt;" in html and "To: Bob" in html
    assert "<code>&lt;carol@example.org&gt;</code>" in html, "she stands in no header field"
    assert "name the same mailbox" in html


def test_a_null_reverse_path_and_one_that_differs_are_told(sandbox):
    sandbox.mailbox(BOB).store("Inbox", StoredMail(Envelope("", (BOB,)), PLAIN))
    assert "marks a report" in shown(Inbox(sandbox), "ENVELOPE")
    sandbox.mailbox(BOB).store("Inbox", StoredMail(Envelope("x@shop.example", (BOB,)), PLAIN))
    assert "differ" in shown(Inbox(sandbox), "ENVELOPE")


def test_the_way_is_told_from_the_oldest_hop_with_the_keyword_explained(sandbox):
    deliver(sandbox, PLAIN)
    html = shown(Inbox(sandbox), "WAY")
    assert html.index("<b>laptop.example.org") < html.index("<b>smtp.example.org ([192.0.2.10])")
    assert "ESMTPSA: E: the client said EHLO" in html and "signed in with AUTH" in html


def test_each_method_of_authentication_results_is_explained(sandbox):
    deliver(sandbox, PLAIN)
    html = shown(Inbox(sandbox), "CHECKS")
    for expected in (
        "<b>spf=pass</b>",
        "<b>dkim=pass</b>",
        "<b>dmarc=pass</b>",
        "Why it lies here",
    ):
        assert expected in html


def test_checks_that_nobody_made_or_nobody_can_read_are_told(sandbox):
    lay(sandbox, PLAIN)
    assert "no server of this way checked" in shown(Inbox(sandbox), "CHECKS")
    lay(sandbox, b"Authentication-Results: ;;;\r\n" + PLAIN)
    assert "cannot be read" in shown(Inbox(sandbox), "CHECKS")


def test_the_parts_are_a_nested_list_with_numbers_types_encodings_and_sizes(sandbox):
    lay(sandbox, MIXED)
    html = shown(Inbox(sandbox), "PARTS")
    assert html.count("<ul>") == html.count("</ul>") == 3
    assert "<code>1.2</code> <b>text/html</b> · 7bit · 65 octets" in html
    assert "<code>2</code> <b>image/png</b> · base64 · 8 octets · sun.png" in html


def test_raw_octets_show_line_ends_when_asked(sandbox):
    deliver(sandbox, PLAIN)
    inbox = Inbox(sandbox)
    html = shown(inbox, "RAW")
    assert "=?utf-8?q?caf=C3=A9_at_noon?=" in html and "CR LF" not in html
    assert html.index("Put in front by the last server") < html.index("as it was accepted")
    inbox._line_ends.value = True
    assert "Hello Bob, <i" in inbox._panel.value and "CR LF" in inbox._panel.value


def test_an_aspect_is_chosen_from_code_too(sandbox):
    lay(sandbox, PLAIN)
    inbox = Inbox(sandbox)
    inbox.look_at("raw")
    assert inbox._aspects[Aspect.RAW]._dom_classes == ("mod-active",)
    with pytest.raises(ValueError, match="Colour"):
        inbox.look_at("colour")


# Static forms.


def test_static_forms_hold_every_aspect_and_no_frame(sandbox):
    deliver(sandbox, PLAIN)
    inbox = Inbox(sandbox)
    html, text = inbox.static_html(), inbox.static_text()
    assert "<iframe" not in html and "<script" not in html
    for expected in (
        "bob@example.net · Inbox 1 · Junk 0",
        "Subject: café at noon",
        "To whom | RCPT TO:<bob@example.net> | To: Bob <bob@example.net>",
        "with: ESMTPSA: E: the client said EHLO",
        "spf=pass | spf=pass: SPF asks",
        "- whole text/plain · 7bit",
    ):
        assert expected in text


def test_the_static_form_unfolds_what_was_looked_at_and_names_what_is_open(sandbox):
    deliver(sandbox, PLAIN)
    deliver(sandbox, b"Subject: Second\r\n\r\nx\r\n")
    inbox = Inbox(sandbox)
    inbox.open(1)
    inbox.look_at("Envelope")
    html = inbox.static_html()
    assert "<p>Opened: number 1</p>" in html
    unfolded = [part.partition("<")[0] for part in html.split("<details open><summary>")[1:]]
    assert unfolded == ["As a mail program shows it", "The envelope beside the header fields"]
    assert "<em>no From</em>" in html


def test_static_forms_are_the_same_over_tcp_and_in_memory():
    stored = []
    for transport in ("tcp", "memory"):
        with Sandbox(transport) as sandbox:
            deliver(sandbox, PLAIN)
            stored.append(Inbox(sandbox)._repr_mimebundle_())
    assert stored[0] == stored[1]


def test_it_works_where_no_tls_is_offered():
    with Sandbox("memory", plain=True) as sandbox:
        lay(sandbox, PLAIN)
        assert "Hello Bob" in Inbox(sandbox).static_text()


# The pieces.


@pytest.mark.parametrize(
    ("octets", "encoding", "expected"),
    [
        (b"SGVs\r\nbG8=", "base64", b"Hello"),
        (b"SGVsbG8", "base64", b"Hello"),
        (b"S", "base64", b""),
        (b"a=20b=\r\nc", "quoted-printable", b"a bc"),
        (b"x", "x-unknown", b"x"),
    ],
    ids=["lines", "unpadded", "broken", "quoted", "unknown"],
)
def test_transfer_encodings_are_taken_off_as_far_as_they_go(octets, encoding, expected):
    assert decoded(octets, encoding) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"=?iso-8859-1?q?caf=E9?=", "café"),
        (b"=?zlib?b?eJw=?=", "x\ufffd"),
        (b"=?utf-8?b?!!!?=", ""),
        (b"=?utf-8?q?half", "=?utf-8?q?half"),
        ("Zoë".encode(), "Zoë"),
    ],
    ids=["latin", "no charset of mail", "no base64", "broken", "RFC 6532"],
)
def test_header_values_are_decoded_or_left_as_they_came(value, text):
    assert value_as_text(value) == text


def test_a_charset_that_is_no_charset_of_mail_is_not_asked():
    assert text_of(b"\\x41", "unicode_escape") == "\\x41"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\Windows\\\\a.exe", "a.exe"),
        ("\u202egpj.exe", "_gpj.exe"),
        ("a\x00b\r\n.txt", "a_b__.txt"),
        ("con.txt", "_con.txt"),
        ("...", "attachment-3"),
        (".bashrc", "_bashrc"),
        ("a" * 300 + ".pdf", "a" * 70 + ".pdf"),
    ],
)
def test_a_name_for_saving_has_no_folder_and_no_trick(name, expected):
    head = f'Content-Type: application/x; name="{name}"'.replace("\r\n", "%0D%0A")
    part = structure(b"").whole
    part.message["content-type"] = f'application/x; name="{name}"' if "\r" not in name else head
    if "\r" in name:
        part.message.replace_header("content-type", "application/x; name*=utf-8''a%00b%0D%0A.txt")
    assert safe_name(part, 3) == expected


def test_a_part_that_never_ends_reaches_to_the_end_of_what_holds_it():
    found = structure(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo"
    )
    assert [part.size for part in found.parts[1:]] == [3, 3]


def test_one_boundary_that_begins_like_another_is_not_taken_for_it():
    content = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\nx\r\n--bb--\r\n--b--\r\n"
    )
    assert [part.number for part in structure(content).parts] == ["", "1", "1.1"]


def test_parts_and_depth_are_bounded_and_the_rest_is_counted():
    wide = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 500
    found = structure(wide)
    assert len(found.parts) == MAX_PARTS and found.left_out == 500 - (MAX_PARTS - 1)
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(99)
    )
    found = structure(deep)
    assert max(part.depth for part in found.parts) == MAX_DEPTH and found.left_out == 1


def test_the_hops_know_the_keywords_of_rfc_3848():
    listed = "SMTP ESMTP ESMTPA ESMTPS ESMTPSA LMTP LMTPA LMTPS LMTPSA UTF8SMTP UTF8SMTPSA".split()
    assert set(listed) < set(PROTOCOLS)
    one = hop("from a (b (c)) by d via TCP with ESMTPX id 1 for <x@y>; Mon, 2 Mar 2026 9:00 +0000")
    assert one.clause("for") == "<x@y>" and "does not list" in one.protocol
    later = hop("by d; Mon, 2 Mar 2026 11:01:00 +0000")
    assert waited(one, later) == "2 h 1 min later" and "disagree" in waited(later, one)
    assert waited(hop(""), later) == ""


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>a<b>b", "<p>a<b>b</b></p>"),
        ("</div></div>x", "x"),
        ("<script>evil()</script>x", "x"),
        ("<svg><script>evil()</script></svg>x", "x"),
        ("<a href='javascript:evil()'>x</a>", "<a>x [leads to javascript:evil()]</a>"),
        ("<p style='background:url(//t.example)'>x", "<p>x</p>"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("<td onclick=x>\u202ey", "<td>\\u202ey</td>"),
        ("<iframe src=//x.example><p>in</iframe>out", "out"),
        ("<!--x--><![if !IE]>y", "y"),
    ],
)
def test_html_is_written_anew_from_known_tags(html, left):
    assert harmless(html).html == left
