"""Overlays: pictures side by side, an outline that can be seen on anything, and a banner that nobody overlooks."""

import numpy as np
import pytest

from reports import overlay, panel
from reports.heat_map import Scale
from reports.panel import GAP_PX, Shown

GRAY = 128


def image(height: int = 40, width: int = 36, value: int = GRAY) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def square(height: int = 40, width: int = 36) -> np.ndarray:
    found = np.zeros((height, width), bool)
    found[10:16, 10:16] = True
    return found


def has(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((picture == colour).all(axis=2).any())


@pytest.mark.parametrize(("height", "width"), [(40, 36), (90, 500), (1500, 1100)])
def test_pictures_stand_side_by_side_at_a_size_that_can_be_read(height, width):
    found = Shown(image(height, width), "NORMAL", False, map=np.zeros((height, width)), mask=square(height, width))
    drawn = panel.drawn(found)
    step = -(-max(height, width) // panel.LARGEST_SIDE_PX)
    repeats = max(1, -(-panel.LEAST_SIDE_PX // max(height, width)))
    assert drawn.shape[1] == 4 * (-(-width // step) * repeats + GAP_PX) + GAP_PX


def test_the_outline_has_three_pixels_and_a_dark_rim_and_leaves_the_region_as_it_is():
    picture, regions = image(60, 80), np.zeros((60, 80), bool)
    regions[20:30, 40:60] = True
    drawn = overlay.draw(picture, regions)
    assert (drawn[regions] == GRAY).all() and (picture == GRAY).all()
    assert (drawn[17:20, 50] == overlay.LINE).all() and (drawn[15:17, 50] == overlay.RIM).all()
    assert (drawn[:15] == GRAY).all()


@pytest.mark.parametrize("value", [0, 128, 255, overlay.LINE])
def test_an_outline_is_seen_on_any_background(value):
    drawn = overlay.draw(np.full((60, 80, 3), value, np.uint8), np.pad(np.ones((10, 10), bool), ((20, 30), (30, 40))))
    changed = np.abs(drawn.astype(int) - np.full(3, value)).max(axis=2) > 60
    assert changed.sum() > 60


def test_without_regions_what_is_above_the_middle_of_the_scale_is_outlined():
    levels = np.where(square(), 5.0, 0.0)
    assert has(panel.drawn(Shown(image(), "NORMAL", False, map=levels, scale=Scale(0, 4))), overlay.LINE)
    assert not has(panel.drawn(Shown(image(), "NORMAL", False, map=levels, scale=Scale(0, 6))), overlay.LINE)


def test_regions_that_decide_are_outlined_and_nothing_else():
    levels = np.where(square(), 5.0, 0.0)
    nothing = np.zeros_like(square())
    assert not has(panel.drawn(Shown(image(), "NORMAL", False, map=levels, regions=nothing)), overlay.LINE)


@pytest.mark.parametrize(("defective", "colour"), [(True, panel.DEFECTIVE), (False, panel.NORMAL)])
def test_the_banner_has_the_colour_of_the_verdict_and_room_for_its_words(defective, colour):
    words = "a verdict of many words " * 4
    drawn = panel.drawn(Shown(image(), words, defective, fault="FALSE ALARM", truth="normal"))
    assert tuple(drawn[0, 0]) == tuple(drawn[0, -1]) == colour
    assert drawn.shape[1] > 4 * panel.LEAST_SIDE_PX // 2


def test_a_fault_is_tagged_on_white_in_the_banner():
    plain, tagged = (
        panel.drawn(Shown(image(200, 400), "NORMAL", False, truth="cut", fault=fault)) for fault in ("", "MISSED")
    )
    white = [(drawn[:20, -90:] == 255).all(axis=2).mean() for drawn in (plain, tagged)]
    assert white[0] == 0 and white[1] > 0.2


def test_the_thinnest_defect_of_a_large_map_stays_visible():
    levels = np.zeros((3000, 3000), np.float32)
    levels[1501, 300:2700] = 9.0
    drawn = panel.drawn(Shown(image(3000, 3000), "DEFECTIVE", True, map=levels, scale=Scale(0, 4)))
    assert (drawn == overlay.LINE).all(axis=2).sum() > 1000


def test_a_contact_sheet_holds_every_picture():
    pictures = [np.full((20 + 10 * place, 30, 3), place, np.uint8) for place in range(5)]
    sheet = panel.contact_sheet(pictures, columns=2)
    assert [(sheet == place).all(axis=2).sum() for place in range(5)] == [30 * (20 + 10 * place) for place in range(5)]
