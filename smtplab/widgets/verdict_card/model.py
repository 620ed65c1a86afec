"""The verdict card without its window: which verdict, the last one, the records, the trial."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from smtplab.sandbox import Sandbox
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.sandbox.reception.delivery_verdict import DeliveryVerdict
from smtplab.sandbox.signing import SELECTOR
from smtplab.sandbox.verdict.author import author_domains
from smtplab.widgets.verdict_card.records import Records
from smtplab.widgets.verdict_card.trial import HOSTS, Message, Trial, run

KINDS = ("SPF", "DKIM", "DMARC")


@dataclass(frozen=True)
class Shown:
    """One verdict on the page; of a trial also what was sent, and the records of that moment."""

    verdict: DeliveryVerdict
    trial: Trial | None = None
    records: tuple[tuple[str, str], ...] = ()  # ("SPF at example.org", text)


class VerdictModel:
    """One verdict of one sandbox, beside the one before it."""

    def __init__(self, sandbox: Sandbox, of: StoredMail | DeliveryVerdict | str | None) -> None:
        self.sandbox = sandbox.start()  # does nothing where it runs already
        self.records = Records(sandbox)
        self.shown: Shown | None = None
        self.last: Shown | None = None
        self.note = ""
        self._sent = 0
        host = HOSTS["own provider"]
        self.message = Message(host, host.author)
        self.drafts: dict[str, str] = {}
        self._read_records()
        if of is not None:
            self.open(of)
        else:
            self.newest()
            self.note = ""

    # Which verdict.

    def open(self, of: StoredMail | DeliveryVerdict | str) -> DeliveryVerdict:
        """Show the verdict of a stored mail object, of a connection ("r1"), or one as it is.

        `LookupError` where nothing was decided about it.
        """
        verdict = of.verdict if isinstance(of, StoredMail) else of
        if isinstance(verdict, str):
            found = [one for one in self.sandbox.verdicts if one.connection == verdict]
            verdict = found[-1] if found else None
        if verdict is None:
            raise LookupError("no verdict: mail within one host is not judged, or it is not kept")
        self._now(Shown(verdict))
        return verdict

    def newest(self) -> DeliveryVerdict | None:
        """Show what was decided last in the sandbox, whoever sent it."""
        found = self.sandbox.verdicts
        if not found:
            self.note = "Nothing was decided yet. Send a message."
            return None
        if self.shown is None or self.shown.verdict is not found[-1]:
            self._now(Shown(found[-1]))
        self.note = ""
        return found[-1]

    def _now(self, shown: Shown) -> None:
        self.last, self.shown = self.shown, shown

    # The records of the sending domains.

    @property
    def names(self) -> dict[str, str]:
        """Where the records of the present message stand (RFC 7208, 3; 6376, 3.6.2.1; 9989, 4.10).

        DMARC's name is "" where From names no single domain.
        """
        host = self.message.host
        authors = author_domains(f"From: {self.message.author}\r\n\r\n".encode())
        return {
            "SPF": host.reverse_path.rpartition("@")[2],
            "DKIM": f"{SELECTOR}._domainkey.{host.signs}",
            "DMARC": f"_dmarc.{authors[0]}" if len(authors) == 1 else "",
        }

    def set_message(self, message: Message) -> None:
        """What the next trial sends; the records of its domains come into the fields."""
        before = self.names
        self.message = message
        if self.names != before:
            self._read_records()

    def set_host(self, name: str) -> None:
        """Another sender, with the From that it would write."""
        host = HOSTS[name]
        self.set_message(replace(self.message, host=host, author=host.author))

    def publish(self) -> tuple[str, ...]:
        """Publish what stands in the fields; returns the names whose records have changed.

        `KeyError` where no zone holds a name, `ValueError` where a text can be no record.
        """
        changed = tuple(
            name
            for kind, name in self.names.items()
            if name and self.records.publish(name, self.drafts[kind])
        )
        self.note = f"Published: {', '.join(changed)}." if changed else "No record has changed."
        self._read_records()
        return changed

    def put_back(self) -> tuple[str, ...]:
        """Every zone that was changed here as it was before."""
        changed = self.records.put_back()
        self.note = f"As before: {', '.join(changed)}." if changed else "Nothing was changed here."
        self._read_records()
        return changed

    def _read_records(self) -> None:
        self.drafts = {kind: self.records.text(name) for kind, name in self.names.items()}

    # Sending.

    def send(self) -> DeliveryVerdict | None:
        """Publish what stands in the fields, send the message, and show what came of it."""
        self.publish()
        self._sent += 1
        trial = run(self.sandbox, self.message, self._sent)
        self.note = ""
        if trial.verdict is None:
            self.note = f"No verdict: {trial.reply}"
            return None
        records = tuple(
            (f"{kind} at {name}", self.drafts[kind]) for kind, name in self.names.items() if name
        )
        self._now(Shown(trial.verdict, trial, records))
        return trial.verdict

    def wait(self, time: timedelta) -> None:
        """Turn the world clock, as a host that was greylisted waits before it comes back."""
        now = self.sandbox.clock.advance(time)
        self.note = f"The world clock is at {now:%H:%M}. Send again: the same three come back."
