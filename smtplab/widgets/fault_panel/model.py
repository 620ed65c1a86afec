"""The fault panel without its window: the rule that is being built, examples, the try."""

from __future__ import annotations

from dataclasses import dataclass, replace

from smtplab.errors import LocalProtocolError
from smtplab.sandbox import Sandbox
from smtplab.sandbox.faults import Fault, Match, Nth, Simple, parse_fault
from smtplab.widgets.fault_panel.trial import Trial, short_mail, try_transaction

PLACE = ("mx.example.net", 25)  # where a try knocks: no AUTH, no TLS is asked for

MATCHES = {
    "every step": "",
    "argument contains": "contains",
    "argument fits pattern": "pattern",
    "reverse-path is": "reverse_path",
    "a forward-path is": "forward_path",
    "server's host is": "host",
    "server's port is": "port",
    "client's host is": "source",
}
"""What the form calls a condition, and its name in `Match`."""

NTHS = {
    "each time": "always",
    "only the nth time": "only",
    "from the nth time on": "from",
    "every nth time": "every",
}

ACTIONS = {
    "a reply": ("", "451 4.3.0 Try later"),
    "raw octets": ("raw:", "250 OK\\r\\n"),
    "the reply and one more": ("extra:", "250 2.0.0 Nobody asked"),
    "delay, in seconds": ("delay:", "1"),
    "split, octets a segment": ("split:", "1"),
    "cut at these octets": ("cut:", "3,10"),
    **{one.word: (one.word, "") for one in Simple},
}
"""What the form calls an action: how the notation begins, and a value to begin with."""


@dataclass(frozen=True)
class Form:
    """The fields of the form; each is what somebody chose or typed."""

    phase: str = "RCPT"
    match: str = "every step"
    wanted: str = ""
    nth: str = "each time"
    n: int = 1
    action: str = "a reply"
    value: str = "451 4.3.0 Try later"

    @property
    def fault(self) -> Fault:
        """The rule that the fields make; `LocalProtocolError` says what is wrong with them."""
        begins, example = ACTIONS[self.action]
        fault = parse_fault(f"{self.phase}={begins}{self.value if example else ''}")
        how = NTHS[self.nth]
        nth = Nth("always") if how == "always" else Nth(how, self.n)  # type: ignore[arg-type]
        return replace(fault, match=self._match(), nth=nth)

    def _match(self) -> Match:
        name = MATCHES[self.match]
        if not name:
            return Match()
        wanted = "" if (name, self.wanted) == ("reverse_path", "<>") else self.wanted
        if name == "port":
            if not (wanted.isascii() and wanted.isdigit()):
                raise LocalProtocolError(f"{wanted[:40]!r} is no port; a number is")
            return Match(port=int(wanted[:9]))
        return Match(**{name: wanted})  # type: ignore[arg-type]


EXAMPLES = {
    "Greylisting": Form("RCPT", nth="only the nth time", value="451 4.7.1 Greylisted, try later"),
    "421 in the middle": Form("DATA", value="421 4.3.2 Shutting down"),
    "552 after the content": Form("end-of-data", value="552 5.2.2 Mailbox full"),
    "Silence after the final dot": Form("end-of-data", action="stall", value=""),
    "Taken, and the reply lost": Form("end-of-data", action="lose", value=""),
    "Reset in the mail data": Form("mail-data", action="reset", value=""),
    "A reply octet by octet": Form("EHLO", action="split, octets a segment", value="1"),
}


class FaultModel:
    """The dial of a sandbox, the form beside it, and the last try."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.form = Form()
        self.trial: Trial | None = None
        self.forward_path = "bob@example.net"
        self.arrived: int | None = None  # by the last try; None where there is no mailbox to see
        self.struck: tuple[Fault, ...] = ()  # in the last try

    @property
    def rule(self) -> Fault | LocalProtocolError:
        """The rule that the form makes, or what is wrong with it."""
        try:
            return self.form.fault
        except LocalProtocolError as error:
            return error

    # The steps.

    def change(self, **fields: object) -> None:
        """Change fields of the form; an action that changes brings its value to begin with."""
        action = fields.get("action")
        if isinstance(action, str) and action != self.form.action and "value" not in fields:
            fields["value"] = ACTIONS[action][1]
        self.form = replace(self.form, **fields)  # type: ignore[arg-type]

    def take_example(self, name: str) -> None:
        """Put an example into the form; `KeyError` for a name that is none."""
        self.form = EXAMPLES[name]

    def add(self, rule: str | Fault | None = None) -> Fault:
        """Set a rule on the dial, or the one of the form; `LocalProtocolError` says why not."""
        return self.sandbox.faults.add(self.form.fault if rule is None else rule)

    def try_it(self) -> Trial:
        """Run one mail transaction with mx.example.net, and look whether it arrived."""
        before, hits = self._lying(), self.sandbox.faults.hits
        self.trial = try_transaction(self.sandbox, PLACE, short_mail(self.forward_path))
        after = self._lying()
        self.arrived = None if before is None or after is None else after - before
        now = self.sandbox.faults.hits
        self.struck = tuple(fault for fault in now if now[fault] > hits.get(fault, 0))
        return self.trial

    def _lying(self) -> int | None:
        """How many mail objects lie with the forward-path; None if no such mailbox is there."""
        self.sandbox.start()
        box = next((one for one in self.sandbox.mailboxes if one.name == self.forward_path), None)
        return None if box is None else sum(len(box.folder(folder)) for folder in box)
