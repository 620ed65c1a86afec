"""One real use of each widget to its end, in steps that are done by hand on a page.

A test looks at each of them for words that break; `python -m tests.pictures` takes the pictures of
the documentation.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.card_hands import TALL, Card
from tests.every_card import CASES, SETUP

Step = Callable[[Card], None]
_MAKE = {case.name: case.make for case in CASES}


@dataclass(frozen=True)
class Use:
    """A widget, and what somebody does with it.

    `make` is how it is made, if not as everywhere; `before` is what happened in its world.
    """

    name: str
    steps: tuple[Step, ...]
    make: str = ""
    before: str = ""
    wide: int = 690  # pixels of its picture

    @property
    def selector(self) -> str:
        return f".use-{self.name}"

    @property
    def cell(self) -> str:
        """A world of its own, and the card in it with a class on the page of its own."""
        return (
            f"{SETUP}\n{self.before}\ncard = {self.make or _MAKE[self.name]}\n"
            f"_ = card.view.add_class({self.selector[1:]!r})\ncard"
        )


def press(name: str, says: str) -> Step:
    """A click, and words that come of it."""

    def step(card: Card) -> None:
        card.root.get_by_role("button", name=name, exact=True).first.click()
        card.page.locator(card.selector, has_text=says).wait_for()

    return step


def choose(label: str, option: str, says: str = "") -> Step:
    """One of a list; then words that come of it."""

    def step(card: Card) -> None:
        card.choose(label, option)
        card.page.locator(card.selector, has_text=says).wait_for()

    return step


def in_a_cell(code: str) -> Step:
    """What a learner does in another cell."""
    return lambda card: card.page.evaluate(_EXECUTE, code)


_EXECUTE = """async code => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const reply = await kernel.requestExecute({code}).done;
  if (reply.content.status !== 'ok') throw new Error(reply.content.evalue);
}"""

_SOLVED = """from smtplab.lessons import fresh_session
fresh_session(exercise.model.sandbox, "mx.example.net", 25, "EHLO laptop.example.org",
    "RCPT TO:<bob@example.net>", "MAIL FROM:<alice@example.org>", "RCPT TO:<bob@example.net>")"""
_WRITTEN = """with sandbox.connect() as other:
    other.ehlo(); other.starttls(); other.ehlo()
    other.auth("alice@example.org", "looking-glass")
    other.group(mail("alice@example.org"), rcpt("bob@example.net"), data())
    other.content(b"From: Alice <alice@example.org>\\r\\nTo: Bob <bob@example.net>\\r\\n"
        b"Subject: Tea at five\\r\\n\\r\\nWill you come?\\r\\n")
sandbox.settle()"""
_DONE = """from smtplab.lessons.progress import Kind
progress.file.note(Kind.EXERCISE, "2.1")"""

USES = (
    Use(
        "Console",
        (
            press("EHLO", "250 HELP"),
            press("STARTTLS", "220 2.0.0"),
            press("EHLO", "AUTH SCRAM"),
            press("AUTH", "235 2.7.0"),
            press("MAIL", "MAIL FROM:"),
            press("RCPT", "RCPT TO:"),
            press("DATA", "354"),
            press("Send content", "Queued as"),
        ),
    ),
    Use(
        "StateMap",
        (
            press("EHLO", "EHLO, reply 250: to READY"),
            press("STARTTLS", "STARTTLS, reply 220: to GREETED"),
            press("EHLO", "EHLO, reply 250: to READY"),
            press("AUTH", "AUTH, reply 235: stays in READY"),
            press("MAIL", "MAIL, reply 250: to MAIL"),
            press("DATA", "DATA, reply 503: stays in MAIL"),
        ),
    ),
    Use("Ports", (press("Try the message at all three", "2 of 3 tried messages"),), wide=1000),
    Use(
        "ExtensionBoard",
        (
            press("Run with it on and off", "Switched off:"),
            choose("Extension", "PIPELINING"),
            press("Run with it on and off", "With it 1 round trip"),
        ),
    ),
    Use("Ladder", (press("Send in three ways", "Step by step:"),)),
    Use(
        "Eavesdropper",
        (
            press("A strict client sends", "strict, no attacker"),
            press("All four", "its password was read"),
            choose("Connection", "c5: laptop.example.org to smtp.example.org : 587"),
        ),
    ),
    Use(
        "JourneyPlayer",
        (
            choose("To", "grey@example.net: greylisted"),
            press("Send a sample message", "step 1 of 5"),
            press("All", "not now"),
            choose("To", "bob@example.net: takes it"),
            press("Send a sample message", "step 1 of 7"),
            press("Next", "step 2 of 7"),
            press("All", "step 7 of 7"),
        ),
    ),
    Use(
        "Inbox",
        (
            press("Envelope", "RCPT TO:<bob@example.net>"),
            press("Way", "ESMTPSA"),
            press("Parts", "text/plain"),
            press("Raw", "Subject: Tea"),
            press("Checks", "dmarc=pass"),
        ),
        before=_WRITTEN,
    ),
    Use(
        "VerdictCard",
        (
            press("Send", "Taken by mx.example.net into Inbox"),
            choose("Tamper", "body"),
            press("Send", "One octet was changed after signing"),
        ),
    ),
    Use(
        "PacketStack",
        (
            press("Next packet", "packet 6"),
            press("Previous packet", "packet 5"),
            choose("Field", "T  Destination port: 587", "octets 36 to 37 of the frame"),
        ),
    ),
    Use(
        "FaultPanel",
        (
            press("421 in the middle", "421"),
            press("Set this rule", "1 rule set"),
            press("Try it", "421 4.3.2 Shutting down"),
        ),
    ),
    Use("ProviderCard", (press("Produce it", "S: "),)),
    Use("CertificateCard", (press("Good", "went on inside TLS"), press("Expired", "has expired"))),
    Use("PredictGate", (press("354", "you said 354, it was 503"),)),
    Use(
        "ExerciseCard",
        (
            press("Check", "not yet: 0 of 2 steps seen"),
            press("Hint 1 of 3", "Hint 1 of 3."),
            in_a_cell(_SOLVED),
            press("Check", "What you learnt"),
        ),
        "(exercise := ExerciseCard('2.1', Sandbox(plain=True).start()))",
    ),
    Use("QuizCard", (press("a", "not the one, your choice"), press("b", "1 of 5 answered right"))),
    Use(
        "Progress",
        (
            in_a_cell(_DONE),
            press("Refresh", "1 of"),
            press("Download my work", "Save"),
        ),
        f"(progress := {_MAKE['Progress']})",
    ),
    Use("StartOver", (press("Start over", "started over once"),)),
)


def widen(page, selector: str, wide: int) -> None:
    """Give a card this width. The notebook around it takes more or less, by the window's width."""
    for _ in range(3):
        now = page.locator(selector).first.evaluate("card => card.getBoundingClientRect().width")
        if round(now) == wide:
            return
        size = page.viewport_size
        page.set_viewport_size({"width": size["width"] + wide - round(now), "height": TALL})
        page.evaluate(_DRAWN)
    raise AssertionError(f"{selector} is {now} pixels wide, not {wide}")


_DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def used(page) -> dict[str, Card]:
    """Each use of the table done by hand to its end, on one page; the cards by name."""
    page.locator(USES[-1].selector).wait_for(state="attached")
    cards = {use.name: Card(page, use.selector) for use in USES}
    for use in USES:
        cards[use.name].root.evaluate("element => element.scrollIntoView()")
        for step in use.steps:
            step(cards[use.name])
    return cards
