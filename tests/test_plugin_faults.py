"""A plugin that errs is named with its file, costs the other plugins nothing, and no one sees a traceback."""

from itertools import count
from types import SimpleNamespace

import pytest

from benchmarks.jobs import forecast, sayings
from methods import Curve

BROKEN = {
    "wordless": ("def broken(:\n", "methods/wordless.py, line 1: SyntaxError"),
    "lonely": ("import nowhere_to_be_found\n", "methods/lonely.py, line 1: ModuleNotFoundError: No module named"),
    "leaving": ("import sys\nsys.exit(3)\n", "methods/leaving.py, line 2: it ended the program with sys.exit(3)"),
    "classless": ("", "methods.classless defines 0 subclasses of Method"),
}
ODD = """
    def remarks(self):
        return ("said", None)

    def curves(self):
        raise RuntimeError("no curve today")

    def load_state(self, folder, *, device):
        raise RuntimeError("no state today")
"""


def test_a_plugin_that_cannot_be_loaded_is_named_and_the_others_are_there(checkout):
    for name, (text, _) in BROKEN.items():
        (checkout.folder / f"methods/{name}.py").write_text(text)
    (checkout.folder / "datasets/torn.py").write_text("from datasets import Nothing\n")
    done = checkout.run(command="list")
    assert done.returncode == 1 and "Difference from the mean colour" in done.stdout and "visa" in done.stdout
    for sentence in (*(said for _, said in BROKEN.values()), "datasets/torn.py, line 1: ImportError"):
        assert sentence in done.stderr
    assert checkout.run("toy", command="list").returncode == 0
    named = checkout.run("leaving", command="list")
    assert named.returncode == 2 and "methods/leaving.py" in named.stderr and len(named.stderr.splitlines()) == 1
    refused = checkout.run("--dataset", "visa", "--data", str(checkout.data), "--normal", "good", command="check")
    assert refused.returncode == 2 and "these can: " in refused.stderr and "folder" in refused.stderr


def test_what_a_method_says_after_its_training_costs_no_result_and_what_it_raises_later_is_one_sentence(checkout):
    text = (checkout.folder / "methods/toy.py").read_text().replace("class Toy", "class Odd")
    (checkout.folder / "methods/odd.py").write_text(f"{text}{ODD}")
    options = ["--methods", "odd", "--dataset", "folder", "--data", checkout.data, "--results", checkout.results]
    assert checkout.run(*map(str, options), "--categories", "bolt").returncode == 0
    page = (checkout.results / "report.md").read_text()
    assert "remarks of Odd failed: MethodError: expected remarks that are texts, got NoneType" in page
    assert "curves of Odd failed: RuntimeError: no curve today" in page and "pydantic" not in page
    judging = ["--results", checkout.results, "--method", "odd", "--category", "bolt", checkout.data / "bolt/test"]
    done = checkout.run(*map(str, judging), command="predict")
    assert done.returncode == 2 and "methods/odd.py, line" in done.stderr and done.stderr.count("benchmarks: ") == 1


def test_a_method_that_talks_without_end_is_cut_and_it_is_said():
    (remark, *_, last) = sayings.bounded("x" * 10**6 for _ in count())
    assert len(remark) < 3_000 and remark.endswith("(cut)") and "further remarks are left out" in last
    assert sayings.bounded(["one", "two"]) == ["one", "two"]
    endless = Curve("t", "x", "y", ((x, x) for x in count()))
    said = sayings.AfterFit(
        SimpleNamespace(curves=lambda: [endless], remarks=lambda: "a text", why_no_seconds=lambda: 5)
    )
    assert (said.curves, said.remarks, said.why_no_seconds, len(said.faults)) == ([], [], None, 3)


@pytest.mark.parametrize("printed", ["", "nonsense", "3", '{"": NaN}', '{"": -1}'])
def test_a_speed_that_is_no_number_of_seconds_is_not_known(printed, monkeypatch):
    monkeypatch.setattr(forecast, "job_environment", lambda job, at_once: {})
    monkeypatch.setattr(forecast.sessions, "run", lambda *_, **__: SimpleNamespace(stdout=printed, returncode=0))
    cell = SimpleNamespace(method="knn", changed={})
    job = SimpleNamespace(cell=cell, device="cpu", fit_images=1, scored_images=1)
    assert forecast._measured([job]) is None
