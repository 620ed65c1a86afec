"""Mail in files: .eml and mbox in and out, judged by Python's own `mailbox` and `email`."""

import mailbox
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smtplab import (
    Envelope,
    LocalProtocolError,
    MailObject,
    Sandbox,
    from_eml,
    read_mail_objects,
)
from smtplab.mail_files import read_files
from smtplab.mbox import FiledMail, from_mbox, to_mbox
from smtplab.sandbox.mailboxes import Mailbox, StoredMail
from tests.test_delivery import ALICE, BOB, submit

DATE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

CONTENTS = {
    "ordinary": b"From: a@b.example\r\nSubject: x\r\n\r\nHi\r\n",
    "empty": b"",
    "one empty line": b"\r\n",
    "empty lines at the end": b"Subject: x\r\n\r\n\r\n\r\n\r\n",
    "From line": b"\r\nFrom me to you\r\n",
    "From line at the start": b"From here it is a body\r\n",
    "From line behind an empty line": b"Subject: x\r\n\r\n\r\nFrom x@y.example Mon Mar\r\n\r\n",
    "quoted From lines": b"\r\n>From\r\n>From x\r\n>>From x\r\n> From x\r\n",
    "all octets": b"\r\n" + bytes(set(range(256)) - {10, 13}) + b"\r\n",
    "CR before CR LF": b"\r\nx\r\r\n\ry\r\n",
    "no header section": b"body\r\n",
    "a megabyte": b"\r\n" + b"From 456789\r\n" * 80_000,
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("reverse_path", ["", "ann@example.org", '"a b"@example.org', "x\udcff@y"])
def test_an_mbox_gives_back_each_octet(content: bytes, reverse_path: str) -> None:
    entries = [FiledMail(reverse_path, DATE, content)] * 3
    assert list(from_mbox(to_mbox(entries))) == entries


LINES = st.lists(st.sampled_from([b"", b"From x", b">From ", b"a", b">", b"\r", b"From"]))


@given(st.lists(LINES.map(lambda lines: b"".join(line + b"\r\n" for line in lines))))
def test_contents_cannot_run_into_each_other(contents: list[bytes]) -> None:
    """A From line that is not quoted would make two mails of one, the second one forged."""
    entries = [FiledMail("ann@example.org", DATE, content) for content in contents]
    assert list(from_mbox(to_mbox(entries))) == entries


@given(st.binary())
def test_any_octets_are_an_mbox_or_told_not_to_be(octets: bytes) -> None:
    for start in (b"", b"From ", b"From x Mon Feb 31 99:00:00 2026\r\n"):
        try:
            list(from_mbox(start + octets))
        except ValueError as error:
            assert "begins with a line 'From '" in str(error)


def test_what_an_mbox_does_not_keep_is_what_the_module_says() -> None:
    (bare,) = from_mbox(to_mbox([FiledMail("", DATE, b"a\nb")]))
    assert bare.content == b"a\r\nb\r\n"


def test_an_mbox_of_another_system_and_of_another_habit_is_read() -> None:
    octets = (
        b"From ann@example.org Mon Mar  2 09:00:00 2026\r\nA: b\r\n\r\nx\r\n\r\nFrom - \r\n\r\n"
    )
    one, two = from_mbox(octets)
    assert one == FiledMail("ann@example.org", DATE, b"A: b\r\n\r\nx\r\n")
    assert two.date is None and two.content == b""
    (cut,) = from_mbox(b"From a x\nA: b\n\nx")
    assert cut.content == b"A: b\r\n\r\nx\r\n"


def test_pythons_mbox_reads_ours_and_we_read_pythons(tmp_path: Path) -> None:
    entries = [FiledMail(ALICE, DATE, content) for content in CONTENTS.values() if content]
    path = tmp_path / "x.mbox"
    path.write_bytes(to_mbox(entries))
    theirs = mailbox.mbox(path, create=False)
    assert len(theirs) == len(entries)
    first = next(iter(theirs))
    assert first.get_from() == f"{ALICE} Mon Mar  2 09:00:00 2026"
    assert first["Subject"] == "x" and first.get_payload() == "Hi\n"
    theirs.close()

    path.unlink()
    theirs = mailbox.mbox(path)
    theirs.add(mailbox.mboxMessage(message_from_bytes(b"Subject: x\n\nFrom me\n")))
    theirs.add(b"Subject: y\n\nHi\n")
    theirs.close()
    assert [mail.content for mail in read_files(path)] == [
        b"Subject: x\r\n\r\nFrom me\r\n",
        b"Subject: y\r\n\r\nHi\r\n",
    ]


# A mailbox, out and in again.


@pytest.mark.parametrize("name", ["bob.mbox", "BOB.MBOX", "bob"])
def test_a_mailbox_goes_out_to_files_and_in_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with Sandbox("memory", store=tmp_path / "store") as sandbox:
        for content in CONTENTS.values():
            delivered = b"Return-Path: <alice@example.org>\r\n" + content
            sandbox.mailbox(BOB).store("Inbox", StoredMail(Envelope(ALICE, (BOB,)), delivered))
        before = sandbox.inbox(BOB)
        sandbox.mailbox(BOB).save(path)
        assert sandbox.mailbox("carol@example.org").load(path, "Junk") == len(CONTENTS)
    with Sandbox("memory", store=tmp_path / "store") as sandbox:
        after = sandbox.mailbox("carol@example.org").folder("Junk")
        assert [m.content for m in after] == [m.content for m in before]
        assert [m.uid for m in after] == list(range(1, len(CONTENTS) + 1))
        assert {m.envelope.reverse_path for m in after} == {ALICE}
        assert {m.internal_date for m in after} == {before[0].internal_date}


def test_an_eml_file_is_the_content(tmp_path: Path) -> None:
    box = Mailbox(BOB)
    mail = StoredMail(Envelope(ALICE, (BOB,)), b"Subject: x\r\n\r\nbare\nlf, no end")
    box.store("Inbox", mail)
    box.save(tmp_path / "out")
    octets = (tmp_path / "out" / "000001.eml").read_bytes()
    assert octets == mail.to_eml() == mail.content
    assert message_from_bytes(octets, policy=policy.default)["Subject"] == "x"
    assert box.load(tmp_path / "out" / "000001.eml") == 1
    assert box.folder()[1].content == mail.content and box.folder()[1].uid == 2


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    box = Mailbox(BOB)
    for content in (b"1", b"2"):
        box.store("Inbox", StoredMail(Envelope("", ()), content))
    (tmp_path / "000002.eml").write_text("mine")
    (tmp_path / "x.mbox").write_text("mine")
    for path in (tmp_path, tmp_path / "x.mbox"):
        with pytest.raises(FileExistsError, match="is there already; choose another name"):
            box.save(path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000002.eml", "x.mbox"]
    assert (tmp_path / "x.mbox").read_text() == "mine"


def test_what_cannot_be_read_is_told_and_nothing_is_laid_in(tmp_path: Path) -> None:
    box = Mailbox(BOB)
    (tmp_path / "x.mbox").write_bytes(b"no From line")
    for path, error in (
        (tmp_path, "holds no .eml file"),
        (tmp_path / "x.mbox", "an mbox begins with a line 'From '"),
    ):
        with pytest.raises(ValueError, match=error):
            box.load(path)
    with pytest.raises(FileNotFoundError):
        box.load(tmp_path / "nowhere.eml")
    (tmp_path / "x.eml").write_bytes(b"\r\n")
    with pytest.raises(KeyError, match="no folder 'Sent'"):
        box.load(tmp_path / "x.eml", "Sent")
    assert not box.folder()


# From a file of somebody's to a mail object to send.


def test_an_eml_file_becomes_a_mail_object() -> None:
    octets = (
        b"Return-Path: <old@example.com>\nReceived: from x\n\tby y\n"
        b"From: =?utf-8?q?M=2C?= <a@b.example>\n"
        b"To: S\xc3\xb6hne <c@d.example>,\n e@f.example\nbcc : hidden@g.example,\n\th@i.example\n"
        b"Resent-Bcc: j@k.example\nCc: c@d.example\nSubject: Bcc: not me\n\n"
        b"Bcc: body\rx\r\n\xff\n\nend"
    )
    mail = from_eml(octets)
    assert mail.envelope == Envelope(
        "a@b.example", ("c@d.example", "e@f.example", "hidden@g.example", "h@i.example")
    )
    assert mail.content == (
        b"Received: from x\r\n\tby y\r\nFrom: =?utf-8?q?M=2C?= <a@b.example>\r\n"
        b"To: S\xc3\xb6hne <c@d.example>,\r\n e@f.example\r\nCc: c@d.example\r\n"
        b"Subject: Bcc: not me\r\n\r\nBcc: body\r\nx\r\n\xff\r\n\r\nend"
    )


@pytest.mark.parametrize(
    ("octets", "content"),
    [
        (b"From: a@b.example\nBcc: c@d.example", b"From: a@b.example\r\n"),
        (b"From: a@b.example\nBcc: c@d.example\n\n", b"From: a@b.example\r\n\r\n"),
        (b"Bcc: c@d.example\n e@f.example\nFrom: a@b.example\n", b"From: a@b.example\r\n"),
    ],
)
def test_no_end_of_a_header_section_shows_a_hidden_recipient(octets: bytes, content: bytes) -> None:
    assert from_eml(octets).content == content


@pytest.mark.parametrize(
    "octets",
    [b"", b"\r\n", b"\nFrom: a@b.example\nTo: c@d.example\n", b"From: a@b.example\n", b"To: x@y"],
)
def test_a_file_without_author_or_recipient_is_refused(octets: bytes) -> None:
    with pytest.raises(LocalProtocolError, match="no From header field|names no recipient"):
        from_eml(octets)


def test_octets_that_are_no_text_stay_in_the_content_beside_utf8() -> None:
    octets = b"From: a@b.example\r\nTo: S\xc3\xb6hne \x80 <c@d.example>\r\n\r\n"
    mail = from_eml(octets)
    assert mail == MailObject(Envelope("a@b.example", ("c@d.example",)), octets)


def test_a_return_path_that_is_no_text_is_read_all_the_same(tmp_path: Path) -> None:
    octets = b"Return-Path: <b\x80\xc3\xb6@c.example>\r\n\r\n"
    (tmp_path / "a.eml").write_bytes(octets)
    assert list(read_files(tmp_path / "a.eml")) == [
        FiledMail("b\ufffd\xf6@c.example", None, octets)
    ]


@given(st.binary())
@example(b"\t\x80\xc2\x80")
def test_any_octets_are_a_mail_object_or_refused(octets: bytes) -> None:
    try:
        content = from_eml(b"From: a@b.example\r\nTo: c@d.example\r\n" + octets).content
    except LocalProtocolError:
        return
    assert content.count(b"\r\n") == content.count(b"\r") == content.count(b"\n")


def test_files_are_read_to_be_sent(tmp_path: Path) -> None:
    entry = FiledMail("", DATE, b"From: alice@example.org\r\nTo: bob@example.net\r\n\r\nHi\r\n")
    (tmp_path / "x.mbox").write_bytes(to_mbox([entry, entry]))
    (tmp_path / "x.eml").write_bytes(entry.content)
    with Sandbox("memory") as sandbox:
        for name in ("x.mbox", "x.eml", "."):
            for mail in read_mail_objects(tmp_path / name):
                submit(sandbox, mail.content, *mail.envelope.forward_paths)
        assert len(sandbox.inbox(BOB)) == 4
        assert all(mail.content.endswith(entry.content) for mail in sandbox.inbox(BOB))
