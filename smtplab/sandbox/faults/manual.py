"""The forms of the fault dial's notation and the magic addresses, as one page of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from smtplab.sandbox.faults import magic
from smtplab.sandbox.faults.notation import ACTIONS, FORM, MATCHES, NTHS
from smtplab.sandbox.faults.rules import PHASES

_WIDTH = 96


def manual() -> str:
    """The page, from the same tables that the parser reads."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield f"A rule of the fault dial is one line: {FORM}"
    yield "  RCPT@bob@example.net#2=451 4.3.0 Try later"
    yield ""
    yield "PHASE, when it strikes:"
    yield from (f"  {line}" for line in wrap(", ".join(PHASES), _WIDTH, break_on_hyphens=False))
    yield ""
    yield "MATCH, which steps of the phase; several with ; between them:"
    yield from _table(MATCHES.items())
    yield "  % ; # and = in a text are written %25 %3B %23 and %3D."
    yield ""
    yield "NTH, which of these steps; left out, each:"
    yield from _table(NTHS.items())
    yield ""
    yield "ACTION, what happens:"
    yield from _table(ACTIONS.items())
    yield ""
    yield f"Without any rule, these local-parts at {magic.DOMAIN} misbehave:"
    yield from _table((form.example, form.meaning) for form in magic.FORMS)


def _table(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for form, meaning in rows:
        first, *rest = wrap(meaning, _WIDTH - 20)
        yield f"  {form:<18}{first}"
        yield from (f"{'':<20}{line}" for line in rest)
