"""The figure of a training: its contents, and when it is drawn."""

import matplotlib
import numpy as np
import pytest

from benchmarks.jobs import storage
from reports import curves_plot
from reports.results import Curve, Result, StoredEpoch
from tests.stored import made_cell, made_result

pytestmark = pytest.mark.filterwarnings("error")
RATES = np.geomspace(1e-5, 1, 40)


def result(losses, held_out=None, *, kept=None, curves=(), **changed) -> Result:
    pairs = zip(losses, held_out or [None] * len(losses), strict=True)
    return made_result(
        cell=made_cell("cae", "$brick_1$", 3, dataset="demo", settings=changed, changed=changed),
        epochs=[
            StoredEpoch(number=number, loss=loss, held_out_loss=held, kept=kept, image_auroc=None, seconds=1.0)
            for number, (loss, held) in enumerate(pairs, start=1)
        ],
        curves=list(curves),
    )


def lines(axes) -> dict[str, tuple[list[float], list[float]]]:
    return {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines}


@pytest.mark.parametrize("kept, marked", [(3, 3), (None, 4)])
def test_both_losses_are_drawn_and_the_kept_epoch_is_marked(kept, marked):
    before = dict(matplotlib.rcParams)
    [axes] = curves_plot.training(result([3, 2, 1.5, 1.4], [3, 2.5, 2.4, 2.6], kept=kept)).axes
    assert lines(axes) == {
        "training": ([1, 2, 3, 4], [3, 2, 1.5, 1.4]),
        "held-out images": ([1, 2, 3, 4], [3, 2.5, 2.4, 2.6]),
        f"kept: epoch {marked}": ([marked, marked], [0, 1]),
    }
    assert dict(matplotlib.rcParams) == before


def test_without_held_out_images_no_epoch_is_marked():
    [axes] = curves_plot.training(result([3, 2, 1])).axes
    assert list(lines(axes)) == ["training"]


@pytest.mark.parametrize("losses, scale", [([9, 5, 1], "linear"), ([90, 5, 1], "log"), ([90, 5, -1], "linear")])
def test_a_loss_that_falls_far_and_stays_positive_is_on_a_logarithmic_axis(losses, scale):
    [axes] = curves_plot.training(result(losses)).axes
    assert axes.get_yscale() == scale
    low, high = axes.get_ylim()
    assert low <= min(losses) and high >= max(losses)


def test_a_trial_of_rates_has_a_panel_with_the_chosen_rate():
    trial = Curve(title="Trial", x="rate", y="loss", points=[(rate, 2.0) for rate in RATES], chosen=1e-3)
    _, axes = curves_plot.training(result([3, 2], curves=[trial])).axes
    assert (axes.get_title(loc="left"), axes.get_xlabel(), axes.get_xscale()) == ("Trial", "rate", "log")
    assert lines(axes)["chosen: 0.001"][0] == [1e-3, 1e-3]


def test_every_text_is_within_the_figure_whatever_the_name_is_long():
    long = {f"a_long_setting_{number}": "a long value" for number in range(9)}
    figure = curves_plot.training(result([1, 1, 1], [1, 1, 1], **long))
    figure.draw_without_rendering()
    [axes] = figure.axes
    assert "demo/$brick_1$, seed 3" in axes.get_title(loc="left").replace("\n", " ")
    for text in (axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.get_legend().texts):
        box = text.get_window_extent()
        assert 0 <= box.x0 and box.x1 <= figure.bbox.x1 and 0 <= box.y0 and box.y1 <= figure.bbox.y1


def test_a_fit_of_three_epochs_leaves_its_figure_and_one_of_two_none(after_run):
    checkout = after_run("--categories", "bolt")  # of two epochs
    checkout.compare("--set", "toy.epochs=3", "--categories", "bolt")
    drawn, bare = sorted(checkout.results.glob("jobs/toy/bolt/*"), key=lambda folder: -len(list(folder.iterdir())))
    assert sorted({*drawn.iterdir()} - {drawn / file.name for file in bare.iterdir()}) == [
        drawn / "curves.pdf",
        drawn / "curves.png",
    ]


def test_what_was_measured_besides_has_its_figure_however_short_the_fit(tmp_path):
    trial = Curve(title="Trial", x="rate", y="loss", points=[(rate, 2.0) for rate in RATES], chosen=1e-3)
    storage._draw_curves(result([3], curves=[trial]), tmp_path)
    assert (tmp_path / "curves.png").is_file()
    storage._draw_curves(result([3]), tmp_path)
    assert not list(tmp_path.iterdir())
