"""Which best method of a category is surely the best: against the paired test of the same images."""

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
    return significance.entry(contest, normal, defective, statistics.placements(normal.scores, defective.scores))


@pytest.fixture
def labels():
    return np.arange(60) % 2 == 0


def scores(labels, lift, seed):
    return np.random.default_rng(seed).normal(size=labels.size) + lift * labels


def test_the_best_has_no_p_value_and_the_others_theirs_against_it(labels):
    good, fair, poor = (scores(labels, lift, seed) for seed, lift in enumerate((3, 1.5, 0)))
    found = significance.p_values([entry("bolt", images(each, labels)) for each in (fair, good, poor)])
    assert found[1] is None
    for each, p_value in ((fair, found[0]), (poor, found[2])):
        pair = [statistics.placements(scores[~labels], scores[labels]) for scores in (each, good)]
        assert p_value == pytest.approx(statistics.paired_p_value(*pair), rel=1e-9)
    assert found[2] < 0.001


def test_groups_do_not_compete(labels):
    one, other = scores(labels, 2, 0), scores(labels, 0, 1)
    assert significance.p_values([entry("bolt", images(one, labels)), entry("nut", images(other, labels))]) == [
        None,
        None,
    ]


def test_images_are_paired_by_path_whatever_their_order(labels):
    one, other = images(scores(labels, 2, 0), labels), images(scores(labels, 1, 1), labels)
    assert significance.p_values([entry("bolt", one), entry("bolt", other)]) == significance.p_values(
        [entry("bolt", one), entry("bolt", other[::-1])]
    )


def test_compared_are_the_images_that_both_have(labels):
    one, other = images(scores(labels, 2, 0), labels), images(scores(labels, 1, 1), labels)
    expected = significance.p_values([entry("bolt", one[:50]), entry("bolt", other[:50])])
    assert significance.p_values([entry("bolt", one), entry("bolt", other[:50])]) == expected
    assert expected != significance.p_values([entry("bolt", one), entry("bolt", other)])


def test_without_both_classes_in_common_nothing_is_compared(labels):
    entered = images(scores(labels, 2, 0), labels)
    one = [each for each in entered if each.defect or int(each.path[:-4]) < 30]
    other = [each for each in entered if each.defect or int(each.path[:-4]) >= 30]
    assert significance.p_values([entry("bolt", one), entry("bolt", other)]) == [None, None]


def test_a_job_without_an_auroc_takes_no_part(labels):
    assert significance.p_values([None, entry("bolt", images(scores(labels, 2, 0), labels)), None]) == [None] * 3
