"""Mail, queue and time in a folder: kept over a restart, one sandbox at a time, readable by all."""

import mailbox
import os
import socket
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree

import pytest

from smtplab import Envelope, MailObject, Sandbox
from smtplab.sandbox.clock import START
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.sandbox.queue import QueueItem
from smtplab.sandbox.store import StoreError, disk
from smtplab.sandbox.store.folder import FolderStore
from tests.test_cli_serve import Serving
from tests.test_delivery import ALICE, BOB, MX, PASSWORD, break_mx, submit

CONTENT = b"Subject: Dots\r\n\r\n.\r\n..two\r\nna\xc3\xafve \xff\r\nFrom me\r\n\r\n\r\n"


@pytest.fixture(params=["memory", "tcp"])
def transport(request: pytest.FixtureRequest) -> Iterator[str]:
    yield request.param


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def kept(store: Path, *contents: bytes) -> list[StoredMail]:
    """A store in which Bob has mail; what he sees."""
    with Sandbox("memory", store=store) as sandbox:
        for content in contents:
            submit(sandbox, content)
        return list(sandbox.inbox(BOB))


def whole(mails: tuple[StoredMail, ...] | list[StoredMail]) -> list[object]:
    """Everything of a mail object, also what does not count when two are compared."""
    return [(m.envelope, m.content, m.uid, m.internal_date) for m in mails]


def test_what_lay_in_a_mailbox_lies_there_again(transport: str, store: Path) -> None:
    with Sandbox(transport, store=store) as sandbox:
        submit(sandbox, CONTENT)
        sandbox.clock.advance(timedelta(minutes=5))
        submit(sandbox, b"", "carol@example.org", BOB)
        before = {name: whole(sandbox.inbox(name)) for name in (BOB, "carol@example.org")}
        assert len(before[BOB]) == 2 and not sandbox.errors
    with Sandbox(transport, store=str(store)) as sandbox:
        for name, mails in before.items():
            assert whole(sandbox.inbox(name)) == mails
        assert sandbox.inbox(BOB)[0].content.endswith(CONTENT)
        assert sandbox.clock.now() == START + timedelta(minutes=5)
        assert not sandbox.errors and not sandbox.queue


def test_restarting_keeps_what_a_store_has_and_nothing_else(store: Path) -> None:
    kept(store, b"\r\n")
    with Sandbox("memory", store=store) as sandbox:
        assert len(sandbox.restart().inbox(BOB)) == 1
    with Sandbox("memory") as sandbox:
        submit(sandbox, b"\r\n")
        assert not sandbox.restart().inbox(BOB)


def test_both_folders_and_every_part_of_an_envelope_are_kept(store: Path) -> None:
    envelope = Envelope(
        'ann\udcff "quoted"@example.org',
        ("bob@example.net", "söhne@example.net"),
        {"SIZE": "17", "SMTPUTF8": None},
        {BOB: {"ORCPT": "rfc822;Bob+40example.net", "NOTIFY": "NEVER"}},
    )
    with Sandbox("memory", store=store) as sandbox:
        sandbox.mailbox(BOB).store("Junk", StoredMail(envelope, b"bare\nlf, and no end"))
    with Sandbox("memory", store=store) as sandbox:
        (mail,) = sandbox.mailbox(BOB).folder("Junk")
        assert mail.envelope == envelope and mail.content == b"bare\nlf, and no end"
        assert not sandbox.inbox(BOB)


def test_a_queue_goes_on_where_it_was(transport: str, store: Path) -> None:
    with Sandbox(transport, store=store) as sandbox:
        break_mx(sandbox)
        submit(sandbox, CONTENT)
        sandbox.clock.advance(timedelta(minutes=30))
        (before,) = sandbox.queue
        assert before.attempts == 2
    with Sandbox(transport, store=store) as sandbox:
        (after,) = sandbox.queue  # and it is not due before its hour is over
        assert vars(after) == vars(before)
        sandbox.clock.advance(timedelta(minutes=59))
        assert not sandbox.inbox(BOB)
        sandbox.clock.advance(timedelta(minutes=1))
        assert sandbox.inbox(BOB)[0].content.endswith(CONTENT)
        assert not sandbox.queue
    assert not list((store / "queue").iterdir())


def test_what_is_due_is_tried_without_anybody_asking(store: Path) -> None:
    keeper = FolderStore(store)
    mail = MailObject(Envelope(ALICE, (BOB,)), CONTENT)
    keeper.queue.put(replace(item_with_everything(), mail=mail))
    keeper.close()
    with Sandbox("tcp", store=store) as sandbox:
        sandbox._carrier._queue_thread.shutdown(wait=True)  # type: ignore[union-attr]
        assert len(sandbox._world.mailboxes[BOB].folder()) == 1


def item_with_everything() -> QueueItem:
    envelope = Envelope(ALICE, (BOB, "x@y.example"), {"BODY": "8BITMIME"}, {BOB: {"NOTIFY": None}})
    mail = MailObject(envelope, b"\r\n\n\r\x00\xff{}")
    return QueueItem(
        "smtp.example.org", "q1", mail, START, [BOB], START, 1, 3, "451 4.3.0 ünwell", 2, {BOB}
    )


def test_every_field_of_an_item_is_kept(store: Path) -> None:
    """A field that the queue gets later must be kept too, or a restart forgets it."""
    item = item_with_everything()
    keeper = FolderStore(store)
    keeper.queue.put(item)
    keeper.close()
    keeper = FolderStore(store)
    (again,) = keeper.queue.items()
    for one in fields(QueueItem):
        assert getattr(again, one.name) == getattr(item, one.name), one.name
        assert type(getattr(again, one.name)) is type(getattr(item, one.name)), one.name
    keeper.close()


def test_the_order_of_a_queue_is_the_order_in_which_it_came(store: Path) -> None:
    keeper = FolderStore(store)
    for number in (9, 10, 100, 11):
        keeper.queue.put(replace(item_with_everything(), id=f"q{number}", number=number))
    assert [item.id for item in keeper.queue.items()] == ["q9", "q10", "q11", "q100"]
    keeper.close()


def test_a_queue_id_is_given_once(store: Path) -> None:
    """Two mails with one id could not be told apart in any log, or in Received."""
    keeper = FolderStore(store)
    given = [keeper.numbers.next("queue") for _ in range(150)]
    keeper.close()
    for first in (151, 251):  # after a clean end there is no gap, after a kill there is one
        keeper = FolderStore(store)
        given += [keeper.numbers.next("queue") for _ in range(60)]
        assert given[-60] == first
        keeper._lock.close()  # all that a kill does
    assert len(set(given)) == len(given)


# Readers: POP3 and IMAP after a restart, and other programs in the folder itself.


def imap_uids(sandbox: Sandbox) -> tuple[bytes, bytes]:
    with sandbox.imaplib() as reader:
        reader.login(BOB, "blue-print")
        reader.select("INBOX", readonly=True)
        validity = reader.response("UIDVALIDITY")[1][0]
        return validity, reader.uid("SEARCH", "ALL")[1][0]


def pop_uids(sandbox: Sandbox, delete: tuple[int, ...] = ()) -> list[bytes]:
    reader = sandbox.poplib()
    reader.user(BOB)
    reader.pass_("blue-print")
    uids = reader.uidl()[1]
    for number in delete:
        reader.dele(number)
    reader.quit()
    return uids


def test_pop3_and_imap_show_the_same_numbers_after_a_restart(store: Path) -> None:
    kept(store, b"a\r\n", b"b\r\n", b"c\r\n")
    with Sandbox("memory", store=store) as sandbox:
        validity = imap_uids(sandbox)[0]
        assert imap_uids(sandbox)[1] == b"1 2 3"
        pop_uids(sandbox, delete=(1, 3))
    with Sandbox("memory", store=store) as sandbox:
        assert imap_uids(sandbox) == (validity, b"2")
        submit(sandbox, b"d\r\n")
        assert pop_uids(sandbox) == [b"1 inbox-2", b"2 inbox-4"], "3 was somebody else's number"
        pop_uids(sandbox, delete=(1, 2))
    assert [mail.uid for mail in kept(store, b"e\r\n")] == [5]


def test_a_folder_is_a_maildir_for_other_programs(store: Path) -> None:
    (mail,) = kept(store, CONTENT)
    with Sandbox("memory", store=store) as sandbox:
        sandbox.mailbox(BOB).store("Junk", mail)
    maildir = mailbox.Maildir(store / "mail" / BOB, create=False)
    (key,) = maildir.keys()
    # Python's Maildir takes this system's line ends for its own.
    assert maildir.get_bytes(key) == mail.content.replace(os.linesep.encode(), b"\n")
    assert maildir.list_folders() == ["Junk"] and len(maildir.get_folder("Junk")) == 1
    assert maildir.get_message(key).get_date() == START.timestamp()


@pytest.mark.parametrize("colon", [":", "!", ";"])
def test_a_mail_program_may_set_flags_and_rewrite_and_delete(store: Path, colon: str) -> None:
    before = kept(store, b"\r\na\r\n", b"\r\nb\r\n", b"\r\nc\r\n")
    maildir = mailbox.Maildir(store / "mail" / BOB, create=False)
    maildir.colon = colon  # what Python's own documentation offers for Windows
    for key in maildir.keys():
        message = maildir.get_message(key)
        message.set_subdir("cur")
        message.set_flags("RS")
        maildir[key] = message
    (last,) = (key for key in maildir.keys() if "U000000003" in key)
    maildir.remove(last)
    after = kept(store, b"d\r\n")
    assert whole(after[:2]) == whole(before[:2])
    assert [mail.uid for mail in after] == [1, 2, 4], "3 was read somewhere, and is gone"


def test_what_another_program_lays_there_is_read_and_keeps_its_number(store: Path) -> None:
    kept(store, b"a\r\n")
    maildir = mailbox.Maildir(store / "mail" / BOB, create=False)
    path = store / "mail" / BOB / "new" / "1700000000.P1Q1.elsewhere.example"
    path.write_bytes(b"Return-Path: <ann@example.com>\nSubject: x\n\nHi\n")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert len(maildir) == 2
    adopted = kept(store)[1]
    assert adopted.content == b"Return-Path: <ann@example.com>\r\nSubject: x\r\n\r\nHi\r\n"
    assert adopted.envelope == Envelope("ann@example.com", (BOB,)) and adopted.uid == 2
    assert adopted.internal_date == datetime.fromtimestamp(1_700_000_000, UTC)
    assert whole(kept(store, b"b\r\n")[1:2]) == whole([adopted])


# One at a time, and only in a folder of its own.


def test_two_sandboxes_cannot_share_a_store(store: Path) -> None:
    """Each would give the other's numbers again, and deliver the other's queue once more."""
    with Sandbox("memory", store=store):
        with pytest.raises(StoreError, match="in use by another sandbox; stop that one"):
            Sandbox("memory", store=store)
        with Serving("--store", str(store)) as serving:
            assert serving.line() is None
            assert serving.process.stderr is not None
            (line,) = serving.process.stderr.read().decode().splitlines()
            assert "is in use by another sandbox" in line
            assert serving.process.wait(120) == 2
    Sandbox("memory", store=store).stop()


def test_a_sandbox_that_is_forgotten_gives_its_store_back(store: Path) -> None:
    Sandbox("memory", store=store)
    Sandbox("memory", store=store).stop()


def test_a_mailbox_of_a_stopped_sandbox_takes_nothing_more(store: Path) -> None:
    """Its store may be another sandbox's by now."""
    with Sandbox("memory", store=store) as sandbox:
        submit(sandbox, b"\r\n")
        box = sandbox.mailbox(BOB)
    with pytest.raises(StoreError, match="stopped"):
        box.store("Inbox", box.folder()[0])
    with pytest.raises(StoreError, match="stopped"):
        box.remove("Inbox", {1})
    assert len(box.folder()) == len(kept(store)) == 1


@pytest.mark.parametrize("name", ["notes.txt", "mail", "queue"])
def test_a_folder_of_somebodys_is_left_alone(store: Path, name: str) -> None:
    store.mkdir()
    (store / name).write_text("mine")
    with pytest.raises(StoreError, match="holds other files and is no store"):
        Sandbox("memory", store=store)
    assert [(path.name, path.read_text()) for path in store.iterdir()] == [(name, "mine")]


def test_what_is_no_folder_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for path, problem in (
        (tmp_path / "file", "is a file; a store is a folder"),
        (tmp_path / "file" / "below", "cannot be opened"),
        ("a\0b", "a name that no folder can have"),
        (tmp_path / ("x" * 300), "cannot be opened"),
    ):
        with pytest.raises(StoreError, match=problem) as raised:
            Sandbox("memory", store=path)
        assert "Errno" not in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "octets", [b"", b"{}", b"[" * 100_000, b'{"schema": 2}', b'{"schema": 1, "world_time": 3}']
)
def test_a_damaged_state_is_no_reason_to_start_over(store: Path, octets: bytes) -> None:
    """A world that began again at its first day would give queue ids twice."""
    kept(store, b"\r\n")
    state = store / "smtplab-store.json"
    good = state.read_bytes()
    state.write_bytes(octets)
    with pytest.raises(StoreError, match="is damaged; it holds the world's time"):
        Sandbox("memory", store=store)
    state.write_bytes(good)
    assert len(kept(store)) == 1


def test_a_store_whose_making_was_cut_off_is_made(store: Path) -> None:
    store.mkdir()
    (store / "lock").touch()
    (store / "smtplab-store.json.tmp").write_bytes(b'{"sch')
    assert len(kept(store, b"\r\n")) == 1


# Damage: set aside and told, never deleted.


def aside(store: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (store / "damaged").iterdir()}


DAMAGED = {
    "cut off": lambda octets: octets[:-1],
    "cut in its first line": lambda octets: octets[:40],
    "empty": lambda octets: b"",
    "one octet changed": lambda octets: octets[:-3] + b"?" + octets[-2:],
    "another schema": lambda octets: octets.replace(b'"schema": 1', b'"schema": 9'),
    "a field more": lambda octets: octets.replace(b'"attempts"', b'"atempts": 1, "attempts"'),
    "a field of another kind": lambda octets: octets.replace(b'"attempts": 3', b'"attempts": "3"'),
    "another item's": lambda octets: octets.replace(b'"number": 1', b'"number": 2'),
    "a list": lambda octets: b"[]\n",
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_queue_item_is_set_aside(store: Path, damage: object) -> None:
    keeper = FolderStore(store)
    keeper.queue.put(item_with_everything())
    keeper.close()
    path = store / "queue" / "q1.mail"
    octets = damage(path.read_bytes())  # type: ignore[operator]
    assert octets != path.read_bytes()
    path.write_bytes(octets)
    with Sandbox("memory", store=store) as sandbox:
        assert not sandbox.queue
        (error,) = sandbox.errors
        assert "'queue/q1.mail' is no item of the queue, or a damaged one" in str(error)
        assert "it lies in damaged/q1.mail now" in str(error)
    assert aside(store) == {"q1.mail": octets}


def test_half_written_files_are_set_aside(store: Path) -> None:
    kept(store, b"a\r\n")
    bobs = store / "mail" / BOB
    (bobs / "tmp" / "1772442000.U000000002.smtplab").write_bytes(b"Subj")
    (bobs / "tmp" / "1772442000.M1.elsewhere.example").write_bytes(b"not ours")
    (store / "queue" / "q7.mail.tmp").write_bytes(b"{")
    with Sandbox("memory", store=store) as sandbox:
        assert len(sandbox.inbox(BOB)) == 1
        told = sorted(map(str, sandbox.errors))
    assert len(told) == 2 and all("half written" in one and "damaged/" in one for one in told)
    assert aside(store) == {"1772442000.U000000002.smtplab": b"Subj", "q7.mail.tmp": b"{"}
    assert (bobs / "tmp" / "1772442000.M1.elsewhere.example").exists()
    with Sandbox("memory", store=store) as sandbox:
        assert not sandbox.errors


def test_two_damaged_files_of_one_name_lie_beside_each_other(store: Path) -> None:
    kept(store)
    for octets in (b"one", b"two", b"three"):
        (store / "queue" / "q7.mail").write_bytes(octets)
        kept(store)
    assert aside(store) == {"q7.mail": b"one", "2-q7.mail": b"two", "3-q7.mail": b"three"}


def test_mail_whose_record_is_damaged_is_shown_under_a_new_number(store: Path) -> None:
    """The old number may stand for another mail object in a reader's memory."""
    before = kept(store, b"a\r\n", b"b\r\n")
    (store / "mail" / BOB / "smtplab" / "000000002.json").write_bytes(b"{")
    with Sandbox("memory", store=store) as sandbox:
        after = sandbox.inbox(BOB)
        assert [mail.uid for mail in after] == [1, 3]
        assert after[1].content == before[1].content
        assert after[1].envelope.reverse_path == ALICE
        assert "is no record of mail" in str(sandbox.errors[0]) and len(sandbox.errors) == 1
    assert aside(store) == {"000000002.json": b"{"}


def test_what_cannot_be_read_stays_and_is_told(store: Path) -> None:
    """A folder where a file should be is unreadable for root too."""
    kept(store, b"a\r\n", b"b\r\n")
    (path,) = (store / "mail" / BOB / "new").glob("*.U000000002.*")
    path.unlink()
    path.mkdir()
    (store / "queue" / "q9.mail").mkdir()
    with Sandbox("memory", store=store) as sandbox:
        assert [mail.uid for mail in sandbox.inbox(BOB)] == [1]
        told = [str(error) for error in sandbox.errors]
    assert len(told) == 2 and all("left unread" in one for one in told)
    assert path.is_dir() and (store / "queue" / "q9.mail").is_dir()
    path.rmdir()
    assert [mail.uid for mail in kept(store, b"c\r\n")] == [1, 3]


def test_what_cannot_be_written_is_not_accepted(transport: str, store: Path) -> None:
    """250 for mail that is on no disk would be a lie that nobody notices."""
    with Sandbox(transport, store=store) as sandbox:
        submit(sandbox, b"\r\n")
        sandbox.settle()
        (store / "queue").rename(store / "q")
        assert submit(sandbox, b"Subject: lost\r\n\r\n").code == 451
        assert not sandbox.queue
        (store / "q").rename(store / "queue")
        (store / "mail" / BOB / "tmp").rename(store / "mail" / BOB / "t")
        with sandbox.connect(MX, 25) as client:
            client.ehlo()
            client.mail(ALICE)
            client.rcpt(BOB)
            client.data()
            assert client.content(b"\r\n").code == 451
        (store / "mail" / BOB / "t").rename(store / "mail" / BOB / "tmp")
        told = [str(error) for error in sandbox.errors]
        assert len(sandbox.inbox(BOB)) == 1
        assert submit(sandbox, b"Subject: at last\r\n\r\n").code == 250
        assert len(sandbox.inbox(BOB)) == 2
    assert len(told) == 2 and all("could not be written (ENOENT)" in one for one in told)
    assert len(kept(store)) == 2


NOBODY = "nobody@example.net"


def told_of_nobody(sandbox: Sandbox) -> bool:
    return any(f"Final-Recipient: rfc822; {NOBODY}" in str(mail) for mail in sandbox.inbox(ALICE))


def waits_while_the_queue_cannot_be_written(sandbox: Sandbox, store: Path, time: timedelta) -> None:
    (store / "queue").rename(store / "q")
    sandbox.clock.advance(time)
    assert [item.waiting for item in sandbox.queue] == [[NOBODY]]
    (store / "q").rename(store / "queue")
    sandbox.clock.advance(timedelta(hours=1))
    assert told_of_nobody(sandbox) and not sandbox.queue


def test_a_report_that_cannot_be_written_is_written_later(transport: str, store: Path) -> None:
    """The mail was given up before anybody could be told of it: neither here nor back."""
    with Sandbox(transport, store=store) as sandbox:
        sandbox.zones.fail("example.net")
        submit(sandbox, CONTENT, NOBODY)
        sandbox.settle()
        sandbox.zones.mend("example.net")
        waits_while_the_queue_cannot_be_written(sandbox, store, timedelta(minutes=30))


def test_what_is_too_old_for_another_attempt_waits_until_its_sender_is_told(store: Path) -> None:
    with Sandbox("memory", store=store) as sandbox:
        sandbox.zones.fail("example.net")
        submit(sandbox, CONTENT, NOBODY)
        sandbox.clock.advance(timedelta(days=4, hours=20))
        waits_while_the_queue_cannot_be_written(sandbox, store, timedelta(hours=6))


def test_a_kill_between_the_end_of_an_attempt_and_its_report_loses_no_report(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One forward-path fails and another has to wait: what is kept of both must change at once,
    or the report first. What lies in the folder before each change is what a kill leaves."""
    move = disk.move
    left: list[Path] = []

    def photographed(*moves: tuple[Path, Path]) -> None:
        left.append(tmp_path / str(len(left)))
        copytree(store, left[-1])
        move(*moves)

    with Sandbox("memory", store=store) as sandbox:
        sandbox.faults.add(f"RCPT@to:{BOB};host:{MX}#1=451 4.3.0 Later")
        submit(sandbox, CONTENT, NOBODY, BOB)
        monkeypatch.setattr(disk, "move", photographed)
        sandbox.settle()
        monkeypatch.undo()
    assert len(left) > 2
    for folder in left:
        with Sandbox("memory", store=folder) as sandbox:
            sandbox.clock.advance(timedelta(minutes=30))
            assert told_of_nobody(sandbox) and sandbox.inbox(BOB), folder
            ids = [mail.message["Message-ID"] for mail in sandbox.inbox(ALICE)]
            assert len(set(ids)) == len(ids), "two reports of one name"


def test_mail_that_does_not_fit_leaves_nothing_behind(store: Path) -> None:
    """What was written of it would keep the disk full, and every smaller mail out."""
    resource = pytest.importorskip("resource", reason="Windows has no limit for a file's size")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    big = b"Subject: big\r\n\r\n" + b"0123456789abcdef\r\n" * 10_000
    with Sandbox("memory", store=store) as sandbox:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        try:
            sandbox.mailbox(BOB).store("Inbox", StoredMail(Envelope(ALICE, (BOB,)), b"small"))
            with pytest.raises(StoreError, match="could not be written"):
                sandbox.mailbox(BOB).store("Inbox", StoredMail(Envelope(ALICE, (BOB,)), big))
            assert submit(sandbox, b"small\r\n").code == 250
            assert submit(sandbox, big).code == 451
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert len(sandbox.inbox(BOB)) == 2
    assert not list((store / "queue").iterdir()) + list((store / "mail" / BOB / "tmp").iterdir())


def test_old_mail_can_be_removed_where_nothing_can_be_written(store: Path) -> None:
    """A full disk could not be cleared: what has to be kept is the last number, and it lies there
    as long as the newest mail does."""
    with Sandbox("memory", store=store) as sandbox:
        for _ in range(3):
            submit(sandbox, b"\r\n")
        inbox = sandbox.inbox(BOB)
        (store / "mail" / BOB / "smtplab" / "last_uid.json.tmp").mkdir()  # unwritable for root too
        sandbox.mailbox(BOB).remove("Inbox", {1, 2})
        assert whole(sandbox.inbox(BOB)) == whole(inbox[2:])
        with pytest.raises(StoreError, match="could not be removed"):
            sandbox.mailbox(BOB).remove("Inbox", {3})
    assert [mail.uid for mail in kept(store, b"\r\n")] == [3, 4]


def test_no_name_is_looked_up_and_none_is_written(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Maildir names usually hold the machine's name; here it is nobody's business."""
    monkeypatch.setattr(socket, "gethostname", lambda: 1 / 0)
    kept(store, b"a\r\n")
    assert [path.name for path in (store / "mail" / BOB / "new").iterdir()] == [
        "1772442000.U000000001.smtplab"
    ]


def test_the_password_of_an_account_is_in_no_file(store: Path) -> None:
    kept(store, b"a\r\n")
    for path in store.rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes()
