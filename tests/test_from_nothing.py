"""A data set from nothing: pictures through masks and defects, then a run. The whole is `tests.speed.from_nothing`."""

import csv

import numpy as np
import pytest

from benchmarks import data_settings
from benchmarks.checking import findings
from benchmarks.source import Source
from tests.small_categories import BY_SERVER, CATEGORIES, COUNT
from tests.speed.from_nothing import make, run


@pytest.mark.parametrize("name", CATEGORIES)
def test_a_small_category_has_enough_pictures_and_knows_its_objects(name):
    pictures = list(CATEGORIES[name]())
    assert len(pictures) == COUNT and len({picture.pixels.tobytes() for picture in pictures}) == COUNT
    for pixels, whole in pictures:
        assert pixels.dtype == np.uint8 and pixels.shape[2] == 3
        assert whole is None or (whole.shape == pixels.shape[:2] and 0.2 < whole.mean() < 0.8)


@pytest.mark.slow
def test_three_categories_are_made_clean_and_their_defects_found(tmp_path):
    made = make(tmp_path, ["coin", "disc", BY_SERVER])
    found = findings.find(Source.named("dsaii", made, data_settings.UNTOLD))
    beyond_notes = {each.message.split(" sets the threshold")[0] for each in found if each.level != "note"}
    assert beyond_notes == {"by default 1 normal image of 7"}  # so few were made; nothing else is wrong
    settings = ("knn.image_size=128", "knn.n_scales=1", "knn.bank_size=64", "knn.test_views=1")
    run(made, tmp_path / "results", "mean_image,knn", settings)
    with open(tmp_path / "results/report.csv", encoding="utf-8", newline="") as file:
        aurocs = {(row["method"], row["category"]): float(row["image_auroc"]) for row in csv.DictReader(file)}
    assert len(aurocs) == 2 * 3
    assert max(aurocs[method, BY_SERVER] for method in ("mean_image", "knn")) > 0.9  # it paints in glaring red
