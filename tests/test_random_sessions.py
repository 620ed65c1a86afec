"""Random command sequences against a reference state machine: `smtplab.session`'s own table.

Whatever is sent, in whatever order: each command gets one reply, out of order it is a negative
one, the server's state after it is the client's, and the server itself never stumbles.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from smtplab import Reply, Sandbox
from smtplab.session import LEGAL, VERBS, State
from smtplab.transcript import Event
from smtplab.transcript.events import FROM_SERVER

MSA, MX = "smtp.example.org", "mx.example.net"
ALICE, PASSWORD = "alice@example.org", "looking-glass"

# Lines that a server without AUTH and TLS in the way does when they are in order.
GOOD = {
    "EHLO": b"EHLO laptop.example.org",
    "HELO": b"HELO laptop.example.org",
    "MAIL": b"MAIL FROM:<alice@example.org>",
    "RCPT": b"RCPT TO:<bob@example.net>",
    "DATA": b"DATA",
    "RSET": b"RSET",
    "NOOP": b"NOOP",
    "VRFY": b"VRFY bob",
    "HELP": b"HELP",
}
BAD = (
    b"", b"FROB", b" NOOP", b"EHLO", b"EHLO a b", b"MAIL FROM:bob", b"MAIL TO:<a@example.org>",
    b"MAIL FROM:<a@example.org> SIZE=x", b"RCPT TO:<>", b"RCPT TO:<nobody@example.net>",
    b"RCPT TO:<bob@example.com>", b"DATA now", b"RSET now", b"NOOP\0", b"NOOP \r", b"\xff\xfe",
    b"EXPN staff", b"AUTH", b"AUTH PLAIN", b"AUTH FROB", b"AUTH PLAIN =", b"STARTTLS now",
    b"NOOP " + b"x" * 600, b"BDAT 0 FIRST", b"BDAT x LAST", b"QUIT now",
)  # fmt: skip
CONTENTS = (
    b"", b"Subject: x\r\n\r\n.dot\r\n", b"bare\nline feed", b"x" * 1200, b"nul\0",
    b"8 \xff bit\r\n",
)  # fmt: skip
MAX_STEPS = 25


class RandomSession(RuleBasedStateMachine):
    """One connection, and what the table says of it."""

    transport = "memory"
    shared: Sandbox

    @initialize(door=st.sampled_from(((MX, 25), (MSA, 587), (MSA, 465))))
    def connect(self, door: tuple[str, int]) -> None:
        self.began = len(self.shared.transcript)
        self.client = self.shared.connect(*door)
        self._compare()

    @precondition(lambda self: not self.is_open)
    @rule(door=st.sampled_from(((MX, 25), (MSA, 587), (MSA, 465))))
    def connect_again(self, door: tuple[str, int]) -> None:
        self.client.close()
        self.connect(door)

    def teardown(self) -> None:
        if hasattr(self, "client"):
            self.client.close()
        assert self.shared.errors == ()

    @property
    def is_open(self) -> bool:
        return self.client.state not in (State.CLOSED, State.OUT_OF_STEP)

    @property
    def takes_commands(self) -> bool:
        return self.is_open and self.client.state not in (State.DATA, State.AUTH)

    @precondition(lambda self: self.takes_commands)
    @rule(verb=st.sampled_from(sorted(GOOD)), lower=st.booleans())
    def a_good_line(self, verb: str, lower: bool) -> None:
        before, legal = self.client.state, verb in LEGAL[self.client.state]
        line = GOOD[verb].lower() if lower else GOOD[verb]
        reply = self.client.send_raw(line + b"\r\n")
        if not legal:
            assert reply.code in (503, 530, 421), (before, verb, reply)
        elif not self.client.session.tls and self.client.port == 587:
            assert reply.code < 400 or reply.code == 530
        elif self.client.port == 25:
            assert reply.code < 400, (before, verb, reply)
        self._compare()

    @precondition(lambda self: self.takes_commands)
    @rule(line=st.sampled_from(BAD) | st.binary(max_size=30).filter(lambda b: b"\n" not in b))
    def a_bad_line(self, line: bytes) -> None:
        verb = line.split(b" ")[0].upper().decode("latin-1")
        before = self.client.state
        reply = self.client.send_raw(line + b"\r\n")
        if verb not in VERBS:
            assert reply.code in (500, 530, 421), (line, reply)
        if line in BAD and not line.startswith((b"AUTH PLAIN", b"BDAT")):
            assert 400 <= reply.code, (line, reply)
            assert self.client.state in (before, State.CLOSED)
        self._compare()

    @precondition(lambda self: self.takes_commands and "CHUNKING" in (self.client.extensions or ()))
    @rule(chunk=st.sampled_from((b"", b"Subject: x\r\n\r\n", b"x\r\n")), last=st.booleans())
    def a_chunk(self, chunk: bytes, last: bool) -> None:
        """RFC 3030, 2: the octets follow the command and are read whatever the reply is."""
        before, legal = self.client.state, "BDAT" in LEGAL[self.client.state]
        reply = self.client.bdat(chunk, last=last)
        if not legal:
            assert reply.code in (503, 530, 421), (before, reply)
        elif self.client.port == 25:
            assert reply.code == 250, (before, reply)
        self._compare()

    @precondition(lambda self: self.client.state is State.AUTH)
    @rule(response=st.sampled_from((b"*", b"!", b"", b"AGFsaWNlAHdyb25n")))
    def a_response(self, response: bytes) -> None:
        self.client.send_raw(response + b"\r\n")
        self._compare()

    @precondition(lambda self: self.client.state is State.DATA)
    @rule(content=st.sampled_from(CONTENTS))
    def content(self, content: bytes) -> None:
        reply = self.client.content(content)
        assert reply.code // 100 in (2, 4, 5)
        assert self.client.state is State.READY
        self._compare()

    @precondition(lambda self: self.takes_commands)
    @rule(lines=st.lists(st.sampled_from(sorted(set(GOOD) - {"DATA", "EHLO", "HELO"})), max_size=6))
    def a_group(self, lines: list[str]) -> None:
        """RFC 2920: one segment, one reply for each line, in their order."""
        if not lines:
            return
        for verb in lines[1:]:
            self.client.session.sent(verb)  # the group's later steps, which read_reply() meets
        awaited = self.client.session.awaited
        self.client.session._awaited.clear()
        octets = b"".join(GOOD[verb] + b"\r\n" for verb in lines)
        reply: Reply = self.client.send_raw(octets)
        for verb in awaited:
            if not self.is_open:
                break
            self.client.session.sent(verb)
            reply = self.client.read_reply()
        assert reply.code
        self._compare()

    @precondition(
        lambda self: self.takes_commands and "STARTTLS" in self.client.session.legal_next()
    )
    @rule()
    def starttls(self) -> None:
        assert self.client.starttls().code == 220
        assert self.client.state is State.GREETED
        self._compare()

    @precondition(lambda self: self.takes_commands and "AUTH" in self.client.session.legal_next())
    @rule(
        password=st.sampled_from((PASSWORD, PASSWORD, "wrong")),
        mechanism=st.sampled_from(("PLAIN", "LOGIN")),
    )
    def auth(self, password: str, mechanism: str) -> None:
        reply = self.client.auth(ALICE, password, mechanism)
        assert (reply.code == 235) == (password == PASSWORD) or reply.code == 421
        self._compare()

    @precondition(lambda self: self.takes_commands)
    @rule()
    def quit(self) -> None:
        assert self.client.quit().code == 221
        assert self.client.state is State.CLOSED
        self._compare()

    def _compare(self) -> None:
        """After the last reply both ends stand in the same state, or have closed."""
        ours, theirs = (self._last_reply(end) for end in ("client", "server"))
        assert ours.octets == theirs.octets
        assert ours.detail == theirs.detail, (ours, theirs)

    def _last_reply(self, end: str) -> Event:
        if end == "client":
            events = self.client.transcript.events
        else:  # the transcript of all the sessions of this test is long
            events = self.shared.transcript.events_since(self.began)[0]
        said = [e for e in events if e.connection == self.client.connection and e.end == end]
        return [event for event in said if event.kind in FROM_SERVER][-1]


def play(transport: str, examples: int) -> None:
    with Sandbox(transport) as sandbox:

        class Machine(RandomSession):
            shared = sandbox

        case = Machine.TestCase
        case.settings = settings(
            derandomize=True,
            deadline=None,
            max_examples=examples,
            stateful_step_count=MAX_STEPS,
            suppress_health_check=list(HealthCheck),
        )
        case("runTest").runTest()


def test_random_sessions_stay_in_the_table_in_memory() -> None:
    play("memory", 60)


def test_random_sessions_stay_in_the_table_over_tcp() -> None:
    play("tcp", 10)
