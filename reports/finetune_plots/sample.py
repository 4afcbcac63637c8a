"""A sample of images, one in each row: input, reconstruction, anomaly map and segmentation.

Everything is placed in inches from the top left corner, because each row has the height of its image.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from reports import hatching, plots
from reports.blocks import blocks
from reports.finetune_plots.inputs import Panel, Rule
from reports.heat_map import lowest

MARGIN, GAP, LINE, HEAD = 0.12, 0.08, 0.17, 1.62  # inches
TALLEST, FLATTEST = 2.0, 0.3  # inches of a row
POINTS = 9  # of the text
MAP_COLUMN = "anomaly map"
PIXELS = 1.9e6  # of a whole figure; with more, photographs make a file of many megabytes
ACCEPTED = {"colors": plots.VERMILLION, "linestyles": ["-"], "linewidths": 1.4}
REJECTED = {"colors": plots.BLUE, "linestyles": [(0, (2.5, 1))], "linewidths": 1.1}
TRUTH = {"colors": plots.SKY_BLUE, "linestyles": ["-"], "linewidths": 1.4}
FAULT = {"color": plots.VERMILLION, "weight": "bold", "ha": "right", "va": "bottom"}
FAULT_INCHES = 1.1
"""Room for `FALSE ALARM` beside a title."""


class Box(NamedTuple):
    """A place in the figure, in inches."""

    left: float
    top: float
    width: float
    height: float


@plots.styled
def sample(panels: Sequence[Panel], rule: Rule) -> Figure:
    """The panels in the order given, with one colour scale for all maps and one legend."""
    columns = _columns(panels)
    width = (plots.WIDTH_INCHES - 2 * MARGIN - GAP * (len(columns) - 1)) / len(columns)
    titles = [_title(panel) for panel in panels]
    boxes = _boxes(panels, titles, width)
    height = boxes[-1].top + boxes[-1].height + MARGIN
    dots = min(plots.DOTS_PER_INCH, int((PIXELS / plots.WIDTH_INCHES / height) ** 0.5))
    figure = Figure(figsize=(plots.WIDTH_INCHES, height), dpi=dots)
    norm = _norm(panels, rule)
    _head(
        figure,
        rule,
        norm,
        with_truth=any(panel.mask is not None for panel in panels),
        with_ignored=any(panel.ignored is not None for panel in panels),
    )
    for index, column in enumerate(columns):
        left = MARGIN + index * (width + GAP)
        _text(figure, left, HEAD - LINE, column, weight="bold", va="bottom")
        for panel, box in zip(panels, boxes, strict=True):
            axes = _axes(figure, box._replace(left=left))
            _draw(axes, panel, column, norm=norm, dots=width * dots)
    for title, box, panel in zip(titles, boxes, panels, strict=True):
        _text(figure, MARGIN, box.top - 0.04, title, va="bottom")
        right = plots.WIDTH_INCHES - MARGIN
        _text(figure, right, box.top - 0.04, panel.fault, **FAULT)
    return figure


def _title(panel: Panel) -> str:
    inches = plots.WIDTH_INCHES - 2 * MARGIN - (FAULT_INCHES if panel.fault else 0)
    return plots.wrapped(f"{panel.part}: {panel.title}", inches=inches, points=POINTS)


def _columns(panels: Sequence[Panel]) -> list[str]:
    reconstructed = any(panel.reconstruction is not None for panel in panels)
    return ["input", *(["reconstruction"] if reconstructed else []), MAP_COLUMN, "segmentation"]


def _boxes(panels: Sequence[Panel], titles: Sequence[str], width: float) -> list[Box]:
    boxes, below = [], HEAD - 0.1
    for panel, title in zip(panels, titles, strict=True):
        rows, columns = panel.map.shape
        top = below + LINE * (title.count("\n") + 1) + 0.16
        boxes.append(Box(MARGIN, top, width, min(max(width * rows / columns, FLATTEST), TALLEST)))
        below = top + boxes[-1].height
    return boxes


def _norm(panels: Sequence[Panel], rule: Rule) -> Normalize:
    """One scale over all maps and the threshold, so that levels can be compared between rows."""
    levels = plots.finite(rule.threshold, *((lowest(panel.map), panel.map.max()) for panel in panels))
    low, high = levels.min(), levels.max()
    return Normalize(low, high if high > low else low + (abs(low) or 1.0))


def _head(figure: Figure, rule: Rule, norm: Normalize, *, with_truth: bool, with_ignored: bool) -> None:
    """Draw the rule, the legend of the outlines and the colour bar."""
    title = f"Segmentation above threshold {plots.level(rule.threshold)}, minimum area {rule.area_px:,} px"
    _text(figure, MARGIN, 0.12, title, va="top", size=11)
    styles = (ACCEPTED, REJECTED, *([TRUTH] if with_truth else []))
    labels = (f"region of at least {rule.area_px:,} px: defective", "smaller region: ignored", "ground truth (input)")
    handles = [
        Line2D([], [], color=style["colors"], linestyle=style["linestyles"][0], linewidth=2, label=label)
        for style, label in zip(styles, labels, strict=False)
    ]
    if with_ignored:
        handles.append(Patch(facecolor="white", edgecolor=plots.BLACK, hatch="//////", label=hatching.CAPTION))
    corner = (MARGIN / plots.WIDTH_INCHES, 1 - 0.45 / figure.get_figheight())
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=corner, borderpad=0, borderaxespad=0)
    _color_bar(figure, rule, norm)


def _color_bar(figure: Figure, rule: Rule, norm: Normalize) -> None:
    axes = _axes(figure, Box(3.9, 0.66, 2.75, 0.12))
    bar = figure.colorbar(ScalarMappable(norm, plots.MAP), cax=axes, orientation="horizontal")
    plots.linear_ticks(axes.xaxis, 4)
    bar.set_label("level of the anomaly map, in all rows", fontsize=POINTS)
    axes.grid(False)
    place = float(norm(rule.threshold))
    axes.plot([place, place], [0, 1.4], transform=axes.transAxes, color=plots.SKY_BLUE, linewidth=2, clip_on=False)
    side = "left" if place < 0.2 else "right" if place > 0.8 else "center"
    text = f"threshold {plots.level(rule.threshold)}"
    axes.text(place, 1.5, text, transform=axes.transAxes, ha=side, va="bottom", fontsize=POINTS)


def _axes(figure: Figure, box: Box) -> Axes:
    width, height = figure.get_size_inches()
    place = (box.left / width, 1 - (box.top + box.height) / height, box.width / width, box.height / height)
    return figure.add_axes(place)


def _text(figure: Figure, left: float, top: float, text: str, **style: str | float) -> None:
    width, height = figure.get_size_inches()
    figure.text(left / width, 1 - top / height, text, **{"size": POINTS} | style)


def _draw(axes: Axes, panel: Panel, column: str, *, norm: Normalize, dots: float) -> None:
    """Draw one image of a row, reduced to about the resolution of the figure."""
    axes.set_axis_off()
    axes.set_anchor("W")
    longest = max(panel.map.shape)
    if column == MAP_COLUMN:
        step = math.ceil(longest / dots)
        # The highest level of each block, because the decision depends on the highest levels.
        _show(axes, panel, blocks(panel.map, step, np.max), step, norm=norm, cmap=plots.MAP)
        _hatch(axes, panel, dots)
        return
    picture = panel.reconstruction if column == "reconstruction" else panel.image
    if picture is None:
        plots.note(axes, "none")
        return
    step = max(1, int(longest / dots))
    _show(axes, panel, blocks(picture, step, np.mean).round().astype(np.uint8), step)
    _hatch(axes, panel, dots)
    if column == "input" and panel.mask is not None:
        _outline(axes, panel.mask, dots, TRUTH)
    if column == "segmentation":
        _outline(axes, panel.rejected, dots, REJECTED)
        _outline(axes, panel.accepted, dots, ACCEPTED)


def _show(axes: Axes, panel: Panel, picture: np.ndarray, step: int, **style: object) -> None:
    height, width = panel.map.shape
    axes.imshow(picture, extent=(0, picture.shape[1] * step, picture.shape[0] * step, 0), **style)
    axes.set(xlim=(0, width), ylim=(height, 0))


def _hatch(axes: Axes, panel: Panel, dots: float) -> None:
    """Hatch what does not count, in stripes of the resolution of the figure."""
    if panel.ignored is None:
        return
    filled, step, repeats = _fitted(panel.ignored, dots)
    height, width = (side * step / repeats for side in filled.shape)
    axes.imshow(hatching.stripes(filled), extent=(0, width, height, 0))
    axes.set(xlim=(0, panel.map.shape[1]), ylim=(panel.map.shape[0], 0))


def _fitted(regions: np.ndarray, dots: float) -> tuple[np.ndarray, int, int]:
    """Regions at about the resolution of the figure: reduced by a step, repeated so that pixels keep their corners."""
    step, repeats = math.ceil(max(regions.shape) / dots), max(1, int(dots / max(regions.shape)))
    return blocks(regions, step, np.max).repeat(repeats, axis=0).repeat(repeats, axis=1), step, repeats


def _outline(axes: Axes, regions: np.ndarray, dots: float, style: dict[str, object]) -> None:
    """Outline regions in the coordinates of the image; a single pixel stays visible."""
    if not regions.any():
        return
    filled, step, repeats = _fitted(regions, dots)
    y, x = ((np.arange(-1, side + 1) + 0.5) * step / repeats for side in filled.shape)
    outline = axes.contour(x, y, np.pad(filled, 1), levels=[0.5], **style)
    outline.set_path_effects([withStroke(linewidth=style["linewidths"] + 1, foreground="white")])
