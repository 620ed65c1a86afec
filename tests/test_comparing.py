"""Two EHLO replies and two runs compared."""

import pytest

from smtplab import Sandbox, Transcript, read_dialogue
from smtplab.comparing import ehlo_diff, transcript_diff
from smtplab.extensions import Extensions


def test_starttls_changes_what_a_server_offers() -> None:
    with Sandbox("tcp") as sandbox, sandbox.connect("smtp.example.org", 587) as client:
        client.ehlo()
        before = client.extensions
        client.starttls()
        client.ehlo()
        found = ehlo_diff(before, client.extensions)
    assert list(found.removed) == ["STARTTLS"] and "AUTH" in found.added
    assert str(found).startswith("- STARTTLS\n+ ") and "+ AUTH" in found._repr_html_()


def test_parameters_that_differ_are_shown_both_ways_and_are_harmless_on_a_page() -> None:
    found = ehlo_diff(Extensions({"SIZE": ("9",)}), Extensions({"SIZE": ("<b>\x1b",)}))
    assert str(found) == "- SIZE 9\n+ SIZE <b>\\x1b"
    assert "<b>" not in found._repr_html_()
    assert str(ehlo_diff(None, None)) == "the same keywords"


RUN = "S: 220 a\nC: EHLO b\nS: 250 c\nC: RCPT TO:<x@example.org>\nS: 250 OK\n"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (RUN, "The two runs say the same."),
        (RUN.replace("250 OK", "550 No"), "step 2: RCPT got 250 in the first, 550 in the second."),
        (
            RUN.replace("250 OK", "250 Ok"),
            "step 2: both replies to RCPT are 250, with other words.",
        ),
        (RUN.replace("<x@", "<y@"), "step 2: both send RCPT, but not with the same words."),
        (RUN.replace("C: RCPT", "C: NOOP\nS: 250 x\nC: RCPT"), "step 2: the second adds NOOP."),
        (RUN + "C: QUIT\nS: 221 x\n", "step 3: the second adds QUIT."),
        (RUN.partition("C: RCPT")[0], "step 2: the second leaves out RCPT."),
        (RUN.replace("EHLO", "HELO"), "step 1: the first goes on with EHLO, the second with HELO."),
    ],
)
def test_the_first_difference_of_two_runs_is_told_in_one_sentence(changed: str, told: str) -> None:
    found = transcript_diff(read_dialogue(RUN), read_dialogue(changed))
    assert found.first_difference.endswith(told) and str(found).startswith(found.first_difference)
    old = "\n".join(line for mark, line in found.rows if mark in " -")
    new = "\n".join(line for mark, line in found.rows if mark in " +")
    assert (old + "\n", new + "\n") == (RUN, changed)


def test_a_secret_is_shown_by_no_comparison_and_an_empty_transcript_is_refused() -> None:
    one = read_dialogue("C: AUTH PLAIN AGEAYg==\nS: 235 a\n")
    assert "AGEA" not in str(transcript_diff(one, read_dialogue("C: AUTH PLAIN eA==\nS: 535 b\n")))
    with pytest.raises(ValueError, match="this transcript has none"):
        transcript_diff(one, Transcript(lambda: one.events[0].world_time))
