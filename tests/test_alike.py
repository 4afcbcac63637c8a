"""What `check` and a result say of near-duplicates, copies and sequences, on data whose truth is known."""

from dataclasses import replace

import pytest

from benchmarks import plugins
from benchmarks.checking import remarks
from benchmarks.checking.findings import find
from benchmarks.data_settings import DataSettings
from benchmarks.evaluation import result_rows
from benchmarks.images import verify
from benchmarks.jobs import plan, protocol
from benchmarks.source import Source
from benchmarks.split import divide
from benchmarks.trained import Trained


def found(root, *, level=None, dataset="mvtec", categories=None):
    findings = find(Source(plugins.dataset(dataset), root), categories)
    return [finding for finding in findings if level in (None, finding.level)]


def near_duplicates(root):
    """The warnings of near-duplicates."""
    return [warning for warning in found(root, level="warning") if "near-duplicates" in warning.message]


def test_crops_of_one_film_in_train_and_test_are_a_warning_and_their_order_is_told(shared_cases):
    training, test = near_duplicates(shared_cases / "20-patches/data")
    assert training.message.startswith("141 of 141 training images are near-duplicates of other training images")
    assert "--groups PATTERN keeps images of one origin together" in training.message
    assert test.message.startswith("67 of 67 test images are near-duplicates of training images")
    assert any("order of a sequence" in note.message for note in found(shared_cases / "20-patches/data", level="note"))


def test_crops_of_one_group_are_never_parted_so_that_only_those_in_the_test_set_are_said(shared_cases):
    source = Source(plugins.dataset("mvtec"), shared_cases / "20-patches/data", DataSettings(groups=r"f(\d+)_"))
    (warning,) = [each.message for each in find(source) if each.level == "warning"]
    assert warning.startswith("67 of 67 test images are near-duplicates of training images")


def test_copies_of_training_images_are_a_note_that_counts_pictures(shared_cases):
    copied = shared_cases / "25-copies"
    assert not near_duplicates(copied)
    assert any(note.message.startswith("40 training images show 10 pictures") for note in found(copied, level="note"))


@pytest.mark.parametrize(
    ("folder", "category"),
    [
        ("mvtec", "hazelnut_reduced"),
        ("mvtec", "transistor_reduced"),
        ("dsaii/synthetic_tidy_v2", "0"),
    ],
)
def test_different_parts_of_one_product_are_no_near_duplicates(shared_data, folder, category):
    findings = found(shared_data / folder, dataset=folder.split("/")[0], categories=[category])
    messages = [each.message for each in findings]
    assert not [message for message in messages if "near-duplicates" in message or "sequence" in message]


def test_a_result_says_that_copies_were_kept_together_and_counted_once(shared_cases):
    assert any(
        "3 held-out images are identical to another one and left aside" in each
        for each in divided(shared_cases / "25-copies", "part")
    )


def test_a_result_says_that_blocks_of_a_sequence_were_held_out_and_what_still_lies_beside_its_twin(shared_cases):
    order, held_out, test = divided(shared_cases / "20-patches/data", "weld")
    assert order.startswith("the training images lie in the order of a sequence")
    assert "held-out images are near-duplicates of training images" in held_out and "--groups PATTERN" in held_out
    assert test.startswith("67 of 67 test images are near-duplicates of training images")


def test_images_left_out_beside_a_near_duplicate_are_counted(shared_cases):
    (*_, remark) = divided(shared_cases / "20-patches/data", "weld", calibration="loo")
    assert remark.startswith("141 of 141 training images were left out beside an identical image, a near-duplicate or")


@pytest.fixture
def of_copies(shared_cases, tmp_path):
    """A finished job on training images that were copied four times, and how its samples are divided."""
    root = shared_cases / "25-copies"
    choice = plugins.choose("mean_image", {})
    request = plan.Request([choice], "mvtec", root, tmp_path, calibration=0.3, keep_models=False)
    (job,) = plan.plan(request)
    samples = list(plugins.dataset("mvtec").samples(root, "part"))
    parts = divide(samples, seed=0, shots=None, calibration=0.3, examined=verify(samples))
    job.folder.mkdir(parents=True)
    return Trained(job, protocol.run(job, lambda progress: None)), samples, parts


def test_a_finished_job_knows_its_division_without_decoding_the_images(of_copies):
    trained, _, parts = of_copies
    assert trained.parts() == replace(parts, copies=())
    assert len(parts.calibration) == 3 and trained.result.copies == len(parts.copies) == 9


def test_images_left_aside_count_among_the_images_used(of_copies):
    row = result_rows.measure(of_copies[0].result, None).row
    assert row["trained_on"] == 28 and row["images_used"].startswith("train 40,")


def divided(root, category, calibration=0.1):
    """The remarks of a result on how its samples were divided."""
    samples = list(plugins.dataset("mvtec").samples(root, category))
    examined = verify(samples)
    parts = divide(samples, seed=0, shots=None, calibration=calibration, examined=examined)
    return remarks.on_division(parts, samples, examined, root)
