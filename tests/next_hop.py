"""A next hop that offers what a test wants: a small SMTP server of its own, on loopback."""

import re
import socket
import ssl
import threading
from types import TracebackType
from typing import Self

PATIENCE = 120.0  # seconds after which a stuck server gives up


class NextHop:
    """Takes any number of sessions, one after the other, and keeps commands and contents.

    `replies` maps a verb, or "greeting" or "end", to what is said instead of the usual reply.
    """

    def __init__(self, *keywords: str, **replies: bytes) -> None:
        self.keywords, self.replies = keywords, replies
        self.context: ssl.SSLContext | None = None  # what STARTTLS is answered with, if anything
        self.commands: list[str] = []
        self.contents: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(0.1)
        self.port: int = self._listening.getsockname()[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="next hop")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join(PATIENCE)
        self._listening.close()

    def said(self, verb: str) -> list[str]:
        """The commands with a verb."""
        return [line for line in self.commands if line.startswith(verb)]

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listening.accept()
            except TimeoutError:
                continue
            connection.settimeout(PATIENCE)
            with connection:
                try:
                    self._session(connection)
                except (OSError, ValueError):
                    continue  # the client has gone

    def _session(self, connection: socket.socket) -> None:
        with connection.makefile("rwb") as stream:
            if not self._talk(stream):
                return
        assert self.context is not None
        with self.context.wrap_socket(connection, server_side=True) as inside:
            self.replies["greeting"] = b""  # inside TLS there is none
            with inside.makefile("rwb") as stream:
                self._talk(stream)

    def _talk(self, stream) -> bool:
        """One conversation; True where TLS is to begin."""

        def say(name: str, usual: bytes) -> bool:
            reply = self.replies.get(name, usual)
            stream.write(reply + b"\r\n")
            stream.flush()
            return reply[:1] in b"23" and bool(reply)

        if "greeting" not in self.replies or self.replies["greeting"]:
            if not say("greeting", b"220 hop.example"):
                return False
        while line := stream.readline():
            command = line.decode().rstrip("\r\n")
            self.commands.append(command)
            verb = command.partition(" ")[0].upper()
            if verb == "EHLO":
                lines = ["hop.example", *self.keywords]
                marks = ["-"] * len(self.keywords) + [" "]
                text = "\r\n".join(f"250{m}{x}" for m, x in zip(marks, lines, strict=True))
                say("EHLO", text.encode())
            elif verb == "DATA":
                if say("DATA", b"354 go on"):
                    content = b""
                    while not (b"\r\n" + content).endswith(b"\r\n.\r\n"):
                        content += stream.readline()
                    self.contents.append(re.sub(rb"(?m)^\.", b"", content.removesuffix(b".\r\n")))
                    say("end", b"250 2.0.0 taken")
            elif verb == "BDAT":
                self.contents.append(stream.read(int(command.split()[1])))
                say("end", b"250 2.0.0 taken")
            elif verb == "QUIT":
                say("QUIT", b"221 bye")
                return False
            elif verb == "STARTTLS" and self.context is not None:
                return say("STARTTLS", b"220 go")
            else:
                say(verb, b"250 2.0.0 fine")
        return False
