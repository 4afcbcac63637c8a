"""Maps in colours, over an image, and the values of normal maps that give the colours their meaning."""

import numpy as np
from PIL import Image

from benchmarks.evaluation.map_scale import NormalMaps
from benchmarks.prediction.pictures import colours
from benchmarks.prediction.verdicts import Rule
from reports import heat_map
from reports.heat_map import Scale
from reports.results import MapScale

RAMP = np.linspace(0, 30, 31, dtype=np.float32)[None]


def test_the_scale_of_normal_maps_is_that_of_a_typical_image():
    maps = NormalMaps()
    assert maps.scale is None
    for highest in (3.0, 4.0, 900.0):
        maps.add(np.array([[1.0, 1.0, highest]]))
    maps.add(None)
    assert maps.scale == MapScale(middle=1.0, highest=4.0)


def test_red_is_the_threshold_of_a_point_or_else_what_normal_maps_reach():
    scale = MapScale(middle=1.0, highest=4.0)
    assert colours(scale, Rule(50.0, area_px=9)).scale == Scale(1.0, 50.0)
    assert colours(scale, Rule(50.0, area_px=None)).scale == Scale(1.0, 4.0)
    assert colours(scale, Rule(0.5, area_px=9)) is None and colours(None, Rule(0.5, area_px=9)) is None


def test_the_same_value_has_the_same_colour_in_every_map_and_higher_is_brighter():
    scale = Scale(5, 15)
    whole, part = heat_map.coloured(RAMP, scale), heat_map.coloured(RAMP[:, 8:12], scale)
    np.testing.assert_array_equal(whole[:, 8:12], part)
    assert (np.diff(whole.astype(int).sum(axis=2)) >= 0).all()
    assert whole[0, 0].tolist() == whole[0, 5].tolist() and whole[0, 25].tolist() == whole[0, 30].tolist()


def test_where_a_map_is_low_only_the_image_is_seen():
    image = np.full((1, 31, 3), 100, np.uint8)
    drawn = heat_map.laid_over(image, RAMP, Scale(5, 15)).astype(int)
    spread = drawn.max(axis=2) - drawn.min(axis=2)
    assert not spread[0, :11].any() and (spread[0, 15:] > 60).all()


def test_a_saved_map_is_a_tiff_of_float32_with_the_same_values(tmp_path):
    heat_map.save_map(tmp_path / "deep/map.tiff", RAMP)
    with Image.open(tmp_path / "deep/map.tiff") as picture:
        assert (picture.format, picture.mode) == ("TIFF", "F")
        np.testing.assert_array_equal(np.asarray(picture), RAMP)


def test_a_flat_map_has_a_colour():
    flat = np.full((2, 2), 3.0)
    assert np.isfinite(heat_map.coloured(flat, heat_map.own_scale(flat))).all()


def test_a_map_of_many_rows_has_the_colours_of_its_parts():
    map = np.random.default_rng(0).random((2 * heat_map.ROWS + 5, 3), np.float32)
    alone = [heat_map.coloured(row[None], Scale(0, 0.5)) for row in map]
    assert np.array_equal(heat_map.coloured(map, Scale(0, 0.5)), np.concatenate(alone))
