"""Which best method of a category is surely the best: against scikit-learn's AUROC and the pairs by hand."""

import numpy as np
import pytest

from benchmarks import metrics, rivals
from reports import statistics
from reports.results import ImageScore


def images(scores, labels):
    return [
        ImageScore(path=f"{index}.png", part="test", defect="bent" if label else None, score=score)
        for index, (score, label) in enumerate(zip(scores, labels, strict=True))
    ]


def entry(contest, entered):
    labels = [image.defect is not None for image in entered]
    both = len(set(labels)) == 2
    return rivals.Entry(contest, metrics.auroc([image.score for image in entered], labels) if both else None, entered)


@pytest.fixture
def labels():
    return np.arange(60) % 2 == 0


def scores(labels, lift, seed):
    return np.random.default_rng(seed).normal(size=labels.size) + lift * labels


def test_the_best_has_no_p_value_and_the_others_theirs_against_it(labels):
    good, fair, poor = (scores(labels, lift, seed) for seed, lift in enumerate((3, 1.5, 0)))
    found = rivals.p_values([entry("bolt", images(each, labels)) for each in (fair, good, poor)])
    assert found[1] is None
    for each, p_value in ((fair, found[0]), (poor, found[2])):
        pairs = each[~labels], each[labels], good[~labels], good[labels]
        assert p_value == statistics.paired_difference(*pairs).p_value
    assert found[2] < 0.001


def test_groups_do_not_compete(labels):
    one, other = scores(labels, 2, 0), scores(labels, 0, 1)
    assert rivals.p_values([entry("bolt", images(one, labels)), entry("nut", images(other, labels))]) == [None, None]


def test_images_are_paired_by_path_whatever_their_order(labels):
    one, other = images(scores(labels, 2, 0), labels), images(scores(labels, 1, 1), labels)
    assert rivals.p_values([entry("bolt", one), entry("bolt", other)]) == rivals.p_values(
        [entry("bolt", one), entry("bolt", other[::-1])]
    )


def test_without_both_classes_nothing_is_compared():
    only = images([0.1, 0.2], [False, False])
    assert rivals.p_values([entry("bolt", only), entry("bolt", only)]) == [None, None]
