"""What each event of a mail object's way says to a newcomer."""

from __future__ import annotations

from collections.abc import Sequence

from smtplab.transcript import Event, Kind

MAX_NAMED = 5  # mailboxes that one sentence names; more are counted


def sentence(event: Event, mailboxes: Sequence[str]) -> str:
    """One sentence about one event; what came from the wire is not yet escaped."""
    detail = event.detail
    match event.kind:
        case Kind.ACCEPTED:
            path, to = _path(event), _listed(_strings(detail.get("forward_paths")))
            return f"accepted on connection {detail.get('via')} from {path} for {to}"
        case Kind.QUEUED:
            return _made(event)
        case Kind.ATTEMPT:
            return f"attempt {detail.get('number')} to send it on"
        case Kind.LOOKED_UP:
            failure = str(detail.get("failure", "none"))
            found = " and ".join(_strings(detail.get("records"))) or failure
            return f"asks the DNS for {detail.get('type')} of {detail.get('name')}: {found}"
        case Kind.DELIVERED:
            return f"laid into {detail.get('folder')} of {detail.get('mailbox')}{_judged(event)}"
        case _:
            return _outcome(event, _listed(mailboxes))


def _made(event: Event) -> str:
    detail = event.detail
    new_id, name = detail.get("id"), detail.get("name")
    to = _listed(_strings(detail.get("forward_paths")))
    match detail.get("why"):
        case "report":
            return f"a report goes back to {to}, as {new_id}"
        case "list":
            return f"{name} is a list: a copy from {_path(event)} goes to {to}, as {new_id}"
        case "srs":
            return f"{name} is a rewritten reverse-path: it goes back to {to}, as {new_id}"
        case _:
            return f"{name} stands for others: it goes on from {_path(event)} to {to}, as {new_id}"


def _outcome(event: Event, mailboxes: str) -> str:
    detail = event.detail
    via = f" on connection {detail.get('via')}" if detail.get("via") else ""
    words = {
        "delivered": "delivered here",
        "relayed": f"handed to the next host{via}",
        "expanded": "expanded",
        "deferred": f"not now{via}",
        "failed": f"refused for good{via}",
    }
    result = str(detail.get("result"))
    return f"{mailboxes}: {words.get(result, result)}: {detail.get('reply')}"


def _judged(event: Event) -> str:
    """What the checks said, and why the folder is what it is; a list's own copies have none."""
    verdict = event.detail.get("verdict")
    lines = str(verdict() if callable(verdict) else verdict or "").splitlines()
    checks = [one for one in lines if one.startswith(("SPF: ", "DKIM: ", "DMARC: "))]
    why = next((one.removeprefix("Why: ") for one in lines if one.startswith("Why: ")), "")
    told = ", ".join(one.replace(":", "", 1) for one in checks)
    return f": {told}. {why}" if told else ""


def _path(event: Event) -> str:
    return f"<{event.detail.get('reverse_path')}>"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMED
    shown = ", ".join(names[:MAX_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown


def _strings(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
