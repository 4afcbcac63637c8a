"""Regions that do not count: what methods see there, and how each reader of anomaly maps takes them."""

import re

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.evaluation import decision, metrics
from benchmarks.evaluation.map_scale import NormalMaps
from benchmarks.finetune.sampling import Blended
from benchmarks.images import AS_STORED, Reading, counted, ignored_in
from benchmarks.images.regions import cut
from benchmarks.judging import judge, loaded
from benchmarks.regions.filling import FILE, Fill, learned
from benchmarks.submission.making import without_gaps
from methods import MethodError
from methods.mean_image import MeanImage
from reports import hatching, heat_map, panel
from tests.checkout.toy import Toy
from tests.regions import Masked, altered, corner

SHAPE = (20, 24)
CORNER = corner(SHAPE, 8, 10)
"""A fifth of the image."""
MANIFEST = "image,split,label,ignore\n" + "".join(f"{name}.png,train,normal,label.png\n" for name in "ab")


def pictures(count: int, shape: tuple[int, int] = SHAPE, seed: int = 0) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.integers(100, 140, (*shape, 3), np.uint8) for _ in range(count)]


def fill_of(images: Masked) -> Fill:
    learning = learned(images)
    while True:
        try:
            next(learning)
        except StopIteration as end:
            return end.value


def trained(images, method=None, reading=AS_STORED):
    judging = judge(method or MeanImage(), reading)
    list(judging.fit(images, seed=0, device="cpu"))
    return judging


# What methods see


def test_what_counts_in_no_training_image_is_filled_with_the_mean_of_all():
    images = pictures(5)
    mean = np.rint(np.mean(images, axis=0))
    filled = fill_of(Masked(images, CORNER))(images[0], CORNER)
    assert np.abs(filled[CORNER] - mean[CORNER]).max() <= 0.5 + 1e-6
    assert np.array_equal(filled[~CORNER], images[0][~CORNER])


def test_what_counts_in_some_training_images_is_filled_with_their_mean_whatever_the_others_hide():
    images, below = pictures(4), corner(SHAPE, 4, 24)
    masks = [below, None, CORNER, below]
    hidden = [image if mask is None else altered(image, mask) for image, mask in zip(images, masks, strict=True)]
    one, other = (fill_of(Masked(each, masks)).mean for each in (images, hidden))
    assert np.array_equal(one, other)
    both = (images[1][:4, 12:].astype(int) + images[2][:4, 12:] + 1) // 2
    assert np.array_equal(one[:4, 12:], both)


def test_an_image_of_another_size_is_filled_with_the_mean_resized_to_it():
    images = [*pictures(3), *pictures(1, (10, 12))]
    fill = fill_of(Masked(images, [CORNER] * 3 + [corner((10, 12), 4, 5)]))
    assert fill.mean.shape == (*SHAPE, 3) and fill.common is None
    filled = fill(images[3], corner((10, 12), 4, 5))
    assert filled.shape == (10, 12, 3) and np.array_equal(filled[4:], images[3][4:])
    assert abs(filled[:4, :5].mean() - fill.mean[:8, :10].mean()) < 2


def test_images_are_left_untouched_and_a_slice_decodes_nothing():
    images = pictures(3)
    before = [image.copy() for image in images]
    judging = trained(Masked(images, CORNER))
    seen = judging._seen(Masked(images, CORNER))
    assert len(seen[1:]) == 2 and np.array_equal(seen[1:][0], seen[1]) and seen[1:].shape_of(0) == SHAPE
    assert all(np.array_equal(one, other) for one, other in zip(images, before, strict=True))


@pytest.mark.parametrize("reading", [Reading(tile=16), Reading(page="all"), Reading(tile=16, page="all")])
def test_the_whole_image_is_filled_before_tiles_and_pages_are_seen(reading):
    of_pages = [np.stack(pictures(2, seed=seed)) for seed in range(4)]
    images = of_pages if reading.every_page else [part[0] for part in of_pages]
    judging = trained(Masked(images, CORNER), reading=reading)
    given = (images[:1], [altered(images[0], CORNER)])
    one, other = (next(judging.score(Masked(each, CORNER))) for each in given)
    assert one.image == other.image and np.array_equal(one.map, other.map)
    assert one.map.shape == SHAPE and np.array_equal(ignored_in(one.map), CORNER)


def test_a_new_image_of_another_number_of_pages_is_filled_with_the_mean_of_the_pages():
    parts = [np.stack(pictures(2, seed=seed)) for seed in range(4)]
    fill = fill_of(Masked(parts, CORNER))
    filled = fill(np.stack(pictures(3)), CORNER)
    assert filled.shape == (3, *SHAPE, 3) and np.array_equal(filled[0][CORNER], filled[2][CORNER])
    assert abs(filled[0][CORNER].mean() - fill.mean[:, CORNER].mean()) < 1


def test_leave_one_out_sees_what_scores_see():
    images = pictures(4)
    judging = trained(Masked(images, CORNER), Toy())
    hidden = [altered(image, CORNER) for image in images]
    one, other = (list(judging.leave_one_out(Masked(each, CORNER))) for each in (images, hidden))
    for ours, theirs in zip(one, other, strict=True):
        assert ours.image == theirs.image and np.array_equal(ours.map, theirs.map)
        assert np.array_equal(ignored_in(ours.map), CORNER)


def test_a_saved_and_loaded_model_fills_and_cuts_as_before(tmp_path):
    images = Masked(pictures(4), CORNER)
    judging = trained(images)
    judging.save(tmp_path)
    again = loaded(MeanImage.load(tmp_path, device="cpu"), Reading(), tmp_path, device="cpu")
    assert np.array_equal(again.fill.common, CORNER)
    for one, other in zip(judging.score(images), again.score(images), strict=True):
        assert one.image == other.image and np.array_equal(one.map, other.map)
    (tmp_path / FILE).write_bytes(b"PK")
    with pytest.raises(MethodError, match=re.escape(f"{tmp_path / FILE} is damaged")):
        loaded(MeanImage.load(tmp_path, device="cpu"), Reading(), tmp_path, device="cpu")


def test_a_model_trained_without_regions_refuses_images_that_have_some():
    images = pictures(4)
    with pytest.raises(MethodError, match=r"trained without ignored regions.*run again with --ignore"):
        list(trained(images).score(Masked(images, CORNER)))


def test_a_blended_defect_lies_where_it_counts():
    images = Masked(pictures(2, (64, 64)), ~corner((64, 64), 40, 40))
    blended = Blended(images, seed=0)
    shares = []
    for index, source in enumerate(blended.sources):
        changed = (blended[index] != images[source]).any(axis=2)
        shares.append((changed & ~blended.ignored(index)).sum() / changed.sum())
    assert min(shares) > 0.3  # as drawn, some lie wholly where nothing counts
    assert np.array_equal(Blended(images, 0)[5], blended[5])


# How each reader of maps takes it


def with_gaps(seed: int = 0) -> np.ndarray:
    return cut(np.random.default_rng(seed).random(SHAPE, np.float32), CORNER)


def test_the_values_of_a_map_that_count():
    map = with_gaps()
    assert np.array_equal(counted(map), map[~CORNER]) and np.array_equal(ignored_in(map), CORNER)
    whole = np.zeros(SHAPE, np.float32)
    assert ignored_in(whole) is None and counted(whole).size == whole.size


def test_pixel_metrics_are_those_of_the_pixels_that_count():
    maps, masks = [with_gaps(seed) for seed in range(3)], [np.zeros(SHAPE, bool) for _ in range(3)]
    masks[0][4:12, 6:14] = masks[1][12:16, 12:20] = True
    both = zip(maps, masks, strict=True)
    scores, labels = np.concatenate([np.stack([map[~CORNER], mask[~CORNER]]) for map, mask in both], axis=1)
    found = metrics.pixel_metrics(maps, [masks[0], masks[1], None])
    assert found.auroc == pytest.approx(roc_auc_score(labels, scores))
    assert found.average_precision == pytest.approx(average_precision_score(labels, scores))


def test_a_region_wholly_ignored_is_no_defect_of_the_pixel_metrics():
    maps, hidden = [with_gaps(seed) for seed in range(2)], np.zeros(SHAPE, bool)
    hidden[1:4, 1:4] = True
    shown = hidden.copy()
    shown[12:16, 12:16] = True
    visible = shown & ~hidden
    assert metrics.pixel_metrics(maps, [shown, hidden]) == metrics.pixel_metrics(maps, [visible, None])
    with pytest.raises(metrics.OneClassError):
        metrics.pixel_metrics(maps, [hidden, None])


def test_regions_levels_and_areas_leave_out_what_does_not_count():
    map = cut(np.full(SHAPE, 2, np.float32), CORNER)
    area = int((~CORNER).sum())
    assert decision.levels([map], [1, area, area + 1]).tolist() == [[2, 2, -np.inf]]
    found = decision.segment(map.astype(float), threshold=1, area_px=5)
    assert [region.area_px for region in found.regions] == [area] and found.regions[0].peak == 2
    assert not (found.accepted & CORNER).any() and decision.largest_area(map, 1) == area


def test_the_scale_and_the_colours_of_maps_know_only_what_counts():
    normal = NormalMaps()
    normal.add(cut(np.full(SHAPE, 3, np.float32), CORNER))
    assert (normal.scale.middle, normal.scale.highest) == (3, 3)
    map = with_gaps()
    assert heat_map.own_scale(map).low == map[~CORNER].min()
    coloured = heat_map.coloured(map, heat_map.own_scale(map))
    assert (coloured[CORNER] == coloured[map == map[~CORNER].min()][0]).all()


def test_a_written_map_is_minus_infinity_where_nothing_counts(tmp_path):
    heat_map.save_map(tmp_path / "map.tiff", with_gaps())
    assert np.array_equal(np.asarray(Image.open(tmp_path / "map.tiff")), with_gaps())


def test_a_server_that_judges_every_pixel_gets_the_lowest_value_where_nothing_counts():
    map = with_gaps()
    assert np.array_equal(without_gaps(map), np.where(CORNER, map[~CORNER].min(), map))


@pytest.mark.parametrize("value", [0, 128, 255])
def test_hatching_shows_on_every_picture_and_only_where_nothing_counts(value):
    picture, ignored = np.full((80, 90, 3), value, np.uint8), corner((80, 90), 40, 50)
    drawn = hatching.hatched(picture, ignored)
    changed = (drawn != picture).any(axis=2)
    assert 0.1 < changed[ignored].mean() < 0.6 and not changed[~ignored].any()
    assert hatching.hatched(picture, None) is picture


def test_every_picture_of_an_overlay_is_hatched():
    image, ignored = np.full((80, 90, 3), 128, np.uint8), corner((80, 90), 40, 50)
    shown = panel.Shown(image, "NORMAL", False, map=cut(np.ones((80, 90), np.float32), ignored), mask=~ignored)
    plain, drawn = panel.drawn(shown), panel.drawn(shown._replace(ignored=ignored))
    changed = (plain != drawn).any(axis=(0, 2))
    quarter = drawn.shape[1] // 4
    assert all(changed[place * quarter : (place + 1) * quarter].mean() > 0.3 for place in range(4))
