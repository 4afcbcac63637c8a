"""Methods by letter: the best mean first, whatever the order of the rows."""

import pytest

from reports import legend
from reports.rows import identity
from reports.tables import frame, names
from tests.stored import made_cell


def row(method, category, auroc, **fields):
    return identity(made_cell(method, category, **fields)) | {"image_auroc": auroc}


def lettered(*rows):
    return legend.lettered(frame(rows))


def test_the_highest_mean_is_a():
    table = lettered(row("cae", "x", 0.6), row("knn", "x", 0.9), row("mean_image", "x", 0.7))
    assert names(table) == ["A knn", "B mean_image", "C cae"]


def test_means_are_over_the_categories_that_all_methods_have():
    table = lettered(row("cae", "x", 0.6), row("knn", "x", 0.7), row("cae", "y", 1.0))
    assert names(table) == ["A knn", "B cae"]


def test_a_method_without_a_value_comes_last():
    assert names(lettered(row("cae", "x", None), row("knn", "x", 0.1))) == ["A knn", "B cae"]
    assert names(lettered(row("cae", "x", None), row("knn", "x", None))) == ["A cae", "B knn"]


def test_two_variants_of_a_method_have_letters_of_their_own_and_the_legend_sets_them_apart():
    table = lettered(row("knn", "x", 0.5), row("knn", "x", 0.6, changed={"views": 4}, settings={"views": 4}))
    assert legend.lines(table) == [("A knn", "views=4"), ("B knn", "the defaults")]
    assert legend.section(table) == "- **A knn**: views=4\n- **B knn**: the defaults"


@pytest.mark.parametrize(("place", "letter"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ")])
def test_after_z_come_two_letters(place, letter):
    assert legend.letter(place) == letter
