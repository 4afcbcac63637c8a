"""MVTec AD 2: its public test set, and private images without a label."""

from benchmarks.checking import findings
from benchmarks.source import Source
from datasets.mvtec_ad2 import PRIVATE, MVTecAD2


def test_the_counts_of_training_images_are_those_of_the_eight_published_categories():
    assert len(MVTecAD2.counts) == 8 and MVTecAD2.counts.keys() == MVTecAD2.unlabelled_counts.keys()


def test_each_private_set_has_half_of_the_images_without_a_label():
    assert [count % len(PRIVATE) for count in MVTecAD2.unlabelled_counts.values()] == [0] * 8


def test_the_public_test_set_is_tested_and_its_masks_are_found(shared_cases):
    found = list(MVTecAD2().samples(shared_cases / "02-mvtecad2", "can"))
    tested = [sample for sample in found if sample.split == "test"]
    assert {sample.image.parent.parent.name for sample in tested} == {"test_public"}
    assert [(sample.defect, len(sample.masks)) for sample in tested] == [("bad", 1)] * 5 + [(None, 0)] * 5
    assert sum(sample.split == "validation" for sample in found) == 5


def test_private_images_are_no_samples_and_are_listed(shared_cases):
    root = shared_cases / "02-mvtecad2"
    private = MVTecAD2().unlabelled(root, "can")
    assert [image.parent.name for image in private] == ["test_private"] * 3
    assert not set(private) & {sample.image for sample in MVTecAD2().samples(root, "can")}


def test_check_names_private_images_and_calls_no_image_unread(shared_cases):
    found = [finding.message for finding in findings.find(Source(MVTecAD2(), shared_cases / "02-mvtecad2"))]
    assert "642 images without a label were published, 3 are here" in found
    assert any("images without a label, in no split: 3 (can/test_private/000_regular.png" in each for each in found)
    assert not any("belong to no split" in message for message in found)
