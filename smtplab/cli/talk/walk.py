"""`--until`: a walk to a phase, and what it wants from the options."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from smtplab.cli.doors import UsageError
from smtplab.cli.talk.exit_codes import WELL, code_of
from smtplab.cli.talk.files import file_content
from smtplab.cli.talk.keyboard import Passwords
from smtplab.cli.talk.screen import Screen
from smtplab.client import Client
from smtplab.commands import line
from smtplab.errors import LocalProtocolError
from smtplab.mail_object import Envelope, MailObject
from smtplab.rehearsal import PHASES, rehearse
from smtplab.step_reply import StepReply


@dataclass(frozen=True)
class Walk:
    """What was asked for: how far, with which mail, as whom."""

    until: str
    mail: MailObject
    username: str | None
    starttls: str


def walk_from(args: argparse.Namespace) -> Walk | None:
    """The walk that the options ask for; None if they ask for none."""
    wants_mail = args.reverse_path is not None or args.forward_paths or args.data
    if not (args.until or wants_mail or args.auth_user):
        return None
    if args.script:
        raise UsageError("--script and a walk with --until exclude each other")
    until = args.until or ("RCPT" if wants_mail else "AUTH")
    far = PHASES.index(until)
    if until == "AUTH" and args.auth_user is None:
        raise UsageError("--until AUTH wants --auth-user")
    if far >= PHASES.index("MAIL") and args.reverse_path is None:
        raise UsageError(f"--until {until} wants --from")
    if far >= PHASES.index("RCPT") and not args.forward_paths:
        raise UsageError(f"--until {until} wants --to")
    if until == "content" and not args.data:
        raise UsageError("--until content wants --data, a file with the mail to send")
    try:
        for word in (args.reverse_path or "", *(args.forward_paths or ()), args.auth_user or ""):
            line(word)
        content = file_content(args.data) if args.data else b""
    except LocalProtocolError as error:
        raise UsageError(f"{error}") from None
    reverse_path = (args.reverse_path or "").removeprefix("<").removesuffix(">")
    forward_paths = [one.removeprefix("<").removesuffix(">") for one in args.forward_paths or ()]
    starttls = {"starttls": "required", "none": "never"}.get(args.tls, "offered")
    mail = MailObject(Envelope(reverse_path, tuple(forward_paths)), content)
    return Walk(until, mail, args.auth_user, starttls)


class Walker:
    """Takes the walk with one client, and says what came of it."""

    def __init__(self, client: Client, screen: Screen, passwords: Passwords) -> None:
        self.client, self.screen, self._passwords = client, screen, passwords
        self.signing_in = False  # an error of ours while signing in belongs to that phase

    def go(self, walk: Walk) -> tuple[int, str]:
        """The exit code, and the phase that failed."""
        username = walk.username

        def sign_in(client: Client) -> StepReply:
            assert username is not None
            self.screen.catch_up()
            self.signing_in = True
            reply = client.auth(username, self._passwords.of(username))
            self.signing_in = False
            return reply

        rehearsal = rehearse(
            self.client,
            walk.mail,
            until=walk.until,
            sign_in=sign_in if username is not None else None,
            starttls=walk.starttls,
        )
        self.screen.catch_up()
        failed = rehearsal.failed
        if failed:
            self.screen.say(f"The server refused {failed.phase}.")
            self.screen.explain(failed.reply)
            return code_of(failed.phase), failed.phase
        self.screen.say(f"It went well up to {walk.until}.")
        self.screen.explain(rehearsal[-1].reply)
        return WELL, ""
