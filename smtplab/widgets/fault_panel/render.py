"""From the fault panel's model to HTML: the rule, the dial, the try, the magic addresses."""

from __future__ import annotations

from smtplab.errors import LocalProtocolError
from smtplab.sandbox.faults import magic
from smtplab.sandbox.faults.dial import Entry
from smtplab.sandbox.faults.notation import FORM
from smtplab.transcript import Event
from smtplab.transcript.rendering import as_html
from smtplab.widgets import pieces
from smtplab.widgets.fault_panel.model import EXAMPLES, PLACE, FaultModel
from smtplab.widgets.pieces import legend, safe, table, told
from smtplab.widgets.plain import cut, plain

MAX_RULES = 20  # that the panel shows; the dial may hold more
MAX_EVENTS = 100  # of a try
_LABEL = 'role="group" aria-label="The conversation" tabindex="0"'


def bar(model: FaultModel) -> str:
    """How many rules are set, and how often they struck."""
    entries = model.sandbox.faults.entries
    struck = sum(entry.hits for entry in entries)
    rules = f"{len(entries)} rule{'' if len(entries) == 1 else 's'} set"
    facts = [rules, f"struck {struck} time{'' if struck == 1 else 's'}"]
    return pieces.title("Fault dial") + pieces.chips(facts)


def rule(model: FaultModel) -> str:
    """The rule that the form makes, in its notation; or what is wrong."""
    made = model.rule
    if isinstance(made, LocalProtocolError):
        return f'<p class="smtplab-bad"><b>No rule yet.</b> {safe(cut(str(made)))}</p>'
    return f"<p>The rule: <code>{safe(cut(str(made)))}</code></p>" + legend(f"It reads {FORM}.")


def entry(one: Entry) -> str:
    """One rule on the dial and how often it struck."""
    counts = f"met {one.met}, struck {one.hits}"
    return f"<p><code>{safe(cut(str(one.fault), 160))}</code> <span>{counts}</span></p>"


def rules_note(model: FaultModel) -> str:
    """What to say beside the list of rules."""
    count = len(model.sandbox.faults)
    if not count:
        return legend("No rule is set: every server behaves.")
    more = f" {count - MAX_RULES} more are not shown." if count > MAX_RULES else ""
    return legend(f"In each step the first rule that is due strikes.{more}")


def trial(model: FaultModel) -> str:
    """The conversation of the last try, and what the client made of it."""
    done = model.trial
    if done is None:
        return legend(
            f"Try it sends a short message to {PLACE[0]}, port {PLACE[1]}, and shows what is said."
        )
    events = done.transcript.events
    shown = [*events[: MAX_EVENTS // 2], *events[MAX_EVENTS // 2 :][-MAX_EVENTS // 2 :]]
    reply = done.sent.reply
    facts = [
        ("The rule that struck", cut(", ".join(map(str, model.struck))) or "none"),
        ("The client concludes", _capital(done.sent.fate.value)),
        ("Because", cut(done.sent.why or (f"of the reply {reply}" if reply else ""))),
        ("So", done.advice),
        ("And really", _really(model)),
    ]
    return f'<div class="smtplab-concluded">{told(facts)}</div>{_conversation(shown)}'


def _conversation(events: list[Event]) -> str:
    return f'<div class="smtplab-conversation" {_LABEL}>{as_html(events)}</div>'


def _really(model: FaultModel) -> str:
    if model.arrived is None:
        return f"Nobody can look: {cut(model.forward_path, 100)} is no mailbox here."
    found = "It lies" if model.arrived else "Nothing new lies"
    return f"{found} in the mailbox of {cut(model.forward_path, 100)}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def magic_addresses() -> str:
    """What each magic local-part does, without any rule."""
    rows = (
        (f"<code>{safe(form.example)}@{magic.DOMAIN}</code>", safe(form.meaning))
        for form in magic.FORMS
    )
    return (
        f"<details><summary>Magic addresses: no rule, only a recipient</summary>"
        f"{table('Send to one of these', ('Forward-path', 'What happens'), rows)}</details>"
    )


# Without a front end.


def as_static_html(model: FaultModel) -> str:
    """The dial, the last try, the examples and the magic addresses, in plain tags."""
    entries = model.sandbox.faults.entries
    rows = [
        (f"<code>{safe(cut(str(one.fault), 160))}</code>", str(one.met), str(one.hits))
        for one in entries[:MAX_RULES]
    ]
    dial = table("Rules that are set", ("Rule", "Met", "Struck"), rows) if rows else ""
    examples = (
        (safe(name), f"<code>{safe(str(one.fault))}</code>") for name, one in EXAMPLES.items()
    )
    ready = table("Examples", ("What happens", "Rule"), examples)
    return (
        f"<p><b>Fault dial</b></p>{dial}{rules_note(model)}{rule(model)}{trial(model)}"
        f"<details><summary>Examples</summary>{ready}</details>{magic_addresses()}"
    )


def as_static_text(model: FaultModel) -> str:
    return plain(as_static_html(model))
