"""What the messages show that were handed in under an eavesdropper's eyes (RFC 3207, 6)."""

from __future__ import annotations

from collections.abc import Iterator

from smtplab.widgets.eavesdropper.model import Care, EavesdropperModel, Has


def lessons_of(model: EavesdropperModel) -> Iterator[str]:
    """What the messages that were handed in show; each sentence only if it was seen."""
    careless = model.hand_ins.get((Care.CARELESS, True))
    strict = model.hand_ins.get((Care.STRICT, True))
    if careless is not None:
        if careless.caught.password is Has.READ:
            yield (
                "The careless client saw no STARTTLS, went on, and its password was read. That the "
                "server refused came too late. The password must be changed (RFC 3207, 6)."
            )
        elif careless.caught.content is Has.READ:
            yield (
                "The careless client saw no STARTTLS, went on, and Eve read the message. The "
                "recipient notices nothing. Between servers MTA-STS and DANE are the remedy "
                "(RFC 8461; RFC 7672)."
            )
        elif careless.error is None:
            yield (
                "The attacker found nothing to strip: TLS began before the first line of SMTP "
                "(RFC 8314, 3.3)."
            )
    if strict is not None and strict.caught.content is not Has.READ:
        failed = strict.walked.failed if strict.walked is not None else None
        if failed is not None and failed.phase == "STARTTLS":
            yield (
                "The strict client asked for TLS all the same, got a refusal, and stopped: no "
                "password, no envelope, no content was sent. It has to try later, or elsewhere."
            )
