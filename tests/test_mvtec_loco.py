"""MVTec LOCO AD: folders of masks, the validation split, and its two types of defect."""

from collections import Counter

import pytest

from benchmarks import images
from benchmarks.checking import findings
from benchmarks.source import Source
from datasets import DataError
from datasets.mvtec_loco import MVTecLOCO


def test_the_counts_of_test_images_add_up_to_the_published_totals():
    _, normal, defective = zip(*MVTecLOCO.counts.values(), strict=True)
    assert (sum(normal), sum(defective), len(MVTecLOCO.counts)) == (575, 993, 5)


def test_the_normal_validation_images_are_the_validation_split(make_tree):
    found = list(MVTecLOCO().samples(make_tree(MVTecLOCO.layout), "pushpins"))
    assert [sample.defect for sample in found if sample.split == "validation"] == [None]


def test_logical_and_structural_defects_are_two_types(shared_cases):
    found = list(MVTecLOCO().samples(shared_cases / "01-loco", "breakfast_box"))
    types = Counter(sample.defect for sample in found if sample.split == "test")
    assert types == {None: 5, "logical_anomalies": 4, "structural_anomalies": 4}


def test_the_masks_of_an_image_are_merged(shared_cases):
    found = MVTecLOCO().samples(shared_cases / "01-loco", "breakfast_box")
    defective = next(sample for sample in found if sample.defect)
    shape = images.image_size(defective.image)
    merged, *parts = (images.read_mask(masks, shape).defect for masks in (defective.masks, *zip(defective.masks)))
    assert len(parts) == 2 and all(0 < part.sum() < merged.sum() for part in parts)
    assert (merged == (parts[0] | parts[1])).all()


def test_check_finds_nothing_wrong_with_the_layout(shared_cases):
    found = list(findings.find(Source(MVTecLOCO(), shared_cases / "01-loco")))
    assert not [finding for finding in found if finding.level == "error" or "mask" in finding.message[:30]]


def test_one_category_given_as_the_root_is_answered_with_the_way_to_read_it(make_tree):
    root = make_tree(MVTecLOCO.layout)
    with pytest.raises(DataError, match="--categories pushpins"):
        MVTecLOCO().categories(root / "pushpins")
