"""Check metrics against golden numbers, scikit-learn, a slow loop, and mathematical laws."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage.measure import label
from sklearn import metrics as sklearn_metrics

from benchmarks.evaluation import counting, metrics, radix_sort
from tests import whole_metrics

EXACT = {"rel": 1e-12, "abs": 1e-14}

# Few distinct values, so that ties are the rule.
tied_scores = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40)


def two_classes(pairs):
    scores, labels = np.array([score for score, _ in pairs], float), np.array([label for _, label in pairs])
    assume(0 < labels.sum() < labels.size)
    return scores, labels


@st.composite
def maps_and_masks(draw):
    """Maps and masks of up to three tiny images of different sizes, with ties, and of a normal image."""
    shapes = draw(st.lists(st.tuples(st.integers(2, 6), st.integers(2, 6)), min_size=1, max_size=3))
    maps = [draw(arrays.arrays(np.float64, shape, elements=st.integers(-4, 4).map(float))) for shape in shapes]
    masks = [draw(arrays.arrays(bool, shape)) for shape in shapes]
    assume(any(mask.any() for mask in masks) and not all(mask.all() for mask in masks))
    return [*maps, np.arange(6.0).reshape(2, 3)], [*masks, None]


def slow_pixel_metrics(maps, masks, fpr_limit=0.3):
    """Compute pixel metrics threshold by threshold, with regions labelled by scikit-image."""
    masks = [np.zeros(scores.shape, bool) if mask is None else mask for scores, mask in zip(maps, masks, strict=True)]
    scores, truth = (np.concatenate([array.ravel() for array in arrays]) for arrays in (maps, masks))
    regions = []
    for anomaly_map, mask in zip(maps, masks, strict=True):
        names = label(mask, connectivity=2)
        regions += [anomaly_map[names == name] for name in range(1, names.max() + 1)]
    area, x, y = 0.0, 0.0, 0.0
    for threshold in np.unique(scores)[::-1]:
        next_x, next_y = np.mean(scores[~truth] >= threshold), np.mean([np.mean(part >= threshold) for part in regions])
        if next_x > fpr_limit:
            at_limit = y + (next_y - y) * (fpr_limit - x) / (next_x - x)
            area += (fpr_limit - x) * (y + at_limit) / 2
            break
        area += (next_x - x) * (y + next_y) / 2
        x, y = next_x, next_y
    return SimpleNamespace(
        auroc=sklearn_metrics.roc_auc_score(truth, scores),
        average_precision=sklearn_metrics.average_precision_score(truth, scores),
        aupro=area / fpr_limit,
    )


def random_images(seed=0, kind=np.float64):
    """Noisy maps of three images of different sizes with faint defects, and of a normal image; and their masks."""
    generator = np.random.default_rng(seed)
    maps, masks = [], []
    for height, width in ((40, 50), (31, 64), (50, 20)):
        mask = np.zeros((height, width), bool)
        mask[5:15, 3:9] = mask[20:24, 10:18] = True
        maps.append((generator.normal(size=mask.shape) + 1.5 * mask).astype(kind))
        masks.append(mask)
    return [*maps, generator.normal(size=(30, 30)).astype(kind)], [*masks, None]


# Golden numbers, by hand.


def test_golden_image_metrics():
    scores, labels = [0.1, 0.4, 0.35, 0.8], [False, False, True, True]
    ranking = metrics.rank(scores, labels)
    assert ranking.auroc() == 0.75
    assert ranking.average_precision() == pytest.approx((1 + 2 / 3) / 2)
    assert ranking.best_f1() == pytest.approx(0.8)
    assert ranking.true_positive_rate_at(0.49) == 0.5
    assert ranking.true_positive_rate_at(0.5) == 1.0


def test_golden_pixel_metrics():
    scores = np.array([[9, 1, 2, 3], [0, 1, 2, 8]], float)
    mask = np.array([[1, 0, 0, 0], [0, 0, 0, 1]], bool)
    assert metrics.pixel_metrics([scores], [mask]) == (1.0, 1.0, 1.0)
    assert metrics.pixel_metrics([-scores], [mask]).aupro == 0.0


def test_a_region_counts_as_much_as_another_of_any_size():
    scores, mask = np.zeros((3, 12)), np.zeros((3, 12), bool)
    mask[0, :9] = mask[2, 11] = True
    scores[0, :9] = 1
    scores[2, 11] = -1
    assert metrics.pixel_metrics([scores], [mask]).aupro == pytest.approx(0.5)


def test_pixels_that_touch_by_a_corner_are_one_region():
    touching = np.array([[1, 1, 0, 0], [0, 0, 1, 0]], bool)
    apart = np.array([[1, 1, 0, 0], [0, 0, 0, 1]], bool)
    assert metrics.pixel_metrics([np.array([[5, 5, 1, 1], [1, 1, 0, 1.0]])], [touching]).aupro == pytest.approx(2 / 3)
    assert metrics.pixel_metrics([np.array([[5, 5, 1, 1], [1, 1, 1, 0.0]])], [apart]).aupro == pytest.approx(1 / 2)


# Independent oracles.


@settings(deadline=None)
@given(tied_scores)
def test_image_metrics_are_those_of_scikit_learn(pairs):
    scores, labels = two_classes(pairs)
    precision, recall, _ = sklearn_metrics.precision_recall_curve(labels, scores)
    f1 = np.max(2 * precision * recall / np.maximum(precision + recall, 1e-12))
    ranking = metrics.rank(scores, labels)
    assert ranking.auroc() == pytest.approx(sklearn_metrics.roc_auc_score(labels, scores), **EXACT)
    average_precision = sklearn_metrics.average_precision_score(labels, scores)
    assert ranking.average_precision() == pytest.approx(average_precision, **EXACT)
    assert ranking.best_f1() == pytest.approx(f1, **EXACT)


@settings(deadline=None)
@given(tied_scores, st.sampled_from([0.01, 0.05, 0.1, 0.25, 0.5, 1.0]))
def test_true_positive_rate_is_that_of_the_best_allowed_point_of_the_roc_curve(pairs, rate):
    scores, labels = two_classes(pairs)
    false_positives, true_positives, _ = sklearn_metrics.roc_curve(labels, scores, drop_intermediate=False)
    expected = true_positives[false_positives <= rate].max()
    assert metrics.rank(scores, labels).true_positive_rate_at(rate) == pytest.approx(expected, **EXACT)


@settings(deadline=None)
@given(maps_and_masks(), st.sampled_from([0.05, 0.3, 1.0]))
def test_pixel_metrics_are_those_of_a_slow_loop(images, fpr_limit):
    fast, slow = metrics.pixel_metrics(*images, fpr_limit), slow_pixel_metrics(*images, fpr_limit)
    assert fast == pytest.approx((slow.auroc, slow.average_precision, slow.aupro), **EXACT)


def test_pixel_metrics_of_noise_are_those_of_a_slow_loop():
    fast, slow = metrics.pixel_metrics(*random_images()), slow_pixel_metrics(*random_images())
    assert fast == pytest.approx((slow.auroc, slow.average_precision, slow.aupro), **EXACT)


# Laws.


@pytest.mark.parametrize("transform", [lambda x: np.exp(x / 5), lambda x: x**3, lambda x: 7 * x - 1e3, np.sinh])
def test_increasing_transforms_change_no_pixel_metric(transform):
    maps, masks = random_images(kind=np.float32)
    transformed = [transform(scores.astype(np.float64)) for scores in maps]
    assert metrics.pixel_metrics(transformed, masks) == pytest.approx(metrics.pixel_metrics(maps, masks), rel=1e-13)


def test_one_pixel_of_a_million_that_keeps_the_ranking_changes_no_pixel_metric():
    maps, masks = random_images(kind=np.float32)
    before = metrics.pixel_metrics(maps, masks)
    highest = max(maps, key=np.max)
    highest[highest == highest.max()] = 1e6
    assert metrics.pixel_metrics(maps, masks) == pytest.approx(before, rel=1e-13)


@settings(deadline=None)
@given(tied_scores)
def test_reversal_gives_one_minus_auroc(pairs):
    scores, labels = two_classes(pairs)
    assert metrics.auroc(-scores, labels) == pytest.approx(1 - metrics.auroc(scores, labels), abs=1e-15)


@settings(deadline=None)
@given(tied_scores, st.randoms())
def test_order_does_not_matter(pairs, random):
    scores, labels = two_classes(pairs)
    shuffled, ordered = metrics.rank(*two_classes(random.sample(pairs, len(pairs)))), metrics.rank(scores, labels)
    assert shuffled.auroc() == ordered.auroc()
    assert shuffled.average_precision() == ordered.average_precision()


def test_the_order_of_images_does_not_matter():
    maps, masks = random_images()
    assert metrics.pixel_metrics(maps[::-1], masks[::-1]) == pytest.approx(
        metrics.pixel_metrics(maps, masks), rel=1e-13
    )


def test_all_ties_give_a_half():
    maps, masks = random_images()
    assert metrics.auroc(np.ones(9), np.arange(9) < 4) == 0.5
    flat = metrics.pixel_metrics([np.zeros_like(scores) for scores in maps], masks)
    assert (flat.auroc, flat.aupro) == (0.5, pytest.approx(0.15))


def test_double_precision_is_not_lost():
    scores = np.array([[1 - 1e-15, 1 - 5e-16]])
    assert metrics.pixel_metrics([scores], [np.array([[False, True]])]).auroc == 1.0


def test_an_empty_mask_counts_as_no_mask():
    maps, masks = random_images()
    assert metrics.pixel_metrics(maps, [*masks[:-1], np.zeros((30, 30), bool)]) == metrics.pixel_metrics(maps, masks)


def test_inputs_are_left_untouched():
    maps, masks = random_images()
    metrics.pixel_metrics(maps, masks)
    for ours, theirs in zip(maps, random_images()[0], strict=True):
        np.testing.assert_array_equal(ours, theirs)


# Refusals.


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_pixels_that_are_not_finite_are_refused_naming_the_image(bad):
    maps, masks = random_images()
    maps[2][0, 0] = bad
    with pytest.raises(metrics.NotFiniteError, match="image 2") as caught:
        metrics.pixel_metrics(maps, masks)
    assert caught.value.index == 2


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_refused_naming_the_image(bad):
    with pytest.raises(metrics.NotFiniteError, match="image 1"):
        metrics.auroc([0.0, bad], [False, True])


@pytest.mark.parametrize("labels", [[True, True], [False, False]])
def test_one_class_is_refused_in_a_sentence(labels):
    missing = "normal" if labels[0] else "defective"
    with pytest.raises(metrics.OneClassError, match=f"there is no {missing} one"):
        metrics.auroc([1.0, 2.0], labels)
    with pytest.raises(metrics.OneClassError, match=f"there is no {missing} one"):
        metrics.pixel_metrics([np.zeros((2, 2))], [np.full((2, 2), labels[0])])


def test_empty_input_is_refused_in_a_sentence():
    with pytest.raises(metrics.OneClassError, match="no normal and no defective"):
        metrics.pixel_metrics([], [])


def test_a_mask_of_another_size_is_refused_naming_the_image():
    with pytest.raises(ValueError, match=r"got map 0 of \(2, 2\) with mask \(2, 3\)"):
        metrics.pixel_metrics([np.zeros((2, 2))], [np.zeros((2, 3), bool)])


@pytest.mark.parametrize("fpr_limit", [0, -0.1, 1.1])
def test_a_limit_that_is_no_rate_is_refused(fpr_limit):
    with pytest.raises(ValueError, match="fpr_limit"):
        metrics.pixel_metrics(*random_images(), fpr_limit)


@settings(deadline=None)  # it is compiled at the first call
@given(
    arrays.arrays(np.float32, st.integers(0, 300), elements=st.floats(width=32, allow_nan=False, allow_infinity=False))
)
def test_a_radix_sort_puts_numbers_in_order(numbers):
    found = numbers.copy()
    radix_sort.sort(found)
    np.testing.assert_array_equal(found, np.sort(numbers))


def test_how_scores_are_sorted_changes_no_pixel_metric(monkeypatch):
    maps, masks = random_images(kind=np.float32)
    before = metrics.pixel_metrics(maps, masks)
    monkeypatch.setattr(metrics, "MANY", 0)
    assert metrics.pixel_metrics(maps, masks) == before


@given(tied_scores, tied_scores)
@settings(deadline=None)
def test_counting_adds_what_a_comparison_with_every_score_finds(scores, levels):
    scores, levels = (np.sort(np.array([each for each, _ in pairs], np.float32)) for pairs in (scores, levels))
    above, reaching = np.full((2, levels.size), 5, np.uint32)
    counting.add(scores, levels, above, reaching)
    assert above.tolist() == [5 + (scores > level).sum() for level in levels]
    assert reaching.tolist() == [5 + (scores >= level).sum() for level in levels]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("step", [0, 0.5])
@pytest.mark.parametrize(
    "changes",
    [{}, {"MANY": 0}, {"BATCH": 1}, {"BATCH": 3000}, {"BATCH": 3000, "MANY": 0}, {"BATCH": 1, "MOST_IN_32_BITS": 5000}],
    ids=str,
)
def test_in_batches_of_any_size_pixel_metrics_are_those_of_all_scores_at_once(kind, step, changes, monkeypatch):
    maps, masks = random_images(kind=kind)
    maps += [maps[0] - 1, np.full((7, 9), 0.5, kind), maps[1] * -0.0]
    masks += [np.zeros(maps[0].shape, bool), np.ones((7, 9), bool), None]
    if step:
        maps = [np.round(scores / step) * kind(step) for scores in maps]
    expected = whole_metrics.pixel_metrics(maps, masks)
    for name, value in changes.items():
        monkeypatch.setattr(metrics, name, value)
    assert metrics.pixel_metrics(maps, masks) == expected


@settings(deadline=None)
@given(maps_and_masks(), st.sampled_from([0.05, 0.3, 1.0]), st.sampled_from([1, 10, 2**26]))
def test_in_batches_ties_and_odd_masks_change_no_bit(images, fpr_limit, batch):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "BATCH", batch)
        found = metrics.pixel_metrics(*images, fpr_limit)
    assert found == whole_metrics.pixel_metrics(*images, fpr_limit)


def test_progress_counts_every_reading_of_a_map():
    told = []
    maps, masks = random_images()
    metrics.pixel_metrics(maps, masks, advance=lambda *step: told.append(step))
    readings = len(maps) + sum(mask is not None for mask in masks)
    assert told == [(done, readings) for done in range(1, readings + 1)]
