"""The session: its states, the one transition table, and what is legal next (RFC 5321, 4.1.4).

The table advises and never forbids: a command that is illegal goes out all the same, and the
state moves only on the reply. A key that is missing means: stay.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from smtplab.extensions import Extensions
from smtplab.replies import Reply


class State(Enum):
    """Where a session stands; TLS, identity and EHLO keywords are facts beside it."""

    CONNECTED = "connected, no greeting yet"
    GREETED = "greeted, EHLO is next"
    REFUSED = "the server refused the session"
    READY = "ready, no mail transaction"
    AUTH = "inside AUTH, a response is next"
    MAIL = "mail transaction open, no recipient yet"
    RCPT = "mail transaction open, with recipients"
    DATA = "mail data is next"
    BDAT = "chunks are being sent"
    BDAT_FAILED = "a chunk failed, RSET is next"
    OUT_OF_STEP = "a reply is missing, only closing remains"
    CLOSED = "closed"

    def __init__(self, words: str) -> None:
        self.note = (("state", self.name),)  # what events say of it

    __hash__ = object.__hash__  # members are unique, and Enum's own is slow in the table


# Steps that are no verbs: what a reply can also be the reply to.
GREETING, CHALLENGE, END_OF_DATA, BDAT_LAST = (
    "greeting",
    "challenge",
    "end-of-data",
    "BDAT LAST",
)
_TEACHING = frozenset({"EHLO", "HELO", "RCPT", "AUTH", CHALLENGE})  # steps that change the facts

_S = State
_OPEN = (_S.GREETED, _S.READY, _S.MAIL, _S.RCPT, _S.BDAT, _S.BDAT_FAILED)
_FRESH = frozenset({_S.READY, _S.GREETED})  # without a mail transaction
_TRANSACTION = (_S.MAIL, _S.RCPT, _S.BDAT, _S.BDAT_FAILED)

TABLE: dict[tuple[State, str, int], State] = {
    # RFC 5321, 3.1 and 4.3.2: 220 opens the session; after 554 only QUIT remains.
    (_S.CONNECTED, GREETING, 2): _S.GREETED,
    (_S.CONNECTED, GREETING, 5): _S.REFUSED,
    (_S.CONNECTED, GREETING, 4): _S.REFUSED,
    # RFC 5321, 4.1.4: EHLO clears the transaction as RSET does. A failed one changes nothing.
    **{(state, verb, 2): _S.READY for state in _OPEN for verb in ("EHLO", "HELO")},
    # RFC 5321, 4.1.1.5.
    **{(state, "RSET", 2): _S.READY for state in _TRANSACTION},
    # RFC 3207, 4.2: after the handshake the session starts again, and EHLO is next.
    **{(state, "STARTTLS", 2): _S.GREETED for state in _OPEN},
    # RFC 4954, 4: 334 asks for a response; 235 and every refusal end the exchange.
    (_S.READY, "AUTH", 3): _S.AUTH,
    (_S.AUTH, CHALLENGE, 2): _S.READY,
    (_S.AUTH, CHALLENGE, 4): _S.READY,
    (_S.AUTH, CHALLENGE, 5): _S.READY,
    # RFC 5321, 4.1.1.2 and 4.1.1.3.
    (_S.READY, "MAIL", 2): _S.MAIL,
    (_S.GREETED, "MAIL", 2): _S.MAIL,  # a lax server wants no EHLO
    (_S.MAIL, "RCPT", 2): _S.RCPT,
    # RFC 5321, 4.1.1.4 and 3.3: 354 asks for mail data; its final reply ends the transaction.
    # A lax server may give 354 in any state; after it every line is mail data all the same.
    **{(state, "DATA", 3): _S.DATA for state in _OPEN},
    (_S.DATA, END_OF_DATA, 2): _S.READY,
    (_S.DATA, END_OF_DATA, 4): _S.READY,
    (_S.DATA, END_OF_DATA, 5): _S.READY,
    # RFC 3030, 2: a failed chunk spoils the transaction until RSET.
    (_S.RCPT, "BDAT", 2): _S.BDAT,
    (_S.RCPT, BDAT_LAST, 2): _S.READY,
    (_S.BDAT, BDAT_LAST, 2): _S.READY,
    **{
        (state, step, reply_class): _S.BDAT_FAILED
        for state in (_S.RCPT, _S.BDAT)
        for step in ("BDAT", BDAT_LAST)
        for reply_class in (4, 5)
    },
    # RFC 5321, 4.1.1.10.
    **{(state, "QUIT", 2): _S.CLOSED for state in (*_OPEN, _S.REFUSED)},
}

_ANYTIME = frozenset({"EHLO", "HELO", "RSET", "NOOP", "VRFY", "EXPN", "HELP", "QUIT"})

# RFC 5321, 4.1.4; RFC 3207, 4; RFC 4954, 4; RFC 3030, 2.
LEGAL: dict[State, frozenset[str]] = {
    _S.CONNECTED: frozenset(),
    _S.GREETED: _ANYTIME,
    _S.REFUSED: frozenset({"QUIT"}),
    _S.READY: _ANYTIME | {"STARTTLS", "AUTH", "MAIL"},
    _S.AUTH: frozenset(),
    _S.MAIL: _ANYTIME | {"RCPT"},
    _S.RCPT: _ANYTIME | {"RCPT", "DATA", "BDAT"},
    _S.DATA: frozenset(),
    _S.BDAT: (_ANYTIME | {"BDAT"}) - {"VRFY", "EXPN", "HELP"},
    _S.BDAT_FAILED: frozenset({"RSET", "NOOP", "EHLO", "HELO", "QUIT"}),
    _S.OUT_OF_STEP: frozenset(),
    _S.CLOSED: frozenset(),
}

# Which EHLO keyword a verb needs (RFC 3207, 4; RFC 4954, 3; RFC 3030, 2; RFC 5321, 4.1.1.1).
NEEDS_KEYWORD = {"STARTTLS": "STARTTLS", "AUTH": "AUTH", "BDAT": "CHUNKING"}


def next_state(state: State, step: str, code: int) -> State:
    """The state after a reply with `code` to `step`.

    >>> next_state(State.READY, "MAIL", 250).name, next_state(State.READY, "MAIL", 503).name
    ('MAIL', 'READY')
    """
    if code == 421 and state is not State.OUT_OF_STEP:  # RFC 5321, 3.8: the server closes
        return State.CLOSED
    return TABLE.get((state, step, code // 100), state)


class Session:
    """One session as one end knows it: the state, and the facts beside it."""

    def __init__(self) -> None:
        self.state = State.CONNECTED
        self.tls = False
        self.identity: str | None = None
        self.claimed = "somebody"  # who the AUTH that is under way would sign in
        self._forget()
        self._awaited: deque[str] = deque((GREETING,))

    def _forget(self) -> None:
        """RFC 3207, 4.2: what was learnt before TLS is forgotten."""
        self._ehlo_reply: Reply | None = None
        self._extensions: Extensions | None = None
        self.recipients = 0

    @property
    def extensions(self) -> Extensions | None:
        """What the last EHLO reply offered, read when it is first asked for; None before it."""
        if self._extensions is None and self._ehlo_reply is not None:
            self._extensions = Extensions.from_reply(self._ehlo_reply)
        return self._extensions

    @property
    def awaited(self) -> tuple[str, ...]:
        """The steps whose replies are still to come, oldest first."""
        return tuple(self._awaited)

    @property
    def unanswered(self) -> int:
        """How many of them there are."""
        return len(self._awaited)

    def sent(self, *steps: str) -> None:
        """Commands, a response or the mail data went out; the reply to each will come."""
        self._awaited.extend(steps)

    def all_as_usual(self) -> None:
        """Every step up to DATA had a positive reply, so mail data is next."""
        self.recipients = self._awaited.count("RCPT")
        self._awaited.clear()
        self.state = State.DATA

    def received(self, reply: Reply) -> str:
        """Move on by one reply; returns the step that it is the reply to."""
        step = self._awaited.popleft() if self._awaited else "unasked"
        before, code = self.state, reply.code
        now = self.state = next_state(before, step, code)
        if now is not before and now in _FRESH:
            self.recipients = 0
        if step in _TEACHING and code // 100 == 2:
            self._learn(step, reply)
        return step

    def _learn(self, step: str, reply: Reply) -> None:
        """What a positive reply says beside the state."""
        if step == "RCPT":
            self.recipients += self.state is State.RCPT
        elif step in ("EHLO", "HELO"):
            self._forget()
            self._ehlo_reply = reply if step == "EHLO" else None
        elif reply.code == 235:
            self.identity = self.claimed

    def tls_began(self) -> None:
        """RFC 3207, 4.2: forget what was said before the handshake."""
        self.tls = True
        self.identity = None
        self._forget()

    def connection_lost(self) -> None:
        self.state = State.CLOSED
        self._awaited.clear()

    def out_of_step(self) -> None:
        """A reply was not read to its end: a later one could be taken for it."""
        if self.state is not State.CLOSED:
            self.state = State.OUT_OF_STEP

    @property
    def snapshot(self) -> Snapshot:
        """The same, before the EHLO reply is read: it costs nothing to take one at each step."""
        return self.state, self.tls, self.identity, self._ehlo_reply

    @property
    def facts(self) -> Facts:
        """What decides which verbs are legal now."""
        return self.state, self.tls, self.identity, self.extensions

    def legal_next(self) -> tuple[str, ...]:
        """The verbs that the rules allow now, by state and by what the server offers."""
        return legal_verbs(self.facts)


Snapshot = tuple[State, bool, str | None, Reply | None]  # state, TLS, identity, EHLO reply
Facts = tuple[State, bool, str | None, Extensions | None]  # state, TLS, identity, EHLO keywords


def legal_verbs(facts: Facts) -> tuple[str, ...]:
    """The verbs that are legal, in the order of `VERBS`."""
    state, tls, identity, extensions = facts
    offered: frozenset[str] = frozenset(extensions or ())
    done = {"STARTTLS": tls, "AUTH": identity is not None}
    return tuple(
        verb
        for verb in VERBS
        if verb in LEGAL[state]
        and not done.get(verb)
        and (verb not in NEEDS_KEYWORD or NEEDS_KEYWORD[verb] in offered)
    )


# In the order in which a palette shows them.
VERBS = (
    "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT",
    "RSET", "NOOP", "VRFY", "EXPN", "HELP", "QUIT",
)  # fmt: skip
