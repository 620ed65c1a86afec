"""The options of `smtplab talk`."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from smtplab.cli.doors import add_connection_options

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

PHASES = ("greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "content")
"""Those of `smtplab.rehearsal`, which is not imported to read options."""

TLS = ("starttls", "implicit", "none")

EPILOG = """\
HOST is this machine, a real server (with --real), or the word sandbox: a mail world of its own
that ends with the talk. Without a port it is 587; 465 with --tls implicit, 25 with --mx.

Each line is sent as it is; the reply is explained, and what is legal next is said. After 354
lines are content, up to a line of one dot. /help lists short forms: /auth, /tls, /content FILE.
The password is asked for unseen or comes from SMTPLAB_PASSWORD. Nothing is kept on disk.

Without a terminal lines come from the pipe. A script holds lines to send, # comments, and
lines such as `expect 250` or `expect 550 5.1.1`, which judge the reply before them; it ends at
the first difference and names its line.

--until walks to a phase by itself and leaves: RSET, QUIT. Nothing after RCPT is sent unless
--until says so.

examples:
  smtplab talk sandbox                          a first conversation
  smtplab talk --world mx.example.net:25        the same with another host of the sandbox
  smtplab talk localhost:2525 --tls none        a server on this machine
  smtplab talk smtp.mail.lan --real --until AUTH --auth-user alice
  smtplab talk --mx mail.lan --real --from a@mail.lan --to b@mail.lan
  smtplab talk sandbox:25 --json --until EHLO | jq -r .event
  smtplab talk localhost:2525 --script check.smtp

--json prints one object a line. Those of a transcript have schema, event, connection, seq, end,
step, octets_base64, length, tls, world_time; event is connect, greeting, command, challenge,
response, reply, mail-data, tls or close. Four more have schema and event beside their own:
  explanation   code, enhanced, step, title, meaning, cause, remedy, source, state, legal_next
  trouble       headline, text
  told          text
  end           exit_code, phase
"""


def add_parser(subparsers: Subparsers) -> None:
    """Add this command to the parser of `smtplab`."""
    from smtplab.cli.talk.exit_codes import TABLE

    parser = subparsers.add_parser(
        "talk",
        help="talk to a server in the terminal, a line at a time",
        description="Talk to an SMTP server: each line is sent, each reply explained.",
        epilog=f"{EPILOG}\n{TABLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("host", nargs="?", metavar="HOST[:PORT]", help="whom to talk to, or: sandbox[:PORT]")
    add("port", nargs="?", type=_port, metavar="PORT", help="the same as HOST:PORT")
    add("--mx", metavar="DOMAIN", help="talk to the hosts that take mail for a domain")
    add("--tls", choices=TLS, help="when TLS begins; left out: at once on port 465")
    add("--json", action="store_true", help="print one JSON object a line")
    add("--script", metavar="FILE", help="send the lines of a file, and judge the replies")
    walk = parser.add_argument_group("walk to a phase and leave").add_argument
    until = f"the last phase that may happen: {', '.join(PHASES)}"
    walk("--until", type=_phase, metavar="PHASE", help=until)
    walk("--from", dest="reverse_path", metavar="MAILBOX", help="for MAIL; '' is the null one")
    walk("--to", dest="forward_paths", action="append", metavar="MAILBOX", help="for RCPT")
    walk("--data", metavar="FILE.eml", help="the content, for --until content")
    walk("--auth-user", metavar="USER", help="whom to sign in")
    add_connection_options(parser)


def _port(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,5}", text) and 0 < int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port; an example is 587")


def _phase(text: str) -> str:
    for phase in PHASES:
        if text.lower() == phase.lower():
            return phase
    raise argparse.ArgumentTypeError(f"{text!r} is no phase; there are {', '.join(PHASES)}")
