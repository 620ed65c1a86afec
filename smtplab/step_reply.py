"""The reply to one step: a `Reply` that shows and explains itself, and says what is legal next."""

from __future__ import annotations

from html import escape
from textwrap import fill

from smtplab.extensions import Extensions
from smtplab.reference import Explanation, explain_reply
from smtplab.replies import Reply
from smtplab.session import Snapshot, State, legal_verbs
from smtplab.transcript.rendering import visible


class StepReply(Reply):
    """A reply as the client met it; equal to any `Reply` with the same octets."""

    step: str
    snapshot: Snapshot

    def __init__(
        self,
        code: int,
        texts: tuple[bytes, ...],
        step: str = "",
        snapshot: Snapshot = (State.CLOSED, False, None, None),
    ) -> None:
        # Made at each step of the client: what a frozen dataclass writes is half as fast.
        fields = self.__dict__
        fields["code"] = code
        fields["texts"] = texts
        fields["step"] = step
        fields["snapshot"] = snapshot

    @property
    def explanation(self) -> Explanation:
        enhanced = str(self.enhanced) if self.enhanced else None
        return explain_reply(self.code, enhanced, self.step, self.text)

    @property
    def legal_next(self) -> tuple[str, ...]:
        """The verbs that are legal after this reply (RFC 5321, 4.1.4)."""
        state, tls, identity, ehlo_reply = self.snapshot
        extensions = Extensions.from_reply(ehlo_reply) if ehlo_reply else None
        return legal_verbs((state, tls, identity, extensions))

    @property
    def state(self) -> State:
        """Where the session stands after this reply."""
        return self.snapshot[0]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reply):
            return NotImplemented
        return self.octets == other.octets

    def __hash__(self) -> int:
        return hash((self.code, self.texts))  # as a plain Reply's

    def __repr__(self) -> str:
        lines = [f"S: {visible(line)}" for line in str(self).split("\n")]
        told = (f"{label}: {text}" if label else text for label, text in self._told())
        return "\n".join((*lines, *(_indented(text) for text in told)))

    def _repr_html_(self) -> str:
        lines = "<br>".join(
            f"<b>S</b> <code>{escape(visible(line))}</code>" for line in str(self).split("\n")
        )
        told = "<br>".join(
            (f"<b>{escape(label)}</b>: " if label else "") + escape(text)
            for label, text in self._told()
        )
        return f"<p>{lines}</p><p>{told}</p>"

    def _told(self) -> list[tuple[str, str]]:
        """The explanation as labelled sentences; cause and remedy only where it went wrong."""
        explained = self.explanation
        told = [("", explained.meaning)]
        if not self.is_positive:
            told += explained.rows
        verbs = ", ".join(self.legal_next)
        told.append(("Now", self.state.value + (f". Legal next: {verbs}" if verbs else "")))
        return told


def _indented(text: str) -> str:
    return fill(text, 88, initial_indent="   ", subsequent_indent="   ")
