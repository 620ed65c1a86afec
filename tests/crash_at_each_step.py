"""One story told again and again, each time killed one step later; a program for a test.

`python -m tests.crash_at_each_step FOLDER STORY` forks a child for each step. A step is a call that
changes the file system; before the nth one the child kills itself by SIGKILL. The parent opens
what is left, in a new sandbox, and prints one JSON object a crash. The last child is not killed.
"""

import json
import os
import signal
import smtplib
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from smtplab import Sandbox

MX = "mx.example.net"
ALICE, BOB, POSTMASTER = "alice@example.org", "bob@example.net", "postmaster@example.net"
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.utime", "os.truncate", "os.rmdir", "os.link"}

Say = Callable[[str], None]


def relay(sandbox: Sandbox, token: str, say: Say) -> None:
    """One mail object straight to the MX, for two mailboxes."""
    with sandbox.smtplib(MX, 25) as client:
        client.sendmail(ALICE, [BOB, POSTMASTER], f"Subject: {token}\r\n\r\n")
        say(f"accepted {token}")


def submit(sandbox: Sandbox, token: str, say: Say) -> None:
    """One mail object through the queue."""
    with sandbox.smtplib(port=465) as client:
        client.login(ALICE, "looking-glass")
        client.sendmail(ALICE, [BOB, POSTMASTER], f"Subject: {token}\r\n\r\n")
        say(f"accepted {token}")


def look(sandbox: Sandbox, say: Say) -> None:
    """What a reader may have seen under which number."""
    for mail in sandbox.inbox(BOB):
        say(f"seen {mail.uid} {mail.subject}")


def deliver(sandbox: Sandbox, say: Say) -> None:
    for token in ("one", "two"):
        relay(sandbox, token, say)
        look(sandbox, say)


def queue(sandbox: Sandbox, say: Say) -> None:
    for token in ("one", "two"):
        submit(sandbox, token, say)
        sandbox.settle()
        look(sandbox, say)


def retry(sandbox: Sandbox, say: Say) -> None:
    host = sandbox._world.hosts[MX]
    host.mailboxes = None  # type: ignore[assignment]  # each RCPT gets 451
    submit(sandbox, "one", say)
    sandbox.settle()
    sandbox.clock.advance(timedelta(minutes=30))
    host.mailboxes = sandbox._world.mailboxes
    sandbox.clock.advance(timedelta(minutes=60))
    look(sandbox, say)


def read(sandbox: Sandbox, say: Say) -> None:
    """The newest is taken out over POP3, so that its number could be given again."""
    for token in ("one", "two"):
        relay(sandbox, token, say)
    look(sandbox, say)
    reader = sandbox.poplib()
    reader.user(BOB)
    reader.pass_("blue-print")
    reader.dele(2)
    say("deleting two")
    reader.quit()
    say("deleted two")
    relay(sandbox, "three", say)
    look(sandbox, say)


STORIES = {story.__name__: story for story in (deliver, queue, retry, read)}


def kill_before(step: int, store: Path) -> None:
    """From now on count what changes files in the store, and end before the nth change."""
    left = step

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event == "open":
            changes = isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        else:
            changes = event in CHANGES
        if changes and str(arguments[0]).startswith(str(store)):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def child(store: Path, story: str, step: int, pipe: int) -> None:
    kill_before(step, store)
    with Sandbox("memory", store=store) as sandbox:

        def say(said: str) -> None:
            os.write(pipe, f"{said}\n".encode())

        STORIES[story](sandbox, say)


def left_by(store: Path) -> dict[str, object]:
    with Sandbox("memory", store=store) as sandbox:
        sandbox.clock.advance(timedelta(hours=4))
        inboxes = {
            name: [(mail.uid, mail.subject) for mail in sandbox.inbox(name)]
            for name in (BOB, POSTMASTER)
        }
        with suppress(smtplib.SMTPException):
            relay(sandbox, "after", lambda said: None)
        after = sandbox.inbox(BOB)[-1].uid
        errors = [str(error) for error in sandbox.errors]
        return {"inboxes": inboxes, "errors": errors, "waiting": len(sandbox.queue), "next": after}


def main() -> None:
    folder, story = Path(sys.argv[1]), sys.argv[2]
    step, status = 0, -1
    while status:
        step += 1
        store = folder / f"{story}-{step}"
        reading, writing = os.pipe()
        process = os.fork()
        if not process:
            code = 1
            with suppress(BaseException):
                child(store, story, step, writing)
                code = 0
            os._exit(code)
        os.close(writing)
        status = os.waitpid(process, 0)[1]
        with os.fdopen(reading) as pipe:
            said = pipe.read().splitlines()
        assert status in (0, signal.SIGKILL), "the child failed by itself"
        print(json.dumps({"step": step, "status": status, "said": said} | left_by(store)))


if __name__ == "__main__":
    main()
