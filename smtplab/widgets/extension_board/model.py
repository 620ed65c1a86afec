"""The service extensions of one door: what EHLO offers when, and with and without each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from smtplab.client import Client
from smtplab.comparing import ehlo_diff, transcript_diff
from smtplab.errors import SMTPLabError
from smtplab.extensions import Extensions
from smtplab.sandbox import Sandbox
from smtplab.sandbox.certificates import Authority
from smtplab.sandbox.policy import Policy
from smtplab.transcript import Event, Transcript
from smtplab.transcript.events import FROM_CLIENT
from smtplab.transcript.rendering import as_json_lines
from smtplab.widgets.extension_board.demonstrations import DEMOS, Demo
from smtplab.widgets.spoken import Line, spoken
from smtplab.widgets.stages import Stage, stages

# Where a keyword is more than a switch: the setting of the policy, its value if on, and if off.
_SETTINGS = {"VRFY": ("vrfy", "answers", "not told"), "EXPN": ("expn", "answers", "refused")}


@dataclass(frozen=True)
class Run:
    """One demonstration with the extension on, or off."""

    is_on: bool
    offered: Extensions | None  # by the EHLO reply before it
    events: tuple[Event, ...]  # from there on
    lines: tuple[Line, ...]
    round_trips: int
    problem: str = ""

    @property
    def octets(self) -> int:
        """How many the client sent."""
        return sum(event.length for event in self.events if event.kind in FROM_CLIENT)


@dataclass(frozen=True)
class Demonstration:
    """Both runs, and where they part."""

    keyword: str
    demo: Demo
    on: Run
    off: Run
    difference: str

    @property
    def is_offered(self) -> bool:
        """Whether this door offers it at all when it is switched on."""
        return self.on.offered is not None and self.keyword in self.on.offered


class BoardModel:
    """Reads EHLO replies, turns switches of the policy, runs demonstrations."""

    def __init__(self, sandbox: Sandbox, host: str, port: int) -> None:
        self.sandbox, self.host, self.port = sandbox, host, port
        self.policy: Policy = sandbox.policy(host)
        self.shown: Demonstration | None = None
        self.problem = ""
        self.look()

    @property
    def has_tls(self) -> bool:
        return Authority.is_available()

    @property
    def domain(self) -> str:
        return self.host.partition(".")[2]

    @property
    def local(self) -> str:
        """A mailbox of this host, not Alice's own where there is another."""
        names = [account.mailbox for account in self.sandbox.accounts]
        here = [name for name in names if name.endswith(f"@{self.domain}")]
        return here[-1] if here else f"postmaster@{self.domain}"

    # EHLO at each stage.

    def look(self) -> None:
        """A session with EHLO before TLS, inside TLS and signed in, as far as it goes."""
        self.sandbox.start()
        self.offered: dict[Stage, Extensions] = {}
        self.problem = ""
        try:
            with self._connect(self.port) as client:
                for stage in stages(client, self.sandbox.accounts[0]):
                    if client.extensions is not None:
                        self.offered[stage] = client.extensions
        except SMTPLabError as error:
            self.problem = str(error)

    def _connect(self, port: int) -> Client:
        if port == 465 and not self.has_tls:
            raise SMTPLabError("port 465 begins with TLS, and this Python has none")
        return self.sandbox.connect(self.host, port)

    @property
    def keywords(self) -> tuple[str, ...]:
        """All that is offered at any stage, in the order of the replies."""
        return tuple(dict.fromkeys(word for offer in self.offered.values() for word in offer))

    def changes(self, keyword: str) -> str:
        """In words, what becomes of a keyword from stage to stage."""
        found = []
        reached = list(self.offered)
        for before, after in zip(reached, reached[1:], strict=False):
            diff = ehlo_diff(self.offered[before], self.offered[after])
            for words, what in (
                (diff.added, "new"), (diff.removed, "gone"), (diff.changed, "other parameters")
            ):  # fmt: skip
                if keyword in words:
                    found.append(f"{what} {after.value}")
        return ", ".join(found) or "no difference"

    # Switches.

    def is_on(self, keyword: str) -> bool:
        """Whether the policy of the host has it on; what depends on TLS or the port comes later."""
        return self.policy.offers(keyword) and _has_setting(self.policy, keyword, self.domain)

    def turn(self, keyword: str, on: bool) -> None:
        """Switch one extension of the host; `KeyError` lists those that there are."""
        if keyword not in DEMOS:
            raise KeyError(f"no switch for {keyword!r}; there are {', '.join(DEMOS)}")
        _turn(self.policy, keyword, self.domain, on=on)
        self.look()

    # With and without.

    def demonstrate(self, keyword: str) -> Demonstration:
        """The same conversation with the extension on and off; then all is as it was."""
        if keyword not in DEMOS:
            raise KeyError(f"no demonstration of {keyword!r}; there are {', '.join(DEMOS)}")
        self.sandbox.start()
        self.sandbox.settle()  # so that ETRN finds the queue as it is in any case
        on, off = self._run(keyword, on=True), self._run(keyword, on=False)
        marked = _marked(on, off), _marked(off, on)
        self.shown = Demonstration(keyword, DEMOS[keyword], *marked, _difference(on, off))
        return self.shown

    def _run(self, keyword: str, *, on: bool) -> Run:
        demo = DEMOS[keyword]
        with self._borrowed() as policy:
            _turn(policy, keyword, self.domain, on=on)
            demo.set_up(policy)
            try:
                with self._connect(demo.port or self.port) as client:
                    return self._say(client, demo, on)
            except SMTPLabError as error:
                return Run(on, None, (), (), 0, str(error))

    def _say(self, client: Client, demo: Demo, on: bool) -> Run:
        for stage in stages(client, self.sandbox.accounts[0]):
            if stage is demo.after:
                break
        offered, trips = client.extensions, client.round_trips
        position = client.transcript.events_since(0)[1]
        problem = ""
        try:
            demo.say(client, self.local)
        except SMTPLabError as error:
            problem = str(error)
        events = client.transcript.events_since(position)[0]
        return Run(on, offered, events, spoken(events), client.round_trips - trips, problem)

    @contextmanager
    def _borrowed(self) -> Iterator[Policy]:
        """The policy, to be changed; every setting is put back."""
        before = dict(vars(self.policy))
        self.policy.switched_off = set(self.policy.switched_off)
        try:
            yield self.policy
        finally:
            for name, value in before.items():
                setattr(self.policy, name, value)


def _has_setting(policy: Policy, keyword: str, domain: str) -> bool:
    if keyword == "ETRN":
        return domain in policy.etrn_domains
    name, if_on, _ = _SETTINGS.get(keyword, ("", "", ""))
    return not name or getattr(policy, name) == if_on


def _turn(policy: Policy, keyword: str, domain: str, *, on: bool) -> None:
    policy.switched_off = policy.switched_off - {keyword} | (set() if on else {keyword})
    if keyword == "ETRN":
        policy.etrn_domains = policy.etrn_domains - {domain} | ({domain} if on else set())
    elif keyword in _SETTINGS:
        name, if_on, if_off = _SETTINGS[keyword]
        setattr(policy, name, if_on if on else if_off)


def _difference(on: Run, off: Run) -> str:
    """Where the two runs part, in a sentence."""
    if not (on.events and off.events):
        return "There is nothing to compare."
    one, other = (Transcript.from_json(as_json_lines(run.events)) for run in (on, off))
    told = transcript_diff(one, other).first_difference
    sentence = (told.partition(": ")[2] or told).replace("the first", "the run with it")
    sentence = sentence.replace("the second", "the run without it")
    return sentence[:1].upper() + sentence[1:]


def _marked(run: Run, beside: Run) -> Run:
    """The run with each line marked that the other one does not have."""
    there = {(line.who, line.text) for line in beside.lines}
    lines = (
        line._replace(differs=(line.who, line.text) not in there and bool(line.who))
        for line in run.lines
    )
    return replace(run, lines=tuple(lines))
