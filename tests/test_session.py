"""The session: one table, walked from every state, by every step, with every code."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.extensions import Extensions
from smtplab.replies import Reply
from smtplab.session import (
    BDAT_LAST,
    CHALLENGE,
    END_OF_DATA,
    GREETING,
    LEGAL,
    NEEDS_KEYWORD,
    TABLE,
    VERBS,
    Session,
    State,
    legal_verbs,
    next_state,
)

S = State
STEPS = (*VERBS, GREETING, CHALLENGE, END_OF_DATA, BDAT_LAST, "XYZZY", "unasked", "")
CODES = range(200, 560)
IN_TRANSACTION = {S.MAIL, S.RCPT, S.DATA, S.BDAT, S.BDAT_FAILED}


def every_case() -> list[tuple[State, str, int, State]]:
    return [
        (state, step, code, next_state(state, step, code))
        for state, step, code in product(State, STEPS, CODES)
    ]


def test_every_state_step_and_code_leads_to_a_state_of_the_table() -> None:
    reachable = {*TABLE.values(), S.CLOSED}
    for state, step, code, after in every_case():
        assert after is state or after in reachable, (state, step, code)


def test_421_closes_from_everywhere_but_where_the_session_is_out_of_step() -> None:
    """RFC 5321, 3.8. Out of step, nobody knows what 421 is the reply to."""
    for state, step in product(State, STEPS):
        expected = S.OUT_OF_STEP if state is S.OUT_OF_STEP else S.CLOSED
        assert next_state(state, step, 421) is expected


def test_only_the_first_digit_decides() -> None:
    for state, step, code, after in every_case():
        if code != 421:
            assert after is next_state(state, step, code // 100 * 100), (state, step, code)


def test_a_closed_or_lost_session_stays_so() -> None:
    for state, step, code, after in every_case():
        if state in (S.CLOSED, S.OUT_OF_STEP):
            assert after is state, (step, code)


def test_a_negative_reply_never_opens_anything() -> None:
    for state, step, code, after in every_case():
        if code >= 400 and code != 421 and after is not state:
            assert (state, after) in {
                (S.CONNECTED, S.REFUSED),
                (S.AUTH, S.READY),
                (S.DATA, S.READY),
                (S.RCPT, S.BDAT_FAILED),
                (S.BDAT, S.BDAT_FAILED),
            }, (step, code)


def test_mail_data_are_next_only_after_354_to_data() -> None:
    into = {
        (state, step, code // 100)
        for state, step, code, after in every_case()
        if after is S.DATA and state is not S.DATA
    }
    open_states = {S.GREETED, S.READY, *IN_TRANSACTION} - {S.DATA}
    assert into == {(state, "DATA", 3) for state in open_states}


def test_a_lax_server_that_wants_no_ehlo_can_be_followed_to_the_end() -> None:
    state = S.GREETED
    for step, code in (("MAIL", 250), ("RCPT", 250), ("DATA", 354), (END_OF_DATA, 250)):
        state = next_state(state, step, code)
    assert state is S.READY


def test_every_final_reply_to_mail_data_ends_the_transaction() -> None:
    for code in CODES:
        if code // 100 in (2, 4, 5) and code != 421:
            assert next_state(S.DATA, END_OF_DATA, code) is S.READY


def test_whatever_moves_the_table_is_legal_there() -> None:
    """A button that the palette calls illegal, and that works, would teach a falsehood."""
    exceptions = {(state, "STARTTLS") for state in (*IN_TRANSACTION, S.GREETED)}
    exceptions |= {(state, "DATA") for state in (*IN_TRANSACTION, S.GREETED, S.READY)}  # lax ones
    exceptions.add((S.GREETED, "MAIL"))
    moves = {
        (state, "BDAT" if step == BDAT_LAST else step)
        for (state, step, reply_class) in TABLE
        if reply_class < 4 and step not in (GREETING, CHALLENGE, END_OF_DATA)
    }
    assert {(state, verb) for state, verb in moves if verb not in LEGAL[state]} <= exceptions


def test_a_legal_verb_that_succeeds_moves_or_asks_for_nothing() -> None:
    informs = {"NOOP", "VRFY", "EXPN", "HELP", "AUTH"}
    for state, verbs in LEGAL.items():
        for verb in verbs - informs:
            moved = next_state(state, verb, 250) is not state or verb in (
                "RSET", "EHLO", "HELO", "RCPT", "BDAT"
            )  # fmt: skip
            assert moved or next_state(state, verb, 354) is not state, (state, verb)


# Each row: what was sent (or came), the reply code, and the state after it.
START = [(GREETING, 220, S.GREETED), ("EHLO", 250, S.READY)]
OPEN = [*START, ("MAIL", 250, S.MAIL), ("RCPT", 250, S.RCPT)]
SEQUENCES = {
    "RFC 5321, D.1: a typical transaction": [
        *OPEN,
        ("RCPT", 550, S.RCPT),
        ("RCPT", 250, S.RCPT),
        ("DATA", 354, S.DATA),
        (END_OF_DATA, 250, S.READY),
        ("QUIT", 221, S.CLOSED),
    ],
    "RFC 5321, D.2: an aborted transaction": [
        *OPEN,
        ("RCPT", 550, S.RCPT),
        ("RSET", 250, S.READY),
        ("QUIT", 221, S.CLOSED),
    ],
    "RFC 5321, 3.1: the server refuses the session": [
        (GREETING, 554, S.REFUSED),
        ("EHLO", 503, S.REFUSED),
        ("QUIT", 221, S.CLOSED),
    ],
    "RFC 5321, 3.2: EHLO unknown, HELO instead": [
        START[0],
        ("EHLO", 502, S.GREETED),
        ("HELO", 250, S.READY),
    ],
    "RFC 5321, 4.1.4: EHLO clears the transaction": [
        *OPEN,
        ("EHLO", 250, S.READY),
        ("RCPT", 503, S.READY),
    ],
    "RFC 5321, 4.1.4: a refused EHLO changes nothing": [*OPEN, ("EHLO", 501, S.RCPT)],
    "RFC 5321, 4.1.4: out of order": [
        START[0],
        ("MAIL", 503, S.GREETED),
        ("EHLO", 250, S.READY),
        ("RCPT", 503, S.READY),
        ("DATA", 503, S.READY),
        ("MAIL", 250, S.MAIL),
        ("MAIL", 503, S.MAIL),
        ("DATA", 503, S.MAIL),
        ("RCPT", 550, S.MAIL),
    ],
    "RFC 5321, 4.1.1.9: NOOP and friends change nothing": [
        *OPEN,
        ("NOOP", 250, S.RCPT),
        ("VRFY", 252, S.RCPT),
        ("EXPN", 250, S.RCPT),
        ("HELP", 214, S.RCPT),
        ("XYZZY", 500, S.RCPT),
    ],
    "RFC 5321, 3.8: 421 in the middle of mail data": [
        *OPEN,
        ("DATA", 354, S.DATA),
        (END_OF_DATA, 421, S.CLOSED),
    ],
    "RFC 5321, 3.3: mail data refused for now": [
        *OPEN,
        ("DATA", 354, S.DATA),
        (END_OF_DATA, 451, S.READY),
        ("MAIL", 250, S.MAIL),
    ],
    "RFC 5321, 3.3: DATA refused": [*OPEN, ("DATA", 554, S.RCPT)],
    "RFC 3207, 4.2: EHLO again after the handshake": [
        *START,
        ("STARTTLS", 454, S.READY),
        ("STARTTLS", 220, S.GREETED),
        ("MAIL", 503, S.GREETED),
        ("EHLO", 250, S.READY),
    ],
    "RFC 4954, 4: a mechanism with challenges": [
        *START,
        ("AUTH", 334, S.AUTH),
        (CHALLENGE, 334, S.AUTH),
        (CHALLENGE, 235, S.READY),
    ],
    "RFC 4954, 4: at once": [*START, ("AUTH", 235, S.READY)],
    "RFC 4954, 4: cancelled": [*START, ("AUTH", 334, S.AUTH), (CHALLENGE, 501, S.READY)],
    "RFC 4954, 6: a temporary failure": [*START, ("AUTH", 334, S.AUTH), (CHALLENGE, 454, S.READY)],
    "RFC 3030, 4.2: chunks": [
        *OPEN,
        ("BDAT", 250, S.BDAT),
        ("BDAT", 250, S.BDAT),
        (BDAT_LAST, 250, S.READY),
    ],
    "RFC 3030, 2: one chunk only": [*OPEN, (BDAT_LAST, 250, S.READY)],
    "RFC 3030, 2: a failed chunk spoils all until RSET": [
        *OPEN,
        ("BDAT", 250, S.BDAT),
        ("BDAT", 452, S.BDAT_FAILED),
        ("BDAT", 503, S.BDAT_FAILED),
        ("MAIL", 503, S.BDAT_FAILED),
        ("RSET", 250, S.READY),
    ],
    "RFC 3030, 2: a failed last chunk": [*OPEN, (BDAT_LAST, 554, S.BDAT_FAILED)],
}


@pytest.mark.parametrize("rows", SEQUENCES.values(), ids=SEQUENCES)
def test_a_sequence_from_the_rfcs_takes_the_states_it_should(
    rows: list[tuple[str, int, State]],
) -> None:
    session = Session()
    for step, code, state in rows:
        if step != GREETING:
            session.sent(step)
        assert session.received(Reply(code)) == step
        assert session.state is state, (step, code)


ALL = Extensions({"STARTTLS": (), "AUTH": ("PLAIN",), "CHUNKING": ()})
NONE = Extensions()
ANYTIME = ["EHLO", "HELO", "RSET", "NOOP", "VRFY", "EXPN", "HELP", "QUIT"]


@pytest.mark.parametrize(
    ("state", "tls", "identity", "extensions", "legal"),
    [
        (S.CONNECTED, False, None, None, []),
        (S.GREETED, False, None, None, ANYTIME),
        (S.REFUSED, False, None, None, ["QUIT"]),
        (S.READY, False, None, ALL, [*ANYTIME, "STARTTLS", "AUTH", "MAIL"]),
        (S.READY, True, None, ALL, [*ANYTIME, "AUTH", "MAIL"]),
        (S.READY, True, "alice@example.org", ALL, [*ANYTIME, "MAIL"]),
        (S.READY, False, None, NONE, [*ANYTIME, "MAIL"]),
        (S.READY, False, None, None, [*ANYTIME, "MAIL"]),
        (S.AUTH, True, None, ALL, []),
        (S.MAIL, True, None, ALL, [*ANYTIME, "RCPT"]),
        (S.RCPT, True, None, ALL, [*ANYTIME, "RCPT", "DATA", "BDAT"]),
        (S.RCPT, True, None, NONE, [*ANYTIME, "RCPT", "DATA"]),
        (S.DATA, True, None, ALL, []),
        (S.BDAT, True, None, ALL, ["EHLO", "HELO", "BDAT", "RSET", "NOOP", "QUIT"]),
        (S.BDAT_FAILED, True, None, ALL, ["EHLO", "HELO", "RSET", "NOOP", "QUIT"]),
        (S.OUT_OF_STEP, True, None, ALL, []),
        (S.CLOSED, True, None, ALL, []),
    ],
)
def test_what_is_legal_depends_on_state_and_facts(
    state: State,
    tls: bool,
    identity: str | None,
    extensions: Extensions | None,
    legal: list[str],
) -> None:
    found = legal_verbs((state, tls, identity, extensions))
    assert set(found) == set(legal)
    assert list(found) == sorted(found, key=VERBS.index)


def test_the_palette_knows_every_verb_that_is_ever_legal() -> None:
    assert frozenset().union(*LEGAL.values()) == set(VERBS)
    assert set(NEEDS_KEYWORD) <= set(VERBS)
    assert set(LEGAL) == set(State)


def replied(session: Session, *steps: tuple[str, Reply]) -> Session:
    for step, reply in steps:
        if step != GREETING:
            session.sent(step)
        session.received(reply)
    return session


EHLO_OK = ("EHLO", Reply(250, (b"smtp.example.org", b"STARTTLS", b"AUTH PLAIN")))
HELLO = ((GREETING, Reply(220)), EHLO_OK)


def test_what_was_learnt_before_tls_is_forgotten() -> None:
    """RFC 3207, 4.2: an attacker may have made it up."""
    session = replied(Session(), *HELLO)
    session.claimed = "alice@example.org"
    replied(session, ("AUTH", Reply(235)), ("STARTTLS", Reply(220)))
    assert (session.extensions, session.identity) != (None, None)
    session.tls_began()
    assert session.tls
    assert (session.extensions, session.identity) == (None, None)
    assert "MAIL" not in session.legal_next()
    assert "STARTTLS" not in replied(session, EHLO_OK).legal_next()


def test_helo_forgets_the_extensions_and_a_refused_ehlo_does_not() -> None:
    session = replied(Session(), *HELLO, ("EHLO", Reply(501)))
    assert session.extensions is not None
    assert replied(session, ("HELO", Reply(250))).extensions is None


@pytest.mark.parametrize(
    ("steps", "identity"),
    [
        ([("AUTH", Reply(235))], "alice@example.org"),
        ([("AUTH", Reply(334)), (CHALLENGE, Reply(235))], "alice@example.org"),
        ([("AUTH", Reply(334)), (CHALLENGE, Reply(535))], None),
        ([("AUTH", Reply(535))], None),
        ([("AUTH", Reply(250))], None),
        ([("NOOP", Reply(235))], None),
    ],
)
def test_only_235_to_auth_signs_in(steps: list[tuple[str, Reply]], identity: str | None) -> None:
    session = replied(Session(), *HELLO)
    session.claimed = "alice@example.org"
    assert replied(session, *steps).identity == identity


def test_who_signed_in_is_somebody_until_a_name_was_claimed() -> None:
    assert replied(Session(), *HELLO, ("AUTH", Reply(235))).identity == "somebody"


def test_a_turn_that_went_as_usual_leaves_mail_data_next() -> None:
    session = Session()
    assert session.tls is False
    session.received(Reply(220, (b"",)))
    session.sent("MAIL", "RCPT", "RCPT", "DATA")
    session.all_as_usual()
    assert (session.state, session.recipients, session.awaited) == (State.DATA, 2, ())


def test_recipients_are_counted_a_transaction() -> None:
    mail, rcpt, refused = ("MAIL", Reply(250)), ("RCPT", Reply(250)), ("RCPT", Reply(550))
    session = replied(Session(), *HELLO, rcpt, mail, rcpt, refused, ("RCPT", Reply(200)))
    assert session.recipients == 2
    for end in (("RSET", Reply(250)), EHLO_OK, ("HELO", Reply(250)), ("STARTTLS", Reply(220))):
        session = replied(Session(), *HELLO, mail, rcpt, end)
        assert session.recipients == 0, end[0]
    ends = (("DATA", Reply(354)), (END_OF_DATA, Reply(550)))
    assert replied(Session(), *HELLO, mail, rcpt, *ends).recipients == 0


def test_replies_are_matched_in_order() -> None:
    session = Session()
    assert list(session.awaited) == [GREETING]
    for step in ("EHLO", "MAIL", "RCPT"):
        session.sent(step)
    received = [session.received(Reply(code)) for code in (220, 250, 250, 550, 250)]
    assert received == [GREETING, "EHLO", "MAIL", "RCPT", "unasked"]
    assert not session.awaited


def test_out_of_step_and_closed_are_final() -> None:
    session = replied(Session(), *HELLO)
    session.out_of_step()
    replied(session, EHLO_OK, ("RSET", Reply(250)))
    states = [session.state]
    session.connection_lost()
    session.out_of_step()
    assert [*states, session.state] == [S.OUT_OF_STEP, S.CLOSED]
    assert not session.awaited


REPLIES = st.builds(Reply, st.sampled_from(CODES), st.just((b"x", b"AUTH PLAIN", b"STARTTLS")))
WALKS = st.lists(st.sampled_from(STEPS) | REPLIES | st.just(None), max_size=60)


@given(WALKS)
def test_no_walk_leaves_the_table_or_breaks_the_facts(walk: list[str | Reply | None]) -> None:
    session = Session()
    for move in walk:
        if isinstance(move, str):
            session.sent(move)
        elif move is None:
            session.tls_began()
        else:
            awaited = session.awaited
            assert session.received(move) == (awaited[0] if awaited else "unasked")
        assert session.state in State
        assert session.facts == (
            session.state, session.tls, session.identity, session.extensions
        )  # fmt: skip
        assert set(session.legal_next()) <= LEGAL[session.state]
        if session.recipients:
            assert session.state in {S.RCPT, S.DATA, S.BDAT, S.BDAT_FAILED, S.CLOSED}
