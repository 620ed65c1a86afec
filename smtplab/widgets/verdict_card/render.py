"""From the verdict card's model to HTML and text: pure functions, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable

from smtplab.sandbox.reception.rendering import as_text, headline, parts
from smtplab.sandbox.reception.score import RULES
from smtplab.sandbox.verdict.judge import Verdict
from smtplab.transcript.rendering import visible
from smtplab.widgets import pieces
from smtplab.widgets.pieces import safe
from smtplab.widgets.plain import breakable
from smtplab.widgets.verdict_card.alignment import compared_with_7489, ties
from smtplab.widgets.verdict_card.differing import where_they_differ
from smtplab.widgets.verdict_card.model import KINDS, Shown, VerdictModel

MOST_STEPS = 60  # of one check
LONGEST = 300  # characters of one text

EMPTY = "Nothing was decided yet. Send a message."
_MEANING = {
    "SPF": "May this address send for the domain of the reverse-path? RFC 7208",
    "DKIM": "Is the content as the domain that signed it saw it? RFC 6376",
    "DMARC": "Does either of them belong to the domain in From? RFC 9989",
    "Content score": "What ten named rules make of the content",
    "At the door": "What was asked before the content came",
    "Decision": "What the host made of it all",
}


def cut(text: str) -> str:
    """Safe text of bounded length, whose long words may break."""
    over = len(text) - LONGEST
    return f"{breakable(text[:LONGEST])}{f' [{over} characters left out]' if over > 0 else ''}"


# The bar and the outcome.


def bar(shown: Shown | None) -> str:
    chips: list[str | tuple[str, str]] = []
    if shown is not None:
        chips.append(f"{_outcome(shown)}"[:80])
        chips += [f"{what} {result}" for what, result in _results(shown)]
    return pieces.title("Verdict") + pieces.chips(chips)


def outcome(shown: Shown | None) -> str:
    """What happened, and why, in two lines."""
    if shown is None:
        return f"<p>{EMPTY}</p>"
    verdict = shown.verdict
    paths = ", ".join(verdict.forward_paths[:3])
    mark = "bad" if verdict.is_refused else "good" if verdict.outcome == "Inbox" else "junk"
    change = ""
    if shown.trial is not None and shown.trial.change is not None:
        change = "<p>One octet was changed after signing: "
        change += f"<code>{cut(str(shown.trial.change))}</code></p>"
    return (
        f'<p class="smtplab-headline smtplab-{mark}"><b>{cut(headline(verdict))}</b></p>'
        f"<p>{cut(verdict.why)}</p><p>Brought by {safe(verdict.address)} with the reverse-path "
        f"<code>&lt;{cut(verdict.reverse_path)}&gt;</code> for {cut(paths)}.</p>{change}"
    )


def _outcome(shown: Shown) -> str:
    verdict = shown.verdict
    return f"refused: {verdict.reply}" if verdict.is_refused else verdict.outcome


def _results(shown: Shown) -> list[tuple[str, str]]:
    checks, score = shown.verdict.checks, shown.verdict.score
    found = []
    if checks is not None:
        found = [
            ("SPF", checks.spf.result),
            ("DKIM", checks.dkim.result),
            ("DMARC", checks.dmarc.result),
        ]
    if score is not None:
        found.append(("score", str(score.points)))
    return found


# Alignment, drawn.


def alignment(shown: Shown | None) -> str:
    """From on one side, each authenticated domain on the other, and what lies between them."""
    if shown is None or shown.verdict.checks is None:
        return ""
    checks = shown.verdict.checks
    found = ties(checks)
    left = _box("RFC5322.From domain", checks.dmarc.domain or "no single domain", _author(checks))
    rows = [f'<div class="smtplab-from" style="grid-row: span {len(found)}">{left}</div>']
    for tie in found:
        look = "yes" if tie.aligned else "no"
        told = f'<span class="smtplab-tie smtplab-{look}"><b>{tie.word}</b></span>'
        rows.append(f"{told}<div>{_box(tie.who, tie.domain or 'none', tie.result, tie.told)}</div>")
    return (
        '<p class="smtplab-label">Alignment (RFC 9989, 4.4)</p>'
        f'<div class="smtplab-figure">{"".join(rows)}</div>{_policy(checks)}{_earlier(checks)}'
    )


def _author(checks: Verdict) -> str:
    found = checks.dmarc.organizational_domain
    return f"Organizational Domain: {found}" if found else "Organizational Domain: not known"


def _box(label: str, domain: str, *told: str) -> str:
    lines = "".join(f"<span>{cut(one)}</span>" for one in told)
    return f"<em>{safe(label)}</em><b>{cut(domain)}</b>{lines}"


def _policy(checks: Verdict) -> str:
    dmarc = checks.dmarc
    if not dmarc.policy_domain:
        return f"<p>DMARC: {safe(dmarc.result)}. No policy record was found or could be used.</p>"
    asked = f"{dmarc.tag}={dmarc.policy}" if dmarc.tag else "no policy"
    told = f"DMARC: {dmarc.result}. The record at {dmarc.policy_domain} says {asked}"
    if dmarc.result == "fail":
        told += f", so for this content it asks for {dmarc.disposition}"
    return f"<p>{cut(told)}.</p>"


def _earlier(checks: Verdict) -> str:
    rows = compared_with_7489(checks.dmarc)
    if not rows:
        return pieces.legend("RFC 7489, which RFC 9989 replaces, would decide alike here.")
    head = ("what", "RFC 9989, now", "RFC 7489, before")
    cells = [(safe(what), cut(new), cut(old)) for what, new, old in rows]
    told = "".join(f"<li>{cut(one)}</li>" for one in checks.dmarc.differences)
    return f"{pieces.table('Where the two RFCs differ', head, cells)}<ul>{told}</ul>"


# Step by step.


def steps(shown: Shown | None) -> str:
    """Each check opens to its steps: what was looked up, what matched, and who says so."""
    if shown is None:
        return ""
    return "".join(_part(*part) for part in parts(shown.verdict)) + _score(shown) + _asked(shown)


def _part(name: str, result: str, found: Iterable[object]) -> str:
    lines = [str(one) for one in found]
    items = "".join(f"<li>{cut(one)}</li>" for one in lines[:MOST_STEPS])
    if len(lines) > MOST_STEPS:
        items += f"<li>{len(lines) - MOST_STEPS} more steps are left out here</li>"
    summary = f"<b>{safe(name)}: {cut(result)}</b> {safe(_MEANING.get(name, ''))}"
    return f"<details><summary>{summary}</summary><ol>{items}</ol></details>"


def _score(shown: Shown) -> str:
    score = shown.verdict.score
    if score is None:
        return ""
    rows = [
        (
            f"<code>{safe(rule.name)}</code>",
            str(rule.points),
            "<b>yes</b>" if rule in score.matched else "no",
            f"{safe(rule.explanation)} ({safe(rule.source)})",
        )
        for rule in RULES
    ]
    told = f"The ten rules of the score: {score.points} points"
    body = pieces.table(told, ("rule", "points", "matches", "when"), rows)
    return f"<details><summary>{safe(told)}</summary>{body}</details>"


def _asked(shown: Shown) -> str:
    if shown.trial is None:
        return ""
    asked = [
        (
            safe(one.type),
            cut(one.name),
            "<br>".join(map(cut, one.records)) or cut(one.failure or "none"),
        )
        for one in shown.trial.look_ups[:MOST_STEPS]
    ]
    told = f"What the servers asked the DNS: {len(shown.trial.look_ups)} questions"
    body = pieces.table(told, ("type", "name", "records"), asked)
    return f"<details><summary>{safe(told)}</summary>{body}</details>"


# Beside the last one.


def comparison(model: VerdictModel) -> str:
    """The last verdict and this one, row by row; what differs says so."""
    if model.last is None or model.shown is None:
        return ""
    rows = []
    for (what, old), (_, new) in zip(_facts(model.last), _facts(model.shown), strict=True):
        last, this, mark = cut(old), cut(new), "same"
        if old != new:
            shorts = _shortened(what, old, new)
            last, this = (_unfolds(*pair) for pair in zip(shorts, (old, new), strict=True))
            this, mark = f"<b>{this}</b>", "changed"
        elif what.endswith(" record"):
            continue
        rows.append((safe(what), last, this, mark))
    return pieces.table("The last verdict and this one", ("what", "last", "this", "same?"), rows)


def _shortened(what: str, old: str, new: str) -> tuple[str, str]:
    """Of long records only where they differ; the name at which each stands is left whole."""
    if not what.endswith(" record"):
        return old, new
    (here, _, last), (there, _, this) = (one.partition(": ") for one in (old, new))
    last, this = where_they_differ(last, this)
    return f"{here}: {last}".removesuffix(": "), f"{there}: {this}".removesuffix(": ")


def _unfolds(short: str, whole: str) -> str:
    if short == whole:
        return cut(whole)
    return f"<details><summary>{cut(short)}</summary>{cut(whole)}</details>"


def _facts(shown: Shown) -> list[tuple[str, str]]:
    verdict, trial, checks = shown.verdict, shown.trial, shown.verdict.checks
    signatures = checks.dkim.signatures if checks is not None else ()
    dmarc = checks.dmarc if checks is not None else None
    tied = ties(checks) if checks is not None else ()
    asks = f", asks for {dmarc.disposition}" if dmarc and dmarc.result == "fail" else ""
    reason = f": {signatures[0].reason}" if signatures else ""
    aligned = [f"{one.who} {one.domain}" for one in tied if one.aligned]
    records = dict((name.split(" ")[0], f"{name}: {text}") for name, text in shown.records)
    return [
        ("sent by", trial.message.host.name if trial else verdict.address),
        ("From", trial.message.author if trial else (dmarc.domain if dmarc else "")),
        ("octet changed", trial.message.tamper if trial else "nowhere"),
        *((f"{kind} record", records.get(kind, "as published")) for kind in KINDS),
        ("SPF", f"{checks.spf.result} {checks.spf.mechanism}" if checks else "not asked"),
        ("DKIM", f"{checks.dkim.result}{reason}" if checks else "not asked"),
        ("aligned", ", ".join(aligned) or "nobody"),
        ("DMARC", f"{dmarc.result}{asks}" if dmarc else "not asked"),
        ("score", str(verdict.score.points) if verdict.score is not None else "not asked"),
        ("outcome", _outcome(shown)),
    ]  # fmt: skip


def names(model: VerdictModel) -> str:
    """Where each record of the present message stands."""
    told = ", ".join(f"{kind} at {name or 'no domain'}" for kind, name in model.names.items())
    return pieces.legend(f"TXT records, one a line: {told[:LONGEST]}")


def noticed(text: str) -> str:
    return f'<p class="smtplab-legend" role="status">{cut(text)}</p>' if text else ""


# Without a front end.


def as_static_html(model: VerdictModel) -> str:
    shown = model.shown
    if shown is None:
        return f"<p>{EMPTY}</p>"
    drawn = ""
    if (checks := shown.verdict.checks) is not None:
        caption = (
            f"Alignment with the From domain {checks.dmarc.domain or '(none)'}. {_author(checks)}"
        )
        rows = [
            (safe(one.who), cut(one.domain), cut(one.result), one.word, cut(one.told))
            for one in ties(checks)
        ]
        drawn = pieces.table(caption, ("who", "domain", "result", "alignment", "why"), rows)
        drawn += _policy(checks) + _earlier(checks)
    return f"{outcome(shown)}{drawn}{comparison(model)}{steps(shown)}"


def as_static_text(model: VerdictModel) -> str:
    shown = model.shown
    if shown is None:
        return EMPTY
    lines = as_text(shown.verdict).split("\n")
    if (checks := shown.verdict.checks) is not None:
        lines += ["", f"Alignment with the From domain {checks.dmarc.domain or '(none)'}:"]
        lines += [f"  {one.who} {one.domain}: {one.word}: {one.told}" for one in ties(checks)]
        lines += [f"  {one}" for one in checks.dmarc.differences]
    if shown.trial is not None and shown.trial.change is not None:
        lines.append(f"Changed after signing: {shown.trial.change}")
    if model.last is not None:
        pairs = zip(_facts(model.last), _facts(shown), strict=True)
        lines += ["", "Changed since the last verdict:"]
        changes = ((what, *_shortened(what, a, b)) for (what, a), (_, b) in pairs if a != b)
        lines += [f"  {what}: {a} -> {b}" for what, a, b in changes]
    return "\n".join(map(visible, lines))
