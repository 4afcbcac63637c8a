"""How long a run takes: measured by the methods, and said before it starts."""

import json
from pathlib import Path
from typing import ClassVar

import pytest

from benchmarks import plugins
from benchmarks.commands.run import cheapest_first
from benchmarks.jobs import forecast
from benchmarks.jobs.gpus import Gpu, Slots
from benchmarks.jobs.plan import Job
from methods import Work
from tests.stored import made_cell


def job(method: str, category: str = "bolt") -> Job:
    return Job(
        cell=made_cell(method, category),
        key="k",
        code="c",
        root=Path("parts"),
        folder=Path("kept"),
        device="cpu",
        track_epochs=False,
        keep_model=True,
        fit_images=10,
        scored_images=5,
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (29, "29 s"), (100, "2 min"), (3599, "1 h 0 min"), (12_000, "3 h 20 min"), (190_800, "2 days 5 h")],
)
def test_a_duration_is_told_in_two_units_at_most(seconds, text):
    assert forecast.duration(seconds) == text


def told(monkeypatch, seconds, methods=("differnet",), devices=1):
    monkeypatch.setattr(forecast, "_can_tell", lambda method: method != "mean_image")
    monkeypatch.setattr(forecast, "_measured", lambda jobs: seconds.get(jobs[0].cell.method))
    return forecast.sentence(forecast.speeds([job(method) for method in methods]), devices=devices)


def test_a_brief_run_is_not_announced(monkeypatch):
    assert told(monkeypatch, {"differnet": {"": 59.0, "fast": 20.0}}) is None
    assert told(monkeypatch, {}, methods=["mean_image"]) is None


def test_a_long_run_is_announced_with_the_presets_that_are_faster(monkeypatch):
    sentence = told(monkeypatch, {"differnet": {"": 7200.0, "fast": 1800.0, "paper": 9000.0}})
    assert sentence == "about 2 h 0 min by the speed just measured; with --preset fast about 30 min"


def test_gpus_share_the_work(monkeypatch):
    assert told(monkeypatch, {"differnet": {"": 7200.0}}, devices=4) == "about 30 min by the speed just measured"
    for gpus, jobs, devices in ((0, 3, 1), (4, 1, 1), (4, 3, 3), (2, 3, 2)):
        assert Slots([Gpu("a", "GPU 0", "")] * gpus, jobs).devices == devices


def test_methods_add_up_and_one_without_a_preset_counts_as_it_is(monkeypatch):
    seconds = {"differnet": {"": 7200.0, "fast": 1800.0}, "cae": {"": 600.0, "light": 60.0}}
    sentence = told(monkeypatch, seconds, methods=["differnet", "cae", "mean_image"])
    assert sentence.startswith("about 2 h 10 min") and "--preset fast about 40 min" in sentence
    assert "--preset light" not in sentence  # it would save next to nothing


def test_a_method_that_cannot_be_measured_is_named(monkeypatch):
    sentence = told(monkeypatch, {"differnet": {"": 7200.0}}, methods=["differnet", "cae"])
    assert sentence.endswith("; without cae, whose speed could not be measured")


def test_jobs_of_faster_methods_come_first_and_keep_their_order(monkeypatch):
    jobs = [job(method, category) for category in ("bolt", "nut") for method in ("differnet", "cae", "mean_image")]
    found = [(each.cell.method, each.cell.category) for each in cheapest_first(jobs)]
    paces = {name: plugins.method(name).pace for name in ("differnet", "cae", "mean_image")}
    assert paces == {"differnet": "hours", "cae": "minutes", "mean_image": "seconds"}
    expected = [(method, category) for method in ("mean_image", "cae", "differnet") for category in ("bolt", "nut")]
    assert found == expected


class TestARun:
    """A run of the toy method, which says how long it takes."""

    DEFINITION: ClassVar = (
        "\n    def expected_seconds(self, works, *, device):\n"
        "        return [self.epochs * (work.fit_images + work.scored_images) for work in works]\n"
    )

    def test_says_how_long_it_takes_before_it_starts(self, checkout):
        toy = checkout.folder / "methods/toy.py"
        toy.write_text(toy.read_text() + self.DEFINITION)
        done = checkout.compare("--set", "toy.epochs=4")
        # bolt and nut: 5 images to fit, 1 to set the threshold, 6 to test, four seconds each.
        assert "about 2 min by the speed just measured" in done.stderr
        assert done.stderr.index("by the speed just measured") < done.stderr.index("toy bolt seed 0: starting")

    def test_goes_on_where_that_cannot_be_measured(self, checkout):
        toy = checkout.folder / "methods/toy.py"
        toy.write_text(toy.read_text() + "\n    def expected_seconds(self, works, *, device):\n        return 1 / 0\n")
        assert checkout.compare().returncode == 0


@pytest.mark.parametrize("name", ["cae"])
def test_expected_seconds_grow_with_the_work(name):
    method = plugins.choose(name, plugins.method(name).quick).method
    few, many = method.expected_seconds([Work(4, 2), Work(40, 200)], device="cpu")
    assert 0 < few < many


@pytest.mark.parametrize(("given", "lighter"), [({}, ["fast", "light"]), ({"preset": "light"}, [])])
def test_what_is_measured_has_the_run_as_set_and_its_lighter_presets(given, lighter):
    quick = plugins.method("patchcore").quick
    found = forecast.measure("patchcore", {**quick, **given}, [Work(4, 2)], "cpu")
    assert list(found) == ["", *lighter] and json.dumps(found)


def test_a_light_run_on_few_images_is_not_measured(monkeypatch):
    light = job("differnet").model_copy(update={"cell": made_cell("differnet", settings={"preset": "light"})})
    monkeypatch.setattr(forecast, "_measured", lambda jobs: {"": 7200.0})
    assert not forecast.speeds([light] * 3)
    assert forecast.speeds([light] * 300) and forecast.speeds([light, job("differnet")])
