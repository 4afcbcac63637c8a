"""Tiles of images: where they lie, how they are read, and how their maps and scores become those of the image."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.images import Images, Reading
from benchmarks.images.lazy import Kept, shape_of
from benchmarks.judging import judge, loaded, name_of
from benchmarks.tiling import counting, wording
from benchmarks.tiling.grid import grid, spans
from benchmarks.tiling.joining import joined
from benchmarks.tiling.over_tiles import OverTiles
from benchmarks.tiling.tiles import Tiles
from datasets import Sample
from methods import MethodError, Score
from methods.mean_image import MeanImage

SMALL = Reading(tile=16)


def pictures(*shapes, seed=0):
    generator = np.random.default_rng(seed)
    return [generator.integers(100, 140, (*shape, 3), np.uint8) for shape in shapes]


class Brightness:
    """Scores the mean of an image, and has no map."""

    def score(self, images):
        return (Score(float(image.mean()), None) for image in images)


@given(st.integers(1, 300), st.integers(16, 120), st.floats(0, 0.9))
def test_tiles_cover_a_length_and_none_leaves_it(length, side, overlap):
    found = spans(length, side, overlap=overlap)
    assert found[0].start == 0 and found[-1].stop == length
    assert {span.stop - span.start for span in found} == {min(side, length)}
    shared = [one.stop - other.start for one, other in pairwise(found)]
    assert all(each >= round(overlap * side) - 1 for each in shared)
    assert all(one.start < other.start for one, other in pairwise(found))


def test_the_tiles_of_a_line_scan_are_two_dozen_and_the_last_is_moved_inwards():
    found = grid((500, 2000), Reading(tile=256))
    assert (len(found.rows), len(found.columns), len(found)) == (3, 11, 33)
    assert found.rows[-1] == slice(244, 500) and found.columns[-1] == slice(1744, 2000)
    assert list(found)[-1] == found[32] == found[-1] == (slice(244, 500), slice(1744, 2000))


def test_a_side_shorter_than_a_tile_has_one_cut_to_the_image():
    found = grid((40, 700), Reading(tile=512, tile_overlap=0))
    assert found.rows == (slice(0, 40),) and found.tile_shape == (40, 512)
    assert len(grid((40, 30), Reading(tile=512))) == 1


def maps_of(image, found):
    return [image[place] for place in found]


@pytest.mark.parametrize("overlap", [0, 0.25, 0.6])
@pytest.mark.parametrize("shape", [(50, 37), (16, 90), (33, 17)])
def test_maps_cut_from_one_map_are_joined_to_it(shape, overlap):
    map = np.random.default_rng(0).random(shape, np.float32)
    found = grid(shape, Reading(tile=16, tile_overlap=overlap))
    again = joined(maps_of(map, found), found)
    assert again.dtype == np.float32
    np.testing.assert_allclose(again, map, rtol=1e-6)


def test_a_map_that_differs_from_tile_to_tile_has_no_seam_where_tiles_overlap():
    found = grid((64, 400), Reading(tile=64, tile_overlap=0.25))
    maps = [np.full((64, 64), number % 2, np.float32) for number in range(len(found))]
    steps = np.abs(np.diff(joined(maps, found), axis=1))
    assert 0 < steps.max() <= 1 / 15  # sixteen pixels are shared: no step is larger than one of them
    hard = grid((64, 384), Reading(tile=64, tile_overlap=0))
    assert np.abs(np.diff(joined(maps[: len(hard)], hard), axis=1)).max() == 1


def test_coarse_maps_keep_their_resolution_and_positions():
    """A ramp over the image is a ramp in the joined map, at the centres of its pixels."""
    shape, found = (48, 500), grid((48, 500), Reading(tile=48))
    ramp = np.broadcast_to(np.arange(500, dtype=np.float32) + 0.5, shape)
    maps = [tile.reshape(12, 4, 12, 4).mean(axis=(1, 3)) for tile in maps_of(ramp, found)]
    whole = joined(maps, found)
    assert whole.shape == (12, 125)
    centres = (np.arange(125) + 0.5) * 4
    np.testing.assert_allclose(whole[5, 1:-1], centres[1:-1], rtol=1e-5)


def test_a_map_finer_than_its_tile_is_reduced_to_the_pixels_of_the_image():
    found = grid((32, 100), Reading(tile=32))
    whole = joined([np.ones((256, 256), np.float32)] * len(found), found)
    assert whole.shape == (32, 100)
    np.testing.assert_allclose(whole, 1, rtol=1e-6)


class Counted(Sequence):
    """Images that count how often one is decoded, and say their shapes themselves."""

    def __init__(self, images):
        self.images, self.decoded = images, 0

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        self.decoded += 1
        return self.images[index]

    def shape_of(self, index):
        return self.images[index].shape[:2]


def test_tiles_follow_one_another_and_each_image_is_decoded_once_on_the_way():
    counted = Counted(pictures((40, 30), (16, 16), (20, 50)))
    tiles = Tiles(counted, SMALL)
    assert counted.decoded == 0 and len(tiles) == 3 * 3 + 1 + 2 * 4
    read = list(tiles)
    assert counted.decoded == 3 and {tile.shape for tile in read} == {(16, 16, 3)}
    assert np.array_equal(read[9], counted.images[1]) and np.array_equal(tiles[-1], counted.images[2][4:, 34:])
    assert len(tiles[2:5]) == 3
    with pytest.raises(IndexError):
        tiles[len(read)]


def test_tiles_do_not_share_the_memory_of_their_image():
    (image,) = pictures((40, 40))
    Tiles([image], SMALL)[0][:] = 0
    assert image.min() >= 100


def test_some_tiles_of_each_image_are_drawn_by_the_seed():
    images = pictures((40, 40), (16, 16))
    all_tiles, few = Tiles(images, SMALL), Reading(tile=16, tiles_per_image=2)
    one, again, other = (Tiles(images, few).some(seed) for seed in (1, 1, 2))
    assert len(one) == 2 + 1 and one.chosen == again.chosen != other.chosen
    assert len(Tiles(images, SMALL).some(1)) == len(all_tiles) == 9 + 1


def test_the_shape_of_an_image_is_known_from_its_header(save):
    from PIL import Image

    path = save(Image.new("RGB", (30, 20)), "a.png")
    images = Images([Sample(path, "nut", "train")])
    assert shape_of(images, 0) == shape_of(Kept(images), 0) == images[0].shape[:2] == (20, 30)


def trained(images, reading):
    method = judge(MeanImage(), reading)
    list(method.fit(images, seed=0, device="cpu"))
    return method


def test_a_stain_in_one_tile_is_a_defect_of_the_image_at_its_place():
    images = pictures(*[(48, 80)] * 6)
    method, (normal,) = trained(images, SMALL), pictures((48, 80), seed=9)
    stained = normal.copy()
    stained[30:34, 60:64] = 250
    healthy, found = method.score([normal, stained])
    assert found.image > healthy.image and found.map.shape == (48, 80)
    assert np.unravel_index(found.map.argmax(), found.map.shape) in {
        (row, column) for row in range(30, 34) for column in range(60, 64)
    }


def test_scores_maps_and_reconstructions_asked_for_alone_are_those_of_score():
    images = pictures(*[(40, 50)] * 5)
    method = trained(images, SMALL)
    scores = list(method.score(images))
    assert list(method.image_scores(images)) == [score.image for score in scores]
    for map, score in zip(method.anomaly_maps(images), scores, strict=True):
        assert np.array_equal(map, score.map)
    assert [each.shape for each in method.reconstruct(images)] == [image.shape for image in images]


def test_the_image_score_is_the_highest_or_the_mean_of_the_highest_few():
    (image,) = pictures((16, 64))
    means = sorted(tile.mean() for tile in Tiles([image], SMALL))
    for rule, expected in (("max", means[-1]), ("top2", np.mean(means[-2:])), ("top99", np.mean(means))):
        (score,) = OverTiles(Brightness(), Reading(tile=16, tile_score=rule)).score([image])
        assert score.image == pytest.approx(expected, rel=1e-6) and score.map is None


def test_pages_are_divided_into_tiles_each():
    parts = [np.stack(pictures((16, 40), (16, 40), seed=seed)) for seed in range(4)]
    method = trained(parts, Reading(tile=16, page="all"))
    (score,) = method.score(parts[:1])
    alone = list(method.method.method.score(list(parts[0])))
    assert score.image == max(each.image for each in alone) and score.map.shape == (16, 40)


def test_a_method_that_cannot_learn_from_them_says_how_many_tiles_there_were():
    with pytest.raises(MethodError, match=r"got 1 \(it learns from 1 tiles of 1 images\)"):
        trained(pictures((16, 16)), SMALL)


class Shades(Sequence):
    """Images whose left half is dark and whose right half is light, by some gray levels either way."""

    def __init__(self, count, seed=0):
        self.images = pictures(*[(16, 32)] * count, seed=seed)
        for image in self.images:
            image[:, 16:] += 100

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.images[index]


HALVES = Reading(tile=16, tile_overlap=0)


def test_a_method_that_learns_by_place_has_an_instance_for_each_place_and_decodes_each_image_once(tmp_path):
    images = Counted(Shades(6))
    method = trained(images, HALVES)
    assert images.decoded == 6
    left, right = (each._state["mean"].mean() for each in method.method.method.all)
    assert right - left == pytest.approx(100, abs=3)
    swapped = Shades(1, seed=8)[0][:, ::-1]
    normal, strange = method.image_scores([Shades(1, seed=9)[0], swapped])
    assert strange > 5 * normal

    method.save(tmp_path)
    again = loaded(MeanImage.load(tmp_path, device="cpu"), HALVES, tmp_path, device="cpu")
    assert list(again.image_scores([swapped])) == [strange]


def test_images_of_several_sizes_are_refused_where_places_are_learned():
    with pytest.raises(MethodError, match="of one size, and these have 2 "):
        trained(pictures((16, 32), (16, 64)), HALVES)
    with pytest.raises(MethodError, match=r"trained on images of 2 tiles.*one of 4"):
        list(trained(pictures(*[(16, 32)] * 2), HALVES).score(pictures((16, 64))))


def test_what_tiles_multiply_is_said_before_a_run_and_their_number_in_its_result():
    chosen = Reading(tile=512)
    assert wording.before_a_run(1560, 6, chosen) == (
        "tiles of 512 px, overlap 25%: methods see 1,560 tiles of 6 images, about 260 times the work"
    )
    alike = wording.remark([(1000, 1500)] * 3, chosen)
    assert alike.startswith("tiles of 512 px, overlap 25%, 12 tiles an image (of 1500x1000); the score")
    mixed = wording.remark([(1000, 1500), (500, 2000), (500, 2000)], Reading(tile=512, tile_score="top3"))
    assert "5 to 12 tiles an image (of 2 sizes, most often 2000x500)" in mixed and "the mean of the 3 highest" in mixed
    assert "the tiles of 2 images are cut to the image, which is smaller, as to 512x500" in mixed


def test_work_is_counted_in_tiles_and_drawn_tiles_save_training_alone():
    chosen = Reading(tile=512, tiles_per_image=4)
    assert (counting.seen_of((1000, 1500), chosen), counting.learned_of((1000, 1500), chosen)) == (12, 4)
    assert (counting.seen_of((400, 400), chosen), counting.learned_of((400, 400), chosen)) == (1, 1)
    assert counting.seen_of(None, chosen) == counting.seen_of((1000, 1500), Reading()) == 1


def test_several_threads_may_read_the_tiles_of_different_images():
    tiles = Tiles(Counted(pictures((16, 64), (16, 64), (16, 64))), SMALL)
    order = [0, 12, 5, 1, 11, 6] * 30
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda index: tiles[index], order))
    assert all(np.array_equal(tile, tiles[index]) for index, tile in zip(order, read, strict=True))


def test_only_tiles_that_were_asked_for_are_made():
    method = MeanImage()
    assert judge(method, Reading()).method.method is method


def test_an_error_calls_what_judges_by_its_method():
    names = {name_of(judge(MeanImage(), reading)) for reading in (Reading(), SMALL, Reading(tile=16, page="all"))}
    assert names == {"MeanImage"}
