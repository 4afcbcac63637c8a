"""Corrected p-values of the methods of a category, against the paired test on the same images."""

import numpy as np
import pytest

from benchmarks.evaluation import significance
from benchmarks.evaluation.significance import Scored
from reports import statistics
from reports.results import ImageScore


def images(scores, labels):
    return [
        ImageScore(path=f"{index}.png", part="test", defect="bent" if label else None, score=score)
        for index, (score, label) in enumerate(zip(scores, labels, strict=True))
    ]


def entry(contest, entered):
    normal, defective = (Scored.of([each for each in entered if (each.defect is not None) == kind]) for kind in (0, 1))
    placed = statistics.placements(normal.scores, defective.scores)
    return significance.averaged([significance.entry(contest, normal, defective, placed)])


@pytest.fixture
def labels():
    return np.arange(60) % 2 == 0


def scores(labels, lift, seed):
    return np.random.default_rng(seed).normal(size=labels.size) + lift * labels


def p_value(labels, one, other):
    """Uncorrected, of two methods' scores."""
    return statistics.paired_p_value(*(statistics.placements(each[~labels], each[labels]) for each in (one, other)))


def equal_methods(seed, methods=8, normal=50, defective=100):
    """Entries of methods with the same true AUROC (.80), whose scores are correlated by one half."""
    generator = np.random.default_rng(seed)
    labels = np.arange(normal + defective) >= normal
    paths = tuple(map(str, range(labels.size)))
    both = generator.normal(size=(1, labels.size)) + generator.normal(size=(methods, labels.size)) + 1.7 * labels
    return [
        significance.averaged(
            [
                significance.entry(
                    "bolt",
                    Scored(paths[:normal], each[~labels]),
                    Scored(paths[normal:], each[labels]),
                    statistics.placements(each[~labels], each[labels]),
                )
            ]
        )
        for each in both
    ]


def against_best(one, entered):
    best = max(entered, key=lambda each: each.placements.auroc())
    return None if one is best else statistics.paired_p_value(one.placements, best.placements)


def test_the_best_has_no_p_value_and_the_others_theirs_against_it(labels):
    good, fair, poor = (scores(labels, lift, seed) for seed, lift in enumerate((3, 1.5, 0)))
    found = significance.p_values_holm([entry("bolt", images(each, labels)) for each in (fair, good, poor)])
    assert found[1] is None
    by_hand = statistics.holm([p_value(labels, *pair) for pair in ((fair, good), (poor, good), (fair, poor))])
    assert [found[0], found[2]] == pytest.approx(by_hand[:2], rel=1e-9)
    assert found[2] < 0.001


def test_two_methods_are_one_comparison_and_nothing_is_corrected(labels):
    one, other = scores(labels, 2, 0), scores(labels, 1, 1)
    [corrected, _] = significance.p_values_holm([entry("bolt", images(each, labels)) for each in (other, one)])
    assert corrected == pytest.approx(p_value(labels, one, other), rel=1e-9)


def test_of_eight_equal_methods_hardly_5_percent_of_draws_show_a_difference():
    draws = [equal_methods(seed) for seed in range(400)]
    shown = [min(filter(None, significance.p_values_holm(entered))) < 0.05 for entered in draws]
    # Against the best alone, uncorrected: what the correction is for.
    raw = [min(filter(None, map(against_best, entered, [entered] * 8))) < 0.05 for entered in draws]
    assert 0 < np.mean(shown) <= 0.06 < 0.4 < np.mean(raw)


def test_groups_do_not_compete(labels):
    one, other = scores(labels, 2, 0), scores(labels, 0, 1)
    apart = [entry("bolt", images(one, labels)), entry("nut", images(other, labels))]
    assert significance.p_values_holm(apart) == [None, None]


def test_images_are_paired_by_path_whatever_their_order(labels):
    one, other = images(scores(labels, 2, 0), labels), images(scores(labels, 1, 1), labels)
    assert significance.p_values_holm([entry("bolt", one), entry("bolt", other)]) == significance.p_values_holm(
        [entry("bolt", one), entry("bolt", other[::-1])]
    )


def test_compared_are_the_images_that_both_have(labels):
    one, other = images(scores(labels, 2, 0), labels), images(scores(labels, 1, 1), labels)
    expected = significance.p_values_holm([entry("bolt", one[:50]), entry("bolt", other[:50])])
    assert significance.p_values_holm([entry("bolt", one), entry("bolt", other[:50])]) == expected
    assert expected != significance.p_values_holm([entry("bolt", one), entry("bolt", other)])


def test_without_both_classes_in_common_nothing_is_compared(labels):
    entered = images(scores(labels, 2, 0), labels)
    one = [each for each in entered if each.defect or int(each.path[:-4]) < 30]
    other = [each for each in entered if each.defect or int(each.path[:-4]) >= 30]
    assert significance.p_values_holm([entry("bolt", one), entry("bolt", other)]) == [None, None]


def test_a_job_without_an_auroc_takes_no_part(labels):
    assert significance.p_values_holm([None, entry("bolt", images(scores(labels, 2, 0), labels)), None]) == [None] * 3


def seeds_of(labels, *runs):
    """The average of jobs with these images."""
    normal, defective = ([[e for e in run if (e.defect is not None) == kind] for run in runs] for kind in (0, 1))
    pairs = [tuple(map(Scored.of, pair)) for pair in zip(normal, defective, strict=True)]
    return significance.averaged(
        [significance.entry("bolt", *pair, statistics.placements(*(each.scores for each in pair))) for pair in pairs]
    )


def test_the_auroc_of_several_seeds_is_their_mean_whatever_the_scales_of_their_scores(labels):
    one, other = scores(labels, 2, 0), 1000 * scores(labels, 1, 1)
    both = seeds_of(labels, images(one, labels), images(other, labels))
    alone = [seeds_of(labels, images(each, labels)).placements.auroc() for each in (one, other)]
    assert both.placements.auroc() == pytest.approx(np.mean(alone), rel=1e-12)


def test_seeds_with_other_test_images_are_averaged_over_those_they_share(labels):
    one, other = images(scores(labels, 2, 0), labels), images(scores(labels, 1, 1), labels)
    cut = seeds_of(labels, one, other[:50])
    assert cut.placements.auroc() == pytest.approx(seeds_of(labels, one[:50], other[:50]).placements.auroc())
    assert len(cut.normal) + len(cut.defective) == 50


def test_seeds_without_a_shared_image_of_one_class_are_not_averaged(labels):
    entered = images(scores(labels, 2, 0), labels)
    one = [each for each in entered if each.defect or int(each.path[:-4]) < 30]
    other = [each for each in entered if each.defect or int(each.path[:-4]) >= 30]
    assert seeds_of(labels, one, other) is None
