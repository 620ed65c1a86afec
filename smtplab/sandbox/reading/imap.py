"""IMAP: a read-only part of IMAP4rev1 (RFC 3501) over the folders Inbox and Junk.

CAPABILITY, NOOP, LOGOUT, STARTTLS, LOGIN, AUTHENTICATE, LIST, SELECT, EXAMINE, FETCH, SEARCH, UID
FETCH and UID SEARCH are here; every other command gets BAD. STARTTLS and NOOP are here because RFC
3501 demands them (6.1.2, 11.1) and a mail program polls by NOOP; AUTHENTICATE PLAIN, because curl
takes no other way on 143, where nobody signs in before STARTTLS (LOGINDISABLED). 993 begins with
TLS (RFC 8314).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator

from smtplab.sandbox.clock import START
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.sandbox.reading import imap_fetch
from smtplab.sandbox.reading.imap_authenticate import More, name_and_password
from smtplab.sandbox.reading.imap_search import Candidate, SearchKeys
from smtplab.sandbox.reading.imap_syntax import TAG, Arguments, Bad, No, start_of_password
from smtplab.sandbox.reading.line_server import LineServer

MAX_COMMAND = 16_384  # octets of one command with its literals
UID_VALIDITY = int(START.timestamp())  # RFC 3501, 2.3.1.1; a new world starts as the old one did

_LITERAL_FOLLOWS = re.compile(rb"\{([0-9]{1,10})(\+?)\}\r\n\Z")
_VERB = re.compile(rb"[A-Za-z]+(?= |\Z)")

# A command's untagged lines, and at its end the text of the tagged OK.
Work = Generator[bytes, None, str]


class IMAPServer(LineServer):
    """One session: not authenticated, authenticated, selected."""

    line_limit = 8192  # RFC 2683, 3.2.1.5, asks a server for at least 8000
    idle = 1800.0  # RFC 3501, 5.4: at least thirty minutes

    folder: str | None = None  # the selected one
    mails: tuple[StoredMail, ...] = ()  # as the client knows them: the first is number 1
    _command = b""  # what has come of the command that is being read
    _tag = "*"

    def greeting(self) -> bytes:
        return _line(f"* OK [{self._capabilities()}] {self.host.name} smtplab")

    def line_too_long(self, head: bytes) -> bytes:
        self.count_bad()
        tag = TAG.match(self._command or head)
        self._command = b""
        said = f"BAD The command line is longer than {self.line_limit} octets"
        return _line(f"{tag[0].decode() if tag else '*'} {said}")

    def error_of_ours(self) -> bytes:
        self._command = b""
        return _line(f"{self._tag} NO [SERVERBUG] Local error; it was kept for you to look at")

    def farewell(self) -> bytes:
        return _line("* BYE No command for too long")

    def secrets(self, unit: bytes) -> tuple[tuple[int, int], ...]:
        """The password of LOGIN, be it in the command line or in a literal."""
        where = start_of_password(self._command + unit)
        if where is None:
            return ()
        start = max(0, where - len(self._command))
        announced = _LITERAL_FOLLOWS.search(unit, self.literal)
        end = announced.start() if announced else len(unit.rstrip(b"\r\n"))
        return ((start, end),) if end > start else ()

    @property
    def is_continued(self) -> bool:
        return bool(self._command)

    # From a command to its verb.

    def obey(self, unit: bytes) -> Iterator[bytes]:
        past_literal, self.literal = self.literal, 0
        is_first = not self._command
        self._command += unit
        try:
            if is_first:
                self._tag = "*"
                self._begun = self._begin_command(unit)
            announced = _LITERAL_FOLLOWS.search(unit, past_literal)
            if announced:
                yield self._ask_for(int(announced[1]), announced[2])
                return
            method, arguments = self._begun
            if not self._command.endswith(b"\r\n"):
                raise Bad("A command ends in CR LF")
            text = yield from method(self, Arguments(self._command[arguments:-2]))
            said = f"OK {text}"
        except More:
            yield _line("+ ")
            return
        except No as refusal:
            said = f"NO {refusal}"
        except Bad as problem:
            self.count_bad()
            said = f"BAD {problem}"
        self._command = b""
        if said.startswith("OK") or not self.done:
            yield _line(f"{self._tag} {said}")
        else:
            yield _line(f"{self._tag} {said}") + _line("* BYE Too many commands were refused")

    def _begin_command(self, unit: bytes) -> tuple[Method, int]:
        """The verb's method, and where its arguments begin; an error if it does not fit now."""
        tag = TAG.match(unit)
        if tag is None or unit[tag.end() : tag.end() + 1] != b" ":
            raise Bad("A command begins with a tag and a space, such as a1 NOOP")
        self._tag = tag[0].decode()
        verb = _VERB.match(unit.rstrip(b"\r\n"), tag.end() + 1)
        if verb is None:
            raise Bad("A command's second word is its name")
        name = verb[0].decode().upper()
        if name not in _VERBS:
            raise Bad(f"{name[:20]} is no command of this read-only server")
        state, method = _VERBS[name]
        here = "signed out" if self.mailbox is None else "selected" if self.folder else "signed in"
        if here not in state:
            raise Bad(f"{name} does not fit here; this session is {here}")
        if (
            name in ("LOGIN", "AUTHENTICATE") and self.needs_tls
        ):  # before a password is sent as a literal
            raise No("[PRIVACYREQUIRED] STARTTLS comes first; a password could be read on the way")
        return method, verb.end()

    def _ask_for(self, octets: int, plus: bytes) -> bytes:
        if plus:  # RFC 7888, not offered: what follows cannot be told from commands
            self._command, self.done = b"", True
            return _line("* BYE A literal without waiting is not offered here")
        if len(self._command) + octets > MAX_COMMAND:
            raise Bad(f"A command with its literals may hold {MAX_COMMAND} octets here")
        self.literal = octets
        return _line(f"+ Send {octets} octets and the rest of the command")

    # In any state.

    def _capabilities(self) -> str:
        offered = ["CAPABILITY", "IMAP4rev1"]
        if self.needs_tls:
            offered += ["STARTTLS", "LOGINDISABLED"]
        elif self.mailbox is None:
            offered += ["AUTH=PLAIN", "SASL-IR"]
        return " ".join(offered)

    def capability(self, args: Arguments) -> Work:
        args.end()
        yield _line(f"* {self._capabilities()}")
        return "CAPABILITY completed"

    def noop(self, args: Arguments) -> Work:
        """A mail program polls by this: what has come, what has gone (RFC 3501, 5.2, 7.4.1)."""
        args.end()
        if self.folder is not None:
            now = self._in_folder(self.folder)
            left = {mail.uid for mail in now}
            for number in range(len(self.mails), 0, -1):
                if self.mails[number - 1].uid not in left:
                    yield _line(f"* {number} EXPUNGE")
            known = {mail.uid for mail in self.mails}
            has_new = any(mail.uid not in known for mail in now)
            self.mails = now
            if has_new:
                yield from self._counts()
        return "NOOP completed"

    def logout(self, args: Arguments) -> Work:
        args.end()
        yield _line(f"* BYE {self.host.name} closes the connection")
        self.done = True
        return "LOGOUT completed"

    # Not authenticated.

    def starttls(self, args: Arguments) -> Work:
        args.end()
        if self.tls or self.tls_context is None:
            raise Bad("TLS is active already" if self.tls else "STARTTLS is not offered here")
        self.wants_tls = True
        return "Begin TLS"
        yield  # a generator, as the others

    def login(self, args: Arguments) -> Work:
        try:
            args.space()
            username = args.astring()
            args.space()
            password = args.astring()
            args.end()
        except Bad:  # what it says could show a part of the password
            raise Bad("LOGIN wants a name and a password, and nothing more") from None
        return self._signed_in(username, password)
        yield

    def authenticate(self, args: Arguments) -> Work:
        return self._signed_in(*name_and_password(args))
        yield

    def _signed_in(self, username: bytes, password: bytes) -> str:
        self.mailbox = self.sign_in(username, password)
        if self.mailbox is None:
            raise No("[AUTHENTICATIONFAILED] The name or the password is wrong")
        return f"[{self._capabilities()}] Signed in"

    # Authenticated.

    def list(self, args: Arguments) -> Work:
        args.space()
        reference = args.astring()
        args.space()
        pattern = args.list_mailbox()
        args.end()
        if not pattern:  # asks for the hierarchy's delimiter
            yield _line('* LIST (\\Noselect) "/" ""')
            return "LIST completed"
        wanted = reference + pattern
        for name in self._folders():
            if _matches(wanted.upper() if name == "INBOX" else wanted, name):
                yield _line(f'* LIST (\\Noinferiors) "/" {name}')
        return "LIST completed"

    def select(self, args: Arguments) -> Work:
        """SELECT and EXAMINE alike open a folder to read."""
        args.space()
        name = args.astring().decode("utf-8", "replace")
        args.end()
        self.folder, self.mails = None, ()
        folder = self._folders().get("INBOX" if name.upper() == "INBOX" else name)
        if folder is None:
            raise No("[NONEXISTENT] There is no such folder")
        assert self.mailbox is not None
        self.folder, self.mails = folder, self._in_folder(folder)
        yield _line("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)")
        yield from self._counts()
        if self.mails:
            yield _line("* OK [UNSEEN 1] No message is ever marked as seen here")
        yield _line("* OK [PERMANENTFLAGS ()] No flag can be set here")
        yield _line(f"* OK [UIDVALIDITY {UID_VALIDITY}] UIDs are valid")
        yield _line(f"* OK [UIDNEXT {self.mailbox.next_uid(folder)}] Predicted next UID")
        return "[READ-ONLY] The folder is open to read"

    def _folders(self) -> dict[str, str]:
        """IMAP's name of each folder (RFC 3501, 5.1), and ours."""
        assert self.mailbox is not None
        return {"INBOX" if name == "Inbox" else name: name for name in self.mailbox}

    def _in_folder(self, folder: str) -> tuple[StoredMail, ...]:
        assert self.mailbox is not None
        return self.mailbox.folder(folder)

    def _counts(self) -> Iterator[bytes]:
        yield _line(f"* {len(self.mails)} EXISTS")
        yield _line(f"* {len(self.mails)} RECENT")

    # Selected.

    def fetch(self, args: Arguments, by_uid: bool = False) -> Work:
        args.space()
        ranges = args.sequence_set()
        args.space()
        items = imap_fetch.parse_items(args)
        args.end()
        keys = self._keys(args)
        numbers = set() if by_uid else keys.numbers(ranges)
        uids = keys.uids(ranges) if by_uid else set()
        if by_uid and imap_fetch.UID not in items:
            items.insert(0, imap_fetch.UID)
        for number, mail in enumerate(self.mails, 1):
            if number in numbers or mail.uid in uids:
                values = b" ".join(item.of(mail) for item in items)
                yield b"* %d FETCH (%b)\r\n" % (number, values)
        return "FETCH completed"

    def search(self, args: Arguments, by_uid: bool = False) -> Work:
        args.space()
        key = self._keys(args).parse()
        args.end()
        found = [one for one in enumerate(self.mails, 1) if key(Candidate(*one))]
        numbers = [mail.uid if by_uid else number for number, mail in found]
        yield _line(" ".join(("* SEARCH", *map(str, numbers))))
        return "SEARCH completed"

    def _keys(self, args: Arguments) -> SearchKeys:
        return SearchKeys(args, (len(self.mails), self.mails[-1].uid if self.mails else 0))

    def uid(self, args: Arguments) -> Work:
        args.space()
        word = args.word()
        if word not in ("FETCH", "SEARCH"):
            raise Bad(f"UID {word[:20]} is no command of this read-only server")
        return (yield from (self.fetch if word == "FETCH" else self.search)(args, by_uid=True))


def _line(text: str) -> bytes:
    return text.encode("utf-8", "replace") + b"\r\n"


def _matches(pattern: bytes, name: str) -> bool:
    """No folder holds another, so both wildcards mean anything (RFC 3501, 6.3.8)."""
    parts = re.split(rb"[%*]+", pattern)
    return re.fullmatch(b".*".join(map(re.escape, parts)), name.encode()) is not None


Method = Callable[[IMAPServer, Arguments], Work]
_OUT, _IN, _OPEN = {"signed out"}, {"signed in", "selected"}, {"selected"}
_VERBS: dict[str, tuple[set[str], Method]] = {
    "CAPABILITY": (_OUT | _IN, IMAPServer.capability), "NOOP": (_OUT | _IN, IMAPServer.noop),
    "LOGOUT": (_OUT | _IN, IMAPServer.logout), "STARTTLS": (_OUT, IMAPServer.starttls),
    "LOGIN": (_OUT, IMAPServer.login), "AUTHENTICATE": (_OUT, IMAPServer.authenticate),
    "LIST": (_IN, IMAPServer.list), "SELECT": (_IN, IMAPServer.select),
    "EXAMINE": (_IN, IMAPServer.select),
    "FETCH": (_OPEN, IMAPServer.fetch), "SEARCH": (_OPEN, IMAPServer.search),
    "UID": (_OPEN, IMAPServer.uid),
}  # fmt: skip
