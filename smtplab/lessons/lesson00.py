"""Lesson 00, start here: its exercises and questions."""

from __future__ import annotations

from smtplab.commands import MAX_COMMAND_LINE
from smtplab.lessons.evidence import Conversation, Evidence, Exchange
from smtplab.lessons.question import Option, Question
from smtplab.lessons.task import Exercise, Step
from smtplab.line_rules import has_bare_line_end

TITLE = "start here"


def _greeted_as_kiosk(_: Evidence, one: Conversation) -> bool:
    return one.host == "smtp.example.org" and bool(_kiosk_greetings(one))


def _kiosk_accepted(_: Evidence, one: Conversation) -> bool:
    return any(exchange.code == 250 for exchange in _kiosk_greetings(one))


def _kiosk_greetings(one: Conversation) -> list[Exchange]:
    return [e for e in one.exchanges if (e.verb, e.argument.lower()) == ("EHLO", "kiosk.example")]


def _on_465(_: Evidence, one: Conversation) -> bool:
    return one.port == 465


def _hello_first(_: Evidence, one: Conversation) -> bool:
    return [e.verb for e in one.exchanges][:1] == ["EHLO"] and one.has("EHLO", 250)


def _said_goodbye(_: Evidence, one: Conversation) -> bool:
    return [e.verb for e in one.exchanges] == ["EHLO", "QUIT"] and one.has("QUIT", 221)


def _unknown_verb(_: Evidence, one: Conversation) -> bool:
    return _first_500(one) is not None


def _noop_after_it(_: Evidence, one: Conversation) -> bool:
    first = _first_500(one)
    return first is not None and one.at("NOOP", 250, after=first) is not None


def _first_500(one: Conversation) -> int | None:
    """Where a verb of the learner's own got 500; HELLO is the lesson's own example.

    Any verb gets 500 if its line is too long or has a lone CR or LF in it: those are left out.
    """
    for position, exchange in enumerate(one.exchanges):
        line = exchange.octets.removesuffix(b"\r\n")
        is_line = len(exchange.octets) <= MAX_COMMAND_LINE and not has_bare_line_end(line)
        if exchange.code == 500 and exchange.verb not in ("", "HELLO") and is_line:
            return position
    return None


EXERCISES = (
    Exercise(
        "0.1",
        "a name of your own",
        (
            Step(
                "EHLO kiosk.example, sent to smtp.example.org",
                "EHLO with the name kiosk.example to smtp.example.org. Without a name, the method "
                "ehlo says laptop.example.org.",
                _greeted_as_kiosk,
                1,
            ),
            Step(
                "the reply 250 to it",
                "the server did not accept that command; read its reply.",
                _kiosk_accepted,
                3,
            ),
        ),
        (
            "sandbox.connect() begins a session, and the client that it returns has a method for "
            "each command.",
            "The method ehlo takes the name that the client gives itself, as a text in quotes.",
            'client = sandbox.connect() on one line, client.ehlo("kiosk.example") on the next.',
        ),
        "The server believed the name that you gave. EHLO introduces; it proves nothing.",
    ),
    Exercise(
        "0.2",
        "hello and goodbye",
        (
            Step(
                "a session on port 465",
                "no session of yours on port 465 was recorded.",
                _on_465,
                1,
            ),
            Step(
                "EHLO as the first command there, with the reply 250",
                "EHLO as the first command on port 465.",
                _hello_first,
                2,
            ),
            Step(
                "then QUIT, the reply 221, and no other command",
                "QUIT right after EHLO, in the same session, and its reply 221. Closing without "
                "QUIT is not enough.",
                _said_goodbye,
                3,
            ),
        ),
        (
            "sandbox.connect takes the host and the port: first a text, then a number.",
            'sandbox.connect("smtp.example.org", 465), then the method ehlo.',
            "After client.ehlo() the last line is client.quit().",
        ),
        "A whole session is: greeting, EHLO, QUIT. Everything else goes between these.",
    ),
    Exercise(
        "0.3",
        "no harm done",
        (
            Step(
                "a verb of your own invention, with the reply 500",
                "a verb that the server does not know, with the reply 500. Invent one, such as "
                "JUMP; HELLO was ours, and a line that is too long gets 500 for its length.",
                _unknown_verb,
                1,
            ),
            Step(
                "in the same session, later: NOOP with the reply 250",
                "NOOP after the 500, in the same session. It shows that the session lives on.",
                _noop_after_it,
                2,
            ),
        ),
        (
            'client.send_raw(b"JUMP\\r\\n") sends exactly these octets. The \\r\\n ends the line.',
            "After the 500, use the method noop of the same client. Do not connect again.",
            'client = sandbox.connect(), then client.send_raw(b"JUMP\\r\\n"), then client.noop().',
        ),
        "A reply that begins with 5 refuses one command. The session goes on.",
    ),
)

QUESTIONS = (
    Question(
        "You send EHLO. Who writes the words 'smtp.example.org greets laptop.example.org'?",
        {
            "a": Option(
                "The notebook, from a stored text.",
                "The stored output shows an earlier run. Run the cell: the words come anew.",
            ),
            "b": Option(
                "A mail server that runs on your machine.",
                "The sandbox runs real server software. It read your octets and wrote a reply.",
                right=True,
            ),
            "c": Option(
                "A mail server on the internet.",
                "Nothing leaves your machine. smtp.example.org is a name of the sandbox only.",
            ),
        },
        "RFC 5321, 4.1.1.1",
    ),
    Question(
        "A reply begins with 250-, and the next line with 250 and a space. What is that?",
        {
            "a": Option(
                "Two replies with the same code.",
                "One command gets one reply. The hyphen says: more lines of it follow.",
            ),
            "b": Option(
                "One reply of two lines.",
                "The hyphen says that the reply goes on. The space marks its last line.",
                right=True,
            ),
            "c": Option(
                "A reply, and an error of 250 less.",
                "The hyphen is no minus sign. It stands between the code and the text.",
            ),
        },
        "RFC 5321, 4.2.1",
    ),
    Question(
        "A check says 'not yet', although your cell ran without an error. What does it look at?",
        {
            "a": Option(
                "The code that you typed.",
                "It never reads your code, so every way that works is a right way.",
            ),
            "b": Option(
                "The text that your cell printed.",
                "A printed text is easy to make up. The check does not read it.",
            ),
            "c": Option(
                "What the sandbox's servers recorded and stored.",
                "It reads the servers' own record and the mailboxes. That is why you can solve an "
                "exercise with code, with the console or from a terminal.",
                right=True,
            ),
        },
        "this lesson, section 4",
    ),
)
