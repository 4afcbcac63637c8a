"""The texts of the command line, before a command reads them."""

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.errors import UsageError

PREDICT = ["predict", "new.png", "--results", "none", "--method", "knn", "--category", "bolt"]
EMPTY = {
    "a folder, which would be the working directory": (["run", "--data", ""], "--data: expected a value"),
    "a folder to write into": ([*PREDICT, "--overlays="], "--overlays: expected a value"),
    "a scheduler, without which this machine computes": (["run", "--dask", ""], "--dask: expected a value"),
    "an option of the data": (["check", "--dataset", "demo", "--masks", ""], "--masks: expected a value"),
    "one of several": (["report", "--results", "none", "--results", ""], "--results: expected a value"),
    "an image among others": ([*PREDICT, ""], "IMAGES: expected a value"),
    "a folder of make": (["make", "images", "a.csv", "--to", ""], "--to: expected a value"),
}


@pytest.mark.parametrize(("arguments", "sentence"), EMPTY.values(), ids=EMPTY)
def test_an_empty_text_is_refused(arguments, sentence):
    refused = CliRunner().invoke(app, arguments).exception
    assert isinstance(refused, UsageError) and sentence in str(refused)


def test_of_an_option_given_twice_it_is_said_what_counts():
    said = CliRunner().invoke(app, ["run", "--methods", "knn", "--methods", "nothing", "--force", "--force"])
    assert "did you mean" in str(said.exception) or "nothing" in str(said.exception)
    assert "--methods: given 2 times, the last one counts: nothing\n" in said.stderr and "--force" not in said.stderr


def test_options_that_can_be_repeated_are_not_named():
    said = CliRunner().invoke(app, ["report", "--results", "none", "--results", "nowhere"])
    assert "given" not in said.stderr
