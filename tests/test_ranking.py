"""Training images that look unlike the others: which stand out, and how each is judged."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from benchmarks import images, plugins, split
from benchmarks.evaluation.ranking import LEAST_IMAGES, MOST, deviations, ranked
from benchmarks.jobs import cross_fitting
from benchmarks.source import Source
from datasets import Sample, blend_defect
from reports.results import ImageScore
from tests.checkout.program import write_image
from tests.checkout.toy import Toy
from tests.stored import made_cell

DRAWS = np.random.default_rng(0)
FITTING = cross_fitting.Fitting(Toy, images.AS_STORED, 0, "cpu")


def named(scores):
    return [f"{place}.png" for place in range(len(scores))]


@pytest.mark.parametrize("draw", [DRAWS.normal, DRAWS.lognormal, DRAWS.exponential], ids=["normal", "lognormal", "exp"])
def test_of_images_of_one_kind_next_to_none_stands_out(draw):
    found = [ranked("held out", named(scores), scores.tolist()) for scores in draw(size=(200, 40))]
    assert np.mean([bool(ranking.images) for ranking in found]) < 0.03


def test_an_image_far_above_the_others_is_named_with_its_score():
    scores = [*DRAWS.normal(20, 1, size=40).tolist(), 60.0]
    [found] = ranked("held out", named(scores), scores).images
    assert (found.path, found.score) == ("40.png", 60.0) and found.deviations > 10


def test_at_most_ten_are_named_the_most_unlike_first():
    scores = [*DRAWS.normal(size=80).tolist(), *range(50, 70)]
    found = ranked("held out", named(scores), scores).images
    assert [image.score for image in found] == sorted(scores, reverse=True)[:MOST]


def test_of_few_images_none_is_ranked():
    assert ranked("held out", named(range(LEAST_IMAGES - 1)), [1.0] * (LEAST_IMAGES - 2) + [90.0]) is None


def test_a_factor_does_not_matter_and_equal_scores_have_no_deviation():
    scores = DRAWS.exponential(size=30)
    np.testing.assert_allclose(deviations(scores), deviations(1000 * scores))
    assert not deviations(np.array([2.0] * 7 + [3.0] * 3)).any()


def samples(count, groups=None):
    return [Sample(f"{n}.png", "bolt", "train", group=groups and groups[n]) for n in range(count)]


@pytest.mark.parametrize("count", [1, 4, 10, 23])
def test_every_image_is_in_one_fold(count):
    found = cross_fitting.folds(samples(count))
    assert sorted(sample.image for fold in found for sample in fold) == sorted(s.image for s in samples(count))
    assert len(found) == min(count, cross_fitting.FOLDS) and max(map(len, found)) - min(map(len, found)) <= 1


def test_images_of_one_group_are_in_one_fold_and_one_group_alone_is_not_judged():
    grouped = samples(12, groups="aabbccddeeff")
    found = [{sample.group for sample in fold} for fold in cross_fitting.folds(grouped)]
    assert sum(map(len, found)) == len(set().union(*found)) == 6
    assert list(cross_fitting.cross_fitted(FITTING, samples(3, groups="aaa"))) == []


def test_a_cross_fitted_score_is_that_of_a_method_fitted_on_the_other_folds(tmp_path):
    for place in range(10):
        write_image(tmp_path / f"{place}.png", seed=place)
    listed = [Sample(tmp_path / f"{place}.png", "bolt", "train") for place in range(10)]
    found = dict(cross_fitting.cross_fitted(FITTING, listed))
    toy = Toy(epochs=1)
    list(toy.fit(images.Images([listed[place] for place in (0, 1, 3, 4, 5, 6, 8, 9)]), seed=0, device="cpu"))
    assert [found[listed[2]], found[listed[7]]] == list(toy.image_scores(images.Images([listed[2], listed[7]])))


def ranking_of(root, listed, *, method="mean_image", calibration=0.1):
    cell = made_cell(method, settings={}, calibration=calibration)
    parts = split.divide(listed, seed=0, shots=None, calibration=calibration)
    held = [ImageScore(path=f"{n}.png", part="calibration", defect=None, score=1.0 + n) for n in range(12)]
    job = SimpleNamespace(cell=cell, root=root)
    source = Source(plugins.dataset("folder"), root)
    return cross_fitting.rank(job, source, parts, held, device="cpu", advance=lambda done, of: None)


def test_a_defective_image_among_the_training_images_is_ranked_first(tmp_path, shared_data):
    dataset = plugins.dataset("dsaii")
    normal = [sample for sample in dataset.samples(shared_data / "dsaii", "0") if sample.split == "train"]
    listed = []
    for place, sample in enumerate(normal):
        pixels = images.read_image(sample.image)
        if place == 3:
            pixels, _ = blend_defect(pixels, "stain", np.random.default_rng(1))
        Image.fromarray(pixels).save(tmp_path / f"{place}.png")
        listed.append(Sample(tmp_path / f"{place}.png", "0", "train"))
    mean_image = FITTING._replace(make=lambda: plugins.choose("mean_image", {}).method)
    found = dict(cross_fitting.cross_fitted(mean_image, listed))
    assert max(found, key=found.get) == listed[3]


def test_a_spoilt_image_among_steady_training_images_is_named(tmp_path):
    for place in range(20):
        write_image(tmp_path / f"{place}.png", seed=place, stain=place == 7)
    listed = [Sample(tmp_path / f"{place}.png", "bolt", "train") for place in range(20)]
    found = ranking_of(tmp_path, listed)
    assert (found.judged, found.ranked, [image.path for image in found.images]) == ("cross-fitted", 20, ["7.png"])


@pytest.mark.parametrize(("calibration", "judged"), [(0.1, "held out"), ("loo", "left out")])
def test_other_methods_are_judged_by_the_scores_that_set_the_threshold(tmp_path, calibration, judged):
    found = ranking_of(tmp_path, samples(20), method="knn", calibration=calibration)
    assert (found.judged, found.ranked) == (judged, 12)
