"""The maps of test images lie on disk until they are measured, and only where they will be."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.evaluation import metrics
from benchmarks.jobs import disk, failures, kept_maps, protocol
from benchmarks.jobs.extent import Extent
from benchmarks.jobs.kept_maps import KeptMaps
from benchmarks.jobs.plan import Job, Request, plan
from benchmarks.plugins import choose
from tests import whole_metrics

TRAIN = {f"nut/train/good/{number}.png": "image" for number in range(4)}
TEST = {f"nut/test/{kind}/{number}.png": "image" for kind in ("good", "bent") for number in range(3)}
MASKS = {f"nut/ground_truth/bent/{number}_mask.png": "mask" for number in range(2)} | {
    "nut/ground_truth/bent/2_mask.png": "empty mask"
}

STAGES = ("reading masks", "measuring maps")


@pytest.fixture
def job(make_tree, tmp_path):
    """A function that plans a job of a method that fits at once, on images of (width, height)."""

    def planned(files: dict[str, str], size: tuple[int, int] | None = None) -> Job:
        root = make_tree(TRAIN | files)
        for file in root.rglob("*.png") if size else ():
            Image.open(file).crop((0, 0, *size)).save(file)
        (found,) = plan(Request([choose("mean_image", {})], "folder", root, tmp_path / "kept", keep_models=False))
        return found

    return planned


@pytest.fixture
def maps():
    """Maps of several sizes and types, one of them not contiguous."""
    generator = np.random.default_rng(0)
    made = [generator.standard_normal(shape) for shape in ((3, 4), (5, 2), (1, 7))]
    return [made[0].astype(np.float32), made[1].T, made[2].astype(np.float16)]


def test_maps_come_back_as_float32_in_any_order_and_the_folder_stays_empty(maps, tmp_path):
    kept = KeptMaps(tmp_path, wanted=True)
    for map in maps:
        kept.add(map)
    assert kept.is_complete and len(kept) == 3
    for index in (2, 0, 1, 2):
        np.testing.assert_array_equal(kept[index], maps[index].astype(np.float32))
    assert [*tmp_path.iterdir()] == []


def test_where_no_map_is_wanted_or_one_is_missing_no_file_is_made(maps, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_maps.tempfile, "TemporaryFile", None)
    unwanted, without = KeptMaps(tmp_path, wanted=False), KeptMaps(tmp_path, wanted=True)
    unwanted.add(maps[0])
    without.add(None)
    without.add(maps[0])
    assert unwanted.is_complete and not without.is_complete


def test_a_full_disk_is_named_with_the_folder(maps, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_maps.tempfile, "TemporaryFile", lambda dir: open("/dev/full", "w+b"))
    with pytest.raises(OSError) as caught:
        KeptMaps(tmp_path, wanted=True).add(maps[0])
    assert f"{tmp_path} cannot be read or written: No space left" in failures.refused_here(caught.value)


def test_a_job_measures_what_all_scores_at_once_give_and_tells_how_far_it_is(job, monkeypatch):
    """Images of 19 x 23 pixels, which are no whole number of bytes of a mask."""
    made, told, maps = job(TEST | MASKS, size=(23, 19)), [], []
    measure = metrics.pixel_metrics
    monkeypatch.setattr(
        metrics, "pixel_metrics", lambda *images, **how: maps.extend(images[0]) or measure(*images, **how)
    )
    result = protocol.run(made, told.append)
    masks = [np.asarray(Image.open(made.root / name)) > 0 for name in MASKS][:2]
    found = result.pixels
    assert (found.auroc, found.average_precision, found.aupro) == whole_metrics.pixel_metrics(
        maps, [*masks, *3 * [None]]
    )
    assert found.images == 5 and any("an empty one" in remark for remark in result.remarks)
    stages = {stage: [(each.done, each.of) for each in told if each.stage == stage] for stage in STAGES}
    assert stages == {"reading masks": [(n, 6) for n in range(1, 7)], "measuring maps": [(n, 7) for n in range(1, 8)]}
    assert not any(made.folder.iterdir())


@pytest.mark.parametrize(("files", "why"), [(TEST, "the data have no masks"), ({}, "there is no test image")])
def test_without_masks_no_map_is_kept(job, monkeypatch, files, why):
    monkeypatch.setattr(KeptMaps, "_append", None)
    assert protocol.run(job(files), lambda progress: None).why_no_pixels == why


def test_the_maps_of_jobs_at_work_count_as_disk_and_a_lack_of_it_is_said_before_the_fit(job, monkeypatch, tmp_path):
    jobs = [job(TEST | MASKS)] * 3
    extents = {"nut": Extent(largest_px=10**6, measured=500, measured_px=500 * 10**6)}
    needed = disk.require_space(jobs, tmp_path, extents, at_once=2)
    assert needed == 3 * disk.RESULT_BYTES + 2 * 4 * 500 * 10**6
    small = {"nut": Extent(largest_px=32**2, measured=500, measured_px=500 * 32**2)}
    assert disk.require_space(jobs, tmp_path, small, at_once=1) == 3 * disk.RESULT_BYTES + 4 * 500 * 256**2
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 10**9}))
    with pytest.raises(ValueError, match=r"3 jobs need about 4\.0 GB, 4\.0 GB of it for maps while they run, and 1\.0"):
        disk.require_space(jobs, tmp_path, extents, at_once=2)
