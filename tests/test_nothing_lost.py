"""Nothing accepted is lost: what got 250 after the end of mail data is found again, whatever the
fault dial does, and also when the sandbox is stopped in the middle (RFC 5321, 6.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtplab import Client, Sandbox, Settings, SMTPLabError
from smtplab.sandbox.faults import Fault
from smtplab.sandbox.faults.actions import Simple, why_not
from smtplab.sandbox.faults.notation import parse_fault
from smtplab.session import State
from tests.watch import wait_until

MSA, MX = "smtp.example.org", "mx.example.net"
ALICE, BOB, PASSWORD = "alice@example.org", "bob@example.net", "looking-glass"
RECIPIENTS = (
    BOB, "carol@example.org", "postmaster@example.net", "nobody@example.net", "x@nowhere.example",
    "end-lose@fault.example.net", "end-451@fault.example.net", "550@fault.example.net",
)  # fmt: skip


@dataclass(frozen=True)
class Mail:
    """One attempt to hand mail over."""

    through: str  # the host
    reverse_path: str
    forward_paths: tuple[str, ...]


@dataclass(frozen=True)
class Advance:
    """Time passes in the world."""

    minutes: int


Step = Mail | Advance | Fault


def _fault(phase: str, action: str, match: str, nth: str) -> Fault | None:
    try:
        return parse_fault(f"{phase}{match}{nth}={action}")
    except SMTPLabError:
        return None


PHASES = (
    "connect", "greeting", "EHLO", "HELO", "STARTTLS", "AUTH", "challenge", "MAIL", "RCPT", "DATA",
    "mail-data", "end-of-data", "RSET", "QUIT", "any",
)  # fmt: skip
ACTIONS = (
    "421 4.3.2 Closing", "451 4.3.0 Later", "550 5.7.1 No", "250 2.0.0 Fine", "354 Go on",
    "raw:nonsense\\r\\n", "raw:250 x", "raw:250-a\\r\\n251 b\\r\\n", "extra:250 2.0.0 Twice",
    "extra:354 Go on", "delay:1", "delay:100", "split:1", "cut:3", *(one.word for one in Simple),
)  # fmt: skip
FAULTS = st.builds(
    _fault,
    st.sampled_from(PHASES),
    st.sampled_from(ACTIONS),
    st.sampled_from(("", f"@host:{MX}", f"@host:{MSA}", f"@source:{MSA}")),
    st.sampled_from(("", "#1", "#2", "#2+", "#/2")),
).filter(lambda fault: fault is not None)
MAILS = st.builds(
    Mail,
    st.sampled_from((MSA, MX)),
    st.sampled_from((ALICE, ALICE, "", "nobody@example.org", "gone@nowhere.example")),
    st.lists(st.sampled_from(RECIPIENTS), min_size=1, max_size=3, unique=True).map(tuple),
)
ADVANCES = st.sampled_from((1, 45, 600, 5 * 24 * 60)).map(Advance)
STEPS = st.lists(st.one_of(MAILS, MAILS, FAULTS, ADVANCES), min_size=1, max_size=8)


class Model:
    """What was promised, and where it may lie."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.promised: list[tuple[str, tuple[str, ...]]] = []  # subject, accepted forward-paths
        self._sent = 0

    def do(self, step: Step) -> None:
        match step:
            case Mail():
                self._send(step)
            case Advance(minutes):
                self.sandbox.clock.advance(timedelta(minutes=minutes))
            case Fault():
                if step not in self.sandbox.faults:
                    self.sandbox.faults.add(step)

    def _send(self, mail: Mail) -> None:
        self._sent += 1
        subject = f"mail-{self._sent}-"
        try:
            accepted = self._hand_over(mail, subject)
        except SMTPLabError:
            return  # no promise was made; it may lie somewhere all the same
        if accepted:
            self.promised.append((subject, accepted))

    def _hand_over(self, mail: Mail, subject: str) -> tuple[str, ...]:
        port = 465 if mail.through == MSA and self.sandbox.ca_file else 25
        wait = Settings(timeout=30.0 if self.sandbox.transport == "memory" else 0.3)
        client = self.sandbox.connect(mail.through, port, settings=wait)
        try:
            client.ehlo()
            if port == 465:
                client.auth(ALICE, PASSWORD)
            client.mail(mail.reverse_path)
            taken = tuple(path for path in mail.forward_paths if client.rcpt(path).code == 250)
            client.data()
            if client.state is not State.DATA:
                return ()
            return taken if self._content(client, subject) == 250 else ()
        finally:
            client.close()

    def _content(self, client: Client, subject: str) -> int:
        return client.content(f"Subject: {subject}\r\n\r\nHello\r\n".encode()).code

    def check(self) -> None:
        """Each forward-path of each promise: in its mailbox, in the queue, or in a report."""
        for subject, forward_paths in self.promised:
            for path in forward_paths:
                assert self._is_somewhere(subject, path), f"{subject} for {path} is lost"
        assert self.sandbox.errors == ()

    def _is_somewhere(self, subject: str, path: str) -> bool:
        queue = self.sandbox.queue
        if any(subject.encode() in item.mail.content and path in item.waiting for item in queue):
            return True
        if any(_reports(item.mail.content, subject, path) for item in queue):
            return True
        for name in self.sandbox._world.mailboxes:
            for folder in ("Inbox", "Junk"):
                for stored in self.sandbox.mailbox(name).folder(folder):
                    if _reports(stored.content, subject, path):
                        return True
                    if stored.subject == subject and self._is_for(name, path):
                        return True
        return False

    def _is_for(self, mailbox: str, path: str) -> bool:
        """Whether it is the recipient's, or the postmaster's who gets what nobody else may."""
        return mailbox == path or mailbox.startswith("postmaster@")


def _reports(content: bytes, subject: str, path: str) -> bool:
    message = message_from_bytes(content)
    return (
        message.get_content_type() == "multipart/report"
        and subject.encode() in content
        and re.search(rf"^Final-Recipient: rfc822; ?{re.escape(path)}\s*$".encode(), content, re.M)
        is not None
    )


def play(transport: str, steps: list[Step], stop_after: int) -> None:
    """Do the steps, stop on the way or at the end, and look."""
    sandbox = Sandbox(transport)
    with sandbox:
        sandbox.faults.longest_delay = None if transport == "memory" else 0.02
        model = Model(sandbox)
        for step in steps[:stop_after]:
            model.do(step)
        model.check()
        for step in steps[stop_after:]:
            model.do(step)
            if isinstance(step, Mail):
                break  # stopped with the mail as it is, not settled
    model.check()


calm = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@settings(calm, max_examples=300)
@given(STEPS, st.integers(0, 8))
def test_nothing_accepted_is_lost_in_memory(steps: list[Step], stop_after: int) -> None:
    play("memory", steps, stop_after)


def _is_quick(step: Step | None) -> bool:
    """Whether no client of the sandbox's own has to wait out its 30 seconds for it."""
    if not isinstance(step, Fault):
        return True
    return step.action not in (Simple.STALL, Simple.MERGE) and "raw:250" not in str(step)


@settings(calm, max_examples=60)
@given(STEPS.map(lambda steps: [step for step in steps if _is_quick(step)]), st.integers(0, 8))
def test_nothing_accepted_is_lost_over_tcp(steps: list[Step], stop_after: int) -> None:
    play("tcp", steps, stop_after)


def test_what_is_on_its_way_when_the_sandbox_stops_stays_in_the_queue() -> None:
    """The relay session breaks in the middle; an item that was taken out would be gone."""
    with Sandbox("tcp") as sandbox:
        sandbox.faults.add(f"end-of-data@host:{MX}=stall")
        model = Model(sandbox)
        model.do(Mail(MSA, ALICE, (BOB,)))
        assert len(model.promised) == 1
        wait_until(lambda: sum(sandbox.faults.hits.values()) == 1)
    model.check()
    assert [item.waiting for item in sandbox.queue] == [[BOB]]


def test_the_faults_of_the_property_are_of_every_kind() -> None:
    """A list of rules that could not be read would leave the property without faults."""
    made = [_fault(phase, action, "", "") for phase in PHASES for action in ACTIONS]
    assert sum(fault is not None for fault in made) > 250
    assert why_not("end-of-data", Simple.LOSE) is None
