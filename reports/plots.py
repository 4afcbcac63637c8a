"""Shared by all figures: style, palette, axes of levels, areas and counts, legends, saving."""

import textwrap
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator

from reports.files import replacing
from reports.marks import MADE_BY

BLACK = "#000000"
ORANGE = "#E69F00"
SKY_BLUE = "#56B4E9"
GREEN = "#009E73"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
"""Colours of categories (Okabe and Ito 2008): distinct under every common colour blindness."""

SEQUENTIAL = "cividis"
"""Colour map of quantities: perceptually uniform, and the same with and without red-green blindness."""

MAP = "inferno"
"""Colour map of anomaly maps: perceptually uniform, and dark where the level is low."""

WIDTH_INCHES = 7.0
TITLE_INCHES, TITLE_LINE_INCHES = 6.2, 0.18
DOTS_PER_INCH = 200
LEVEL = "threshold (level of the anomaly map)"
SHARE = "share of the image (%)"
AREA = "pixels of the original image"
FEW_POINTS = 30  # up to this number each point has a marker

STYLE = {
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "text.parse_math": False,  # a dollar in a file name is a dollar
}


def styled(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a function that draws or saves: it uses our style, whatever the settings of the user.

    Matplotlib's settings belong to the process: other threads see the style while the function runs.
    """

    @wraps(draw)
    def drawn(*arguments: Any, **named: Any) -> Any:
        with matplotlib.style.context(STYLE, after_reset=True):
            return draw(*arguments, **named)

    return drawn


def new_figure(title: str, *, height_inches: float = 4.6) -> tuple[Figure, Axes]:
    """A figure of the common width, with one set of axes and a title of any length."""
    title = wrapped(title, inches=TITLE_INCHES, points=STYLE["axes.titlesize"])
    size = (WIDTH_INCHES, height_inches + TITLE_LINE_INCHES * title.count("\n"))
    figure = Figure(figsize=size, dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    axes.set_title(title)
    return figure, axes


def wrapped(text: str, *, inches: float, points: float) -> str:
    """Break a text into lines of a given width for a font size; longer words are broken, too."""
    text = " ".join(text.split())
    width, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(size=points), ismath=False)
    # A tenth less, because one line may have more wide letters than the average.
    characters = int(0.9 * len(text) * 72 * inches / max(width, 1))
    return "\n".join(textwrap.wrap(text, max(characters, 1)))


@styled
def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write NAME.png and NAME.pdf atomically; the same figure gives the same bytes."""
    paths = [folder / f"{name}.png", folder / f"{name}.pdf"]
    for path, metadata in zip(paths, ({"Software": MADE_BY}, {"Creator": MADE_BY, "CreationDate": None}), strict=True):
        with replacing(path) as temporary:
            figure.savefig(temporary, format=path.suffix[1:], dpi="figure", metadata=metadata)
        figure.set_layout_engine("none")  # the places of the first file hold for the second, which saves finding them
    return paths


def markers(points: Sequence[float], marker: str = "o") -> str:
    """The marker for the points of a line; none where there are too many points."""
    return marker if len(points) <= FEW_POINTS else ""


def percent(share: float) -> str:
    """Format a share as a percentage with up to three significant digits."""
    return f"{100 * share:.3g} %"


def level(value: float) -> str:
    """Format a level of a map with up to four significant digits."""
    return f"{value:.4g}"


def finite(*values: Sequence[float] | float) -> np.ndarray:
    """All finite numbers of several arrays, in one."""
    joined = np.concatenate([np.ravel(np.asarray(each, np.float64)) for each in values])
    return joined[np.isfinite(joined)]


def level_axis(axes: Axes, name: str, levels: np.ndarray) -> None:
    """Make axis `name` ("x" or "y") show finite levels; logarithmic where most of them are at the low end."""
    low, high = levels.min(), levels.max()
    axes.set(**{f"{name}label": LEVEL})
    if low > 0 and np.median(levels) < 0.05 * high:
        logarithmic_axis(axes, name, levels, text=level)
        return
    margin = 0.04 * (high - low) or 0.1 * abs(low) or 1.0
    axes.set(**{f"{name}lim": (low - margin, high + margin)})
    linear_ticks(getattr(axes, f"{name}axis"), 7)


def linear_ticks(axis: Axis, most: int) -> None:
    """At most `most` intervals, with full numbers: readers overlook a common factor at the end of an axis."""
    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.10g}"))


def logarithmic_axis(axes: Axes, name: str, values: np.ndarray, *, text: Callable[[float], str] | None = None) -> None:
    """Make axis `name` ("x" or "y") logarithmic over the values; if they include 0, it is linear from 0 to 1."""
    low, high = _logarithmic_limits(finite(values))
    _logarithmic_scale(axes, name, low, unit=1)
    axes.set(**{f"{name}lim": (low, high)})
    axis = getattr(axes, f"{name}axis")
    axis.set_major_locator(FixedLocator(logarithmic_ticks(low, high)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: (text or short)(value)))
    axis.set_minor_locator(FixedLocator(_steps(low if low > 0 else 1.0, high, range(2, 10))))
    axis.set_minor_formatter(NullFormatter())


def area_axis(axes: Axes, name: str, areas_px: np.ndarray, *, image_px: int, label: str) -> None:
    """Make axis `name` ("x" or "y") show areas in pixels, logarithmic, and shares of the image on the other side."""
    logarithmic_axis(axes, name, areas_px)
    axes.set(**{f"{name}label": f"{label} ({AREA})"})
    share_axis(axes, name, image_px)


def share_axis(axes: Axes, name: str, image_px: int) -> None:
    """Show a finished logarithmic axis `name` of areas also as shares of the image, on the other side."""
    one_px = 100 / image_px
    # A twin, because a secondary axis does not support a scale that is linear near 0.
    share = axes.twiny() if name == "x" else axes.twinx()
    low, high = (end * one_px for end in getattr(axes, f"get_{name}lim")())
    _logarithmic_scale(share, name, low, unit=one_px)
    ticks = [tick for tick in logarithmic_ticks(low, high, unit=one_px) if tick <= 100]
    share.set(**{f"{name}lim": (low, high), f"{name}label": SHARE, f"{name}ticks": ticks})
    axis = getattr(share, f"{name}axis")
    axis.set_major_formatter(FuncFormatter(_two_digits))
    axis.set_minor_locator(NullLocator())
    share.grid(False)
    share.spines["top" if name == "x" else "right"].set_visible(True)


def logarithmic_ticks(low: float, high: float, *, unit: float = 1.0) -> list[float]:
    """Ticks at powers of ten within limits, with finer steps where they are few; with 0 if `low` is not above it."""
    zero, low = ([0.0], unit) if low <= 0 else ([], low)
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)):
        ticks = _steps(low, high, steps)
        if len(zero) + len(ticks) >= 3:
            break
    return [*zero, *ticks[:: len(ticks) // 8 + 1].tolist()]


def short(value: float) -> str:
    """Format a count or an area as 950, 1k, 20k or 3M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{unit}"
    return f"{value:.4g}"


def cell_edges(axes: Axes, name: str, centres: np.ndarray) -> np.ndarray:
    """Edges (n + 1,) of cells around ascending centres (n,), midway on axis `name`; equal centres fill the axis."""
    scale = getattr(axes, f"{name}axis").get_transform()
    places = scale.transform(np.asarray(centres, np.float64))
    if places[0] == places[-1]:
        ends = scale.transform(np.array(getattr(axes, f"get_{name}lim")()))
        return scale.inverted().transform(np.linspace(*ends, len(places) + 1))
    middles = (places[1:] + places[:-1]) / 2
    edges = [2 * places[0] - middles[0], *middles, 2 * places[-1] - middles[-1]]
    return scale.inverted().transform(np.array(edges))


def mark_line(axes: Axes, x: float, *, label: str) -> None:
    """Mark the chosen value on the horizontal axis."""
    axes.axvline(x, color=VERMILLION, linestyle=(0, (4, 2)), linewidth=1.4, label=label)


def mark_point(axes: Axes, x: float, y: float, *, label: str) -> None:
    """Mark the chosen point, visible on any colour."""
    style = {"marker": "*", "markersize": 15, "markeredgecolor": "white", "markeredgewidth": 1.2}
    axes.plot(x, y, linestyle="none", color=VERMILLION, zorder=5, clip_on=False, label=label, **style)


def note(axes: Axes, text: str) -> None:
    """Write in empty axes why they are empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", backgroundcolor="white")


def legend_below(figure: Figure, *, columns: int = 1) -> None:
    """Place the legend under the axes, where it does not cover data."""
    figure.legend(loc="outside lower center", ncols=columns)


def _logarithmic_limits(values: np.ndarray) -> tuple[float, float]:
    low, high = (values.min(), values.max()) if len(values) else (1.0, 10.0)
    margin = 1.15 if high > 2 * low else 2.0
    return (low / margin, high * margin) if low > 0 else (-0.2, max(1.5 * high, 2.0))


def _logarithmic_scale(axes: Axes, name: str, low: float, *, unit: float) -> None:
    scale = {"value": "log"} if low > 0 else {"value": "symlog", "linthresh": unit, "linscale": 0.5}
    getattr(axes, f"set_{name}scale")(**scale)


def _two_digits(value: float, _: int) -> str:
    return np.format_float_positional(value, 2, fractional=False, trim="-")


def _steps(low: float, high: float, steps: Sequence[float]) -> np.ndarray:
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    ticks = np.sort(np.outer(powers, steps).ravel())
    return ticks[(ticks >= low) & (ticks <= high)]
