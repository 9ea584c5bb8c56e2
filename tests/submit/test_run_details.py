"""RunDetails: what the card shows, as HTML and as text; a kernel shows it in the notebooks of tests/notebooks."""

from __future__ import annotations

import pytest

from jupyter_mldeploy.core import Experiment
from jupyter_mldeploy.notebook.widgets import RunDetails, as_html, as_text

from .conftest import Submit


def test_outside_of_a_notebook_the_card_is_text(submit: Submit, capsys: pytest.CaptureFixture[str]) -> None:
    run = submit("from azureml.core import Run; Run.get_context().log('loss', 0.25); print('one <line>')")
    run.wait_for_completion()
    RunDetails(run).show()
    shown = capsys.readouterr().out
    assert "(submitted): Completed" in shown
    assert "  loss: 0.25\n" in shown and "  | one <line>\n" in shown


def test_the_html_escapes_what_comes_from_the_run(experiment: Experiment) -> None:
    run = experiment.start_logging(display_name="<script>alert(1)</script>")
    run.log("<b>", "<i>")
    run.fail("<u>why</u>")
    data = RunDetails(run).get_widget_data()
    html = as_html(data)
    for tag in ("<script>", "<i>", "<u>"):
        assert tag not in html
    assert html.count("<b>") == 1  # the card's own, around the name
    assert "&lt;u&gt;why" in html and "Failed" in html
    assert "<u>why</u>" in as_text(data)
