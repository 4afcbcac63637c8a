"""The finetune figures: what they show, that they can be read, and that the same input gives the same bytes."""

import io
import itertools
import os
import pickle
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from scipy import ndimage

from reports import finetune_plots as plots
from reports.blocks import blocks
from reports.finetune_plots import areas, curves, sample, surface

pytestmark = pytest.mark.filterwarnings("error")
ROOT = Path(__file__).resolve().parent.parent
HEIGHT, WIDTH, THRESHOLDS = 48, 64, np.linspace(0.05, 1, 12)
LONG = "defects cut from photographs of other parts and blended into 38 held-out images of the line " * 3


def smooth_map(seed):
    noise = np.random.default_rng(seed).normal(size=(HEIGHT, WIDTH))
    values = np.abs(ndimage.gaussian_filter(noise, 2))
    return (values / values.max()).astype(np.float32)


def labels_and_areas(map, threshold):
    labels, _ = ndimage.label(map > threshold, np.ones((3, 3)))
    return labels, np.bincount(labels.ravel())[1:]


def areas_at(maps, threshold):
    return np.concatenate([labels_and_areas(map, threshold)[1] for map in maps])


def sweep_of(maps):
    regions = [areas_at(maps, threshold) for threshold in THRESHOLDS]
    known = [(found.mean(), found.std()) if len(found) else (np.nan, np.nan) for found in regions]
    return plots.Sweep(THRESHOLDS, np.array([len(found) for found in regions]), *np.transpose(known), len(maps))


def panel_of(map, part, rule, title="000.png, score 0.5", reconstructed=True):
    labels, found = labels_and_areas(map, rule.threshold)
    large = np.append(0, found)[labels] >= rule.area_px
    image = np.repeat((map * 255).astype(np.uint8)[..., None], 3, axis=2)
    return plots.Panel(title, part, image, 255 - image if reconstructed else None, map, large, (labels > 0) & ~large)


def tuning_of(areas_px, tuned_on="defects blended into 38 held-out images"):
    share = np.exp(-np.outer(THRESHOLDS, np.log1p(areas_px)))
    shown = plots.Surface(THRESHOLDS, areas_px, 0.5 + share * (1 - share), share, 0.05)
    rate = np.linspace(0.9, 0.4, len(areas_px))
    return plots.Tuning(areas_px, rate, 1 - rate / 9, (rate + 1 - rate / 9) / 2, 1 - rate / 2, shown, tuned_on)


@pytest.fixture(scope="module")
def figures():
    maps = [smooth_map(seed) for seed in range(6)]
    areas_px, rule = np.array([1, 3, 10, 30, 100]), plots.Rule(10, 0.5, HEIGHT * WIDTH)
    return plots.Figures(
        sweep_of(maps),
        [plots.AreaDistribution(threshold, areas_at(maps, threshold)) for threshold in (0.1, 0.2, 0.4, 0.8)],
        plots.Calibration(areas_px, np.linspace(0.9, 0.3, 5)),
        tuning_of(areas_px),
        rule,
        [panel_of(map, part, rule) for map, part in zip(maps, ("calibration", "test", "test"), strict=False)],
    )


@pytest.fixture(scope="module")
def drawn(figures, tmp_path_factory):
    """The files of all figures, with matplotlib's settings before and after drawing them."""
    before = dict(matplotlib.rcParams)
    paths = plots.draw(tmp_path_factory.mktemp("drawn"), figures)
    assert dict(matplotlib.rcParams) == before
    return paths


def every_figure(figures):
    """All figures by name, as `draw` makes them."""
    sweep, distributions, calibration, tuning, rule, panels = figures
    return {
        "number": curves.number_of_regions(sweep, rule),
        "area": curves.area_of_regions(sweep, rule),
        "distribution": areas.distribution(distributions[0], rule),
        "rising": areas.at_rising_thresholds(distributions, rule),
        "calibrated": curves.calibrated_threshold(calibration, rule),
        "rates": curves.rates(tuning, rule),
        "surface": surface.balanced_accuracy(tuning, rule),
        "sample": sample.sample(panels, rule),
    }


# Files.


def test_every_figure_is_written_as_png_and_pdf_in_the_order_of_its_number(drawn):
    assert [path.name[0] for path in drawn] == [str(number) for number in range(1, 9) for _ in ("png", "pdf")]
    assert sorted(drawn, key=lambda path: path.name[0]) == drawn
    assert sorted(path.name for path in drawn[0].parent.iterdir()) == sorted(path.name for path in drawn)


def test_each_png_opens_with_the_size_of_its_figure(drawn, figures):
    for path, figure in zip(drawn[::2], every_figure(figures).values(), strict=True):
        with Image.open(path) as image:
            assert image.size == pytest.approx(figure.bbox.size, abs=1)


def test_each_pdf_is_one_whole_page_without_a_date(drawn):
    for path in drawn[1::2]:
        content = path.read_bytes()
        assert content.startswith(b"%PDF") and content.rstrip().endswith(b"%%EOF")
        assert b"/CreationDate" not in content and b"/Count 1" in content


def test_another_process_with_other_settings_writes_the_same_bytes(drawn, figures, tmp_path):
    (tmp_path / "figures").write_bytes(pickle.dumps(figures))
    code = (
        "import matplotlib, pathlib, pickle, sys; matplotlib.rcParams['font.size'] = 30\n"
        "from reports.finetune_plots import draw; folder = pathlib.Path(sys.argv[1])\n"
        "draw(folder / 'again', pickle.loads((folder / 'figures').read_bytes()))\n"
        "print('matplotlib.pyplot' in sys.modules, matplotlib.rcParams['font.size'])"
    )
    command, environment = [sys.executable, "-c", code, str(tmp_path)], os.environ | {"PYTHONHASHSEED": "7"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "30.0"]
    for path in drawn:
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_without_tuning_images_or_panels_their_figures_are_left_out(figures, tmp_path):
    paths = plots.draw(tmp_path, figures._replace(tuning=None, panels=[]))
    assert [path.name[0] for path in paths[::2]] == ["1", "2", "3", "4", "5"]
    assert len(list(tmp_path.iterdir())) == 10


# What the curves say.


def test_axes_say_their_units(figures):
    drawn = every_figure(figures)
    area, level = "pixels of the original image", "level of the anomaly map"
    expected = {
        "number": (level, "number of regions"),
        "area": (level, area),
        "distribution": (area, "number of regions"),
        "rising": (area, "number of regions"),
        "calibrated": (area, level),
        "rates": (area, "share of the images"),
        "surface": (area, level),
    }
    for name, (x, y) in expected.items():
        axes = drawn[name].axes[0]
        assert x in axes.get_xlabel() and y in axes.get_ylabel(), name
    assert level in drawn["sample"].axes[0].get_xlabel()


@pytest.mark.parametrize("name", ["distribution", "rising", "calibrated", "rates", "surface"])
def test_shares_of_the_image_stand_over_their_pixels(figures, name):
    figure = every_figure(figures)[name]
    [share] = [axes for axes in figure.axes if axes.get_xlabel() == "share of the image (%)"]
    figure.draw_without_rendering()
    for percent in (0.1, 1, 50):
        pixels = figure.axes[0].transData.transform((percent / 100 * HEIGHT * WIDTH, 0.5))
        assert share.transData.transform((percent, 0))[0] == pytest.approx(pixels[0])


def test_shares_stand_beside_their_pixels_where_a_deviation_is_zero(figures):
    sweep = figures.sweep._replace(std_area_px=np.zeros(12))
    figure = curves.area_of_regions(sweep, figures.rule)
    axes, share = figure.axes
    figure.draw_without_rendering()
    assert axes.get_yscale() == share.get_yscale() == "symlog"
    for percent in (0, 0.01, 1, 100):
        pixels = axes.transData.transform((0.5, percent / 100 * HEIGHT * WIDTH))
        assert share.transData.transform((0.5, percent))[1] == pytest.approx(pixels[1])


def test_the_chosen_point_is_marked_and_named(figures):
    for name in ("calibrated", "surface"):
        figure = every_figure(figures)[name]
        [star] = [line for line in figure.axes[0].lines if line.get_marker() == "*"]
        assert (star.get_xdata()[0], star.get_ydata()[0]) == (10, 0.5)
        texts = [text.get_text() for text in figure.legends[0].get_texts()]
        assert "chosen: minimum area 10 px (0.326 % of the image), threshold 0.5" in texts


@given(arrays.arrays(np.int64, st.integers(1, 30), elements=st.integers(1, 40)))
def test_the_falling_steps_count_the_regions_of_at_least_an_area(areas_px):
    x, y = areas.at_least(areas_px)
    for area_px in range(1, areas_px.max() + 1):
        assert y[np.searchsorted(x, area_px - 0.5)] == (areas_px >= area_px).sum()
    assert (x[-1], y[-1]) == (areas_px.max(), areas.BELOW_ONE)


@given(arrays.arrays(np.int64, st.integers(1, 30), elements=st.integers(1, 10**7)))
def test_every_area_lies_in_one_bin_and_bins_never_get_narrower(areas_px):
    edges = areas.whole_pixel_edges(areas_px)
    assert np.histogram(areas_px, edges)[0].sum() == len(areas_px)
    assert (np.diff(edges, 2) >= 0).all() and (edges % 1 == 0.5).all()
    assert len(edges) <= areas.BINS + 2


def test_the_line_of_wanted_false_alarms_parts_the_cells():
    share = np.array([[0.9, 0.5, 0.2], [0.5, 0.05, 0.0], [0.5, 0.0, 0.0]])
    shown = plots.Surface(np.arange(3), np.arange(1, 4), share, share, 0.05)
    np.testing.assert_equal(surface.lowest_allowed(shown, np.arange(4) - 0.5), [np.nan, 0.5, 0.5])


# Images.


def test_a_reduced_panel_keeps_its_highest_level_and_regions_of_one_pixel():
    map = np.zeros((60, 100), np.float32)
    map[41, 73] = 2
    panel = plots.Panel("wide", "test", np.full((60, 100, 3), 90, np.uint8), None, map, map > 1, map < 0, mask=map > 1)
    small = panel.reduced(50)
    assert small.map.shape == (30, 50) and small.image.shape == (30, 50, 3) and (small.image == 90).all()
    assert small.map.max() == 2 and small.accepted.sum() == small.mask.sum() == 1 and not small.rejected.any()
    assert panel.reduced(100) is panel


@given(
    arrays.arrays(np.float32, st.tuples(*[st.integers(1, 9)] * 2), elements=st.floats(0, 1, width=32)),
    st.integers(1, 5),
)
def test_a_smaller_drawing_keeps_the_highest_level_of_every_block(map, step):
    reduced = blocks(map, step, np.max)
    slow = [
        [map[r : r + step, c : c + step].max() for c in range(0, map.shape[1], step)] for r in range(0, len(map), step)
    ]
    np.testing.assert_array_equal(reduced, slow)


def test_all_maps_share_one_scale_that_holds_the_threshold(figures):
    dim = figures.panels[0]._replace(map=figures.panels[0].map / 100)
    figure = sample.sample([dim, *figures.panels], figures.rule._replace(threshold=2.0))
    maps = [image for axes in figure.axes for image in axes.images if image.get_array().ndim == 2]
    limits = {image.get_clim() for image in maps}
    assert len(maps) == 4 and len(limits) == 1
    assert limits.pop()[1] == 2.0


def outlines(panel, rule):
    """The corners of what is outlined as accepted and as rejected."""
    axes = sample.sample([panel], rule).axes[-1]
    colors = {"accepted": sample.ACCEPTED["colors"], "rejected": sample.REJECTED["colors"]}
    return {
        name: np.concatenate([path.vertices for path in outline.get_paths()])
        for name, color in colors.items()
        for outline in axes.collections
        if matplotlib.colors.same_color(outline.get_edgecolor(), color)
    }


def test_a_single_pixel_of_a_large_image_is_outlined_where_it_lies(figures):
    one, none = np.zeros((1200, 1600), bool), np.zeros((1200, 1600), bool)
    one[700, 1100] = True
    image = np.zeros((1200, 1600, 3), np.uint8)
    panel = plots.Panel("large", "test", image, None, one.astype(np.float32), none, one)
    found = outlines(panel, figures.rule)
    assert found.keys() == {"rejected"}
    np.testing.assert_allclose(found["rejected"].mean(axis=0), (1100, 700), atol=6)


def test_the_sample_shows_ground_truth_and_names_each_fault(figures):
    panel = figures.panels[0]
    known = panel._replace(mask=panel.accepted | panel.rejected, fault="MISSED")
    figure = sample.sample([known, panel._replace(fault="FALSE ALARM")], figures.rule)
    texts = [text.get_text() for text in figure.texts]
    assert texts.count("MISSED") == texts.count("FALSE ALARM") == 1
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend[-1] == "ground truth (input)"
    assert "ground truth (input)" not in [
        text.get_text() for text in sample.sample([panel], figures.rule).legends[0].get_texts()
    ]


@pytest.mark.parametrize(("promised", "told"), [(0.25, "at most 25 % is promised"), (None, "no rate is promised")])
def test_the_line_of_false_alarms_says_what_so_few_images_can_promise(figures, promised, told):
    shown = figures.tuning.surface._replace(setters=3, promised_share=promised)
    figure = surface.balanced_accuracy(figures.tuning._replace(surface=shown), figures.rule)
    label = " ".join(text.get_text() for text in figure.legends[0].get_texts())
    assert "of the 3 normal images that set the threshold" in label and told in label


def test_accepted_and_rejected_regions_are_told_apart_by_colour_and_by_line():
    assert sample.ACCEPTED["colors"] != sample.REJECTED["colors"]
    assert sample.ACCEPTED["linestyles"] != sample.REJECTED["linestyles"]


def test_reconstructions_have_a_column_only_where_there_are_any(figures):
    bare = [panel._replace(reconstruction=None) for panel in figures.panels]
    for panels, columns in ((figures.panels, 4), ([figures.panels[0], *bare], 4), (bare, 3)):
        figure = sample.sample(panels, figures.rule)
        assert len(figure.axes) == 1 + columns * len(panels)
        assert columns - 3 == ("reconstruction" in [text.get_text() for text in figure.texts])


@pytest.mark.parametrize("rows", [2, 12])
def test_large_photographs_make_a_file_of_at_most_three_megabytes(figures, rows):
    random = np.random.default_rng(0)
    image = np.clip(120 + random.normal(size=(1024, 1024, 3)) * 12, 0, 255).astype(np.uint8)
    map = ndimage.gaussian_filter(random.random((1024, 1024)), 4).astype(np.float32)
    panel = plots.Panel("noise", "test", image, image, map, map > 0.54, map < 0.46)
    for format in ("png", "pdf"):
        file = io.BytesIO()
        sample.sample([panel] * rows, figures.rule).savefig(file, format=format, dpi="figure")
        assert len(file.getvalue()) < 3.2e6


# Extremes: every figure is drawn without a warning, and what it says can be read.


def scaled(figures, factor):
    """All levels of the maps times a factor."""
    sweep, distributions, calibration, tuning, rule, panels = figures
    return plots.Figures(
        sweep._replace(thresholds=sweep.thresholds * factor),
        [one._replace(threshold=one.threshold * factor) for one in distributions],
        calibration._replace(thresholds=calibration.thresholds * factor),
        tuning._replace(surface=tuning.surface._replace(thresholds=THRESHOLDS * factor)),
        rule._replace(threshold=rule.threshold * factor),
        [panel._replace(map=panel.map * np.float32(factor)) for panel in panels],
    )


def crowded(figures):
    """Levels over many powers of ten, as a flow's likelihood has them."""
    levels = np.geomspace(1e-6, 1e6, len(THRESHOLDS))
    return figures._replace(
        sweep=figures.sweep._replace(thresholds=levels),
        calibration=figures.calibration._replace(thresholds=np.geomspace(1e6, 1e-6, 5)),
        tuning=figures.tuning._replace(surface=figures.tuning.surface._replace(thresholds=levels)),
    )


def single(figures):
    """One threshold, one area, one region, one image."""
    one, cell = np.array([0.4]), np.array([[0.7]])
    shown = plots.Surface(one, np.array([50]), cell, 1 - cell, 0.05)
    return plots.Figures(
        plots.Sweep(one, np.array([1]), np.array([50.0]), np.array([0.0]), 1),
        [plots.AreaDistribution(0.4, np.array([50]))],
        plots.Calibration(np.array([50]), one),
        plots.Tuning(np.array([50]), one, one, one, one, shown, "1 image"),
        plots.Rule(50, 0.4, 3000),
        figures.panels[:1],
    )


def constant(figures):
    """Nothing varies."""
    sweep, _, calibration, tuning, rule, panels = figures
    cells = np.full((12, 5), 0.5)
    level = np.full(12, 0.5)
    flat = plots.Surface(level, tuning.areas_px, cells, cells * 0, 0.0)
    rates = dict.fromkeys(("true_positive_rate", "true_negative_rate", "balanced_accuracy"), np.ones(5))
    return plots.Figures(
        plots.Sweep(level, np.full(12, 7), np.full(12, 1e6), np.zeros(12), sweep.maps),
        [plots.AreaDistribution(0.1, np.full(9, 10**6))] * 6,
        calibration._replace(thresholds=np.full(5, 0.5)),
        tuning._replace(surface=flat, **rates),
        rule._replace(image_px=10**6),
        [panel._replace(map=np.zeros((HEIGHT, WIDTH), np.float32)) for panel in panels],
    )


def without_regions(figures):
    """No pixel is above any threshold."""
    none, unknown = np.zeros((HEIGHT, WIDTH), bool), np.full(12, np.nan)
    return figures._replace(
        sweep=figures.sweep._replace(number=np.zeros(12, int), mean_area_px=unknown, std_area_px=unknown),
        distributions=[plots.AreaDistribution(0.1, np.array([], int))] * 3,
        calibration=figures.calibration._replace(thresholds=np.full(5, -np.inf)),
        panels=[panel._replace(accepted=none, rejected=none) for panel in figures.panels],
    )


def long_titles(figures):
    """Phrases and names far longer than a line, with signs that mean something to a typesetter."""
    titles = [LONG, "$x_{" + "a" * 250 + ".png", "two\nlines"]
    panels = [panel._replace(title=title) for panel, title in zip(figures.panels, titles, strict=True)]
    return figures._replace(tuning=figures.tuning._replace(tuned_on=LONG), panels=panels)


def odd_images(figures):
    """Images of one pixel, very high, very wide; masks that cover all."""
    panels = []
    for height, width in ((1, 1), (700, 20), (9, 800)):
        everything, nothing = np.ones((height, width), bool), np.zeros((height, width), bool)
        image = np.full((height, width, 3), 200, np.uint8)
        panels.append(
            plots.Panel("odd", "test", image, None, np.ones((height, width), np.float32), everything, nothing)
        )
    return figures._replace(panels=panels)


def narrow(figures):
    """Levels that differ only far behind the point."""
    moved = scaled(figures, 1e-4)
    shown = moved.tuning.surface._replace(thresholds=1e3 + moved.tuning.surface.thresholds)
    return moved._replace(
        sweep=moved.sweep._replace(thresholds=1e3 + moved.sweep.thresholds),
        calibration=moved.calibration._replace(thresholds=1e3 + moved.calibration.thresholds),
        tuning=moved.tuning._replace(surface=shown),
        rule=moved.rule._replace(threshold=1e3 + moved.rule.threshold),
    )


def zeros(figures):
    """Area 0 and level 0, for which a logarithmic axis has no place."""
    areas_px = np.array([0, 1, 10, 100, 1000])
    tuning = figures.tuning
    shown = tuning.surface._replace(areas_px=areas_px, thresholds=np.linspace(0, 1, 12), wanted_share=0.0)
    return figures._replace(
        distributions=[plots.AreaDistribution(0.0, np.array([0, 1, 5]))],
        calibration=plots.Calibration(areas_px, np.array([1.0, 0.5, 0.0, 0.0, 0.0])),
        tuning=tuning._replace(areas_px=areas_px, surface=shown),
        rule=plots.Rule(0, 0.0, 10**8),
    )


EXTREMES = {
    "as usual": lambda figures: figures,
    "tiny levels": lambda figures: scaled(figures, 1e-6),
    "huge levels": lambda figures: scaled(figures, 1e6),
    "crowded levels": crowded,
    "single": single,
    "constant": constant,
    "without regions": without_regions,
    "long titles": long_titles,
    "odd images": odd_images,
    "narrow levels": narrow,
    "zeros": zeros,
}


@pytest.fixture(scope="module", params=EXTREMES)
def extreme(request, figures):
    """All figures of one extreme, laid out."""
    drawn = every_figure(EXTREMES[request.param](figures))
    for figure in drawn.values():
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # as when it is saved
    return drawn


def boxes_of_tick_labels(figure):
    """For each axis that is drawn, the boxes of its labels."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if axes.axison and axis.get_visible():
                labels = [tick.label1 if tick.label1.get_visible() else tick.label2 for tick in axis._update_ticks()]
                yield [label.get_window_extent() for label in labels if label.get_visible() and label.get_text()]


def test_nothing_runs_out_of_its_figure(extreme):
    for name, figure in extreme.items():
        page, used = figure.bbox.padded(1), figure.get_tightbbox().transformed(figure.dpi_scale_trans)
        assert page.x0 <= used.x0 and page.y0 <= used.y0 and used.x1 <= page.x1 and used.y1 <= page.y1, name


def test_the_legend_covers_no_data(extreme):
    for name, figure in extreme.items():
        legend = figure.legends[0].get_window_extent()
        assert not any(legend.overlaps(axes.get_window_extent()) for axes in figure.axes), name


def test_the_numbers_of_an_axis_do_not_touch(extreme):
    for name, figure in extreme.items():
        for boxes in boxes_of_tick_labels(figure):
            assert not any(one.overlaps(other) for one, other in itertools.pairwise(boxes)), name


def test_every_axis_has_at_least_two_numbers(extreme):
    for name, figure in extreme.items():
        axes = figure.axes[0]
        for axis in (axes.xaxis, axes.yaxis) if name != "sample" else (axes.xaxis,):
            low, high = sorted(axis.get_view_interval())
            assert sum(low <= tick <= high for tick in axis.get_majorticklocs()) >= 2, name


def test_every_figure_is_written_whatever_the_data(extreme):
    for name, figure in extreme.items():
        for format in ("png", "pdf"):
            file = io.BytesIO()
            figure.savefig(file, format=format, dpi=50)
            assert len(file.getvalue()) > 4000, name
