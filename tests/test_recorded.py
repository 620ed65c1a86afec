"""Where Python has no TLS: what a cell that needs it shows instead of failing."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from smtplab.lessons.recorded import EXERCISE, RAN, SILENT, STOPPED, STUB, Playback, Recorded

PRINTED = ({"output_type": "stream", "name": "stdout", "text": ["220 <ready>\n", "250 ok\n"]},)
EVIDENCE = {
    ("one", "1 / 0"): PRINTED,
    ("two", "print('250 mine')"): PRINTED,
    ("three", "2 / 0"): (),
    ("four", f"{STUB}\n\nx = 1"): PRINTED,
}


@pytest.fixture
def shell():
    shell = InteractiveShell.instance()
    Playback(shell).evidence.update(EVIDENCE)
    yield shell
    InteractiveShell.clear_instance()


def run(shell, cell, source):
    """What a cell prints, and the text of what it displays."""
    with capture_output() as captured:
        shell.run_cell(source, cell_id=cell)
    return captured.stdout, [output.data["text/plain"] for output in captured.outputs]


@pytest.mark.parametrize(
    ("cell", "source", "printed", "sentence"),
    [
        ("one", "1 / 0\n", "", STOPPED),
        ("two", "print('250 mine')", "250 mine\n", RAN),
        ("three", "2 / 0", "", SILENT),
        ("four", f"{STUB}\n\nx = 1", "", EXERCISE),
    ],
    ids=["stopped", "ran", "silent", "exercise"],
)
def test_a_cell_that_needs_tls_shows_a_sentence_and_its_stored_outputs(
    shell, cell, source, printed, sentence
):
    said, (shown,) = run(shell, cell, source)
    assert said == printed
    assert " ".join(shown.split()).startswith(sentence)
    assert shown.endswith("220 <ready>\n250 ok") == (sentence in (STOPPED, RAN))


@pytest.mark.parametrize(
    ("cell", "source"),
    [("one", "1 / 0  # changed"), ("five", "1 / 0")],
    ids=["the same cell, changed by the learner", "another cell with the same source"],
)
def test_any_other_cell_fails_as_it_does_anywhere(shell, cell, source):
    said, shown = run(shell, cell, source)
    assert "ZeroDivisionError" in said and shown == []


def test_evidence_is_folded_up_under_a_cell_that_could_run_and_open_under_one_that_could_not():
    stopped, ran = Recorded(STOPPED, PRINTED)._repr_html_(), Recorded(RAN, PRINTED)._repr_html_()
    assert stopped.startswith("<details open>") and ran.startswith("<details>")
    assert "<pre>220 &lt;ready&gt;\n250 ok\n</pre>" in ran
