"""Pixel metrics on 80 maps of 900x900 float32: processor time beside scikit-learn's in one run, and memory."""

import time
import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.evaluation import metrics
from benchmarks.evaluation.metrics import pixel_metrics
from tests import whole_metrics
from tests.speed.timing import processor_seconds

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def images():
    """Noise; every second image has five rectangular defects that stand out by one standard deviation."""
    generator = np.random.default_rng(0)
    maps = [generator.standard_normal((900, 900), dtype=np.float32) for _ in range(80)]
    masks = [np.zeros((900, 900), dtype=bool) for _ in maps]
    for anomaly_map, mask in list(zip(maps, masks, strict=True))[::2]:
        for row, column, height, width in generator.integers((0, 0, 10, 10), (780, 780, 120, 120), (5, 4)):
            mask[row : row + height, column : column + width] = True
        anomaly_map += mask
    return maps, masks


def seconds(function, *arguments):
    begun = time.process_time()
    answer = function(*arguments)
    return answer, time.process_time() - begun


def test_all_pixel_metrics_take_a_tenth_of_the_time_of_scikit_learns_auroc(images, record_property):
    maps, masks = images
    pixel_metrics(maps[:2], masks[:2])  # compiles it
    ours, our_seconds = seconds(pixel_metrics, maps, masks)
    scores, labels = (np.concatenate([array.ravel() for array in arrays]) for arrays in (maps, masks))
    theirs, their_seconds = seconds(roc_auc_score, labels, scores)
    record_property("ratio", their_seconds / our_seconds)
    print(f"\nAUROC, AP and AUPRO {our_seconds:.2f} s; scikit-learn's AUROC {their_seconds:.2f} s")
    assert ours.auroc == pytest.approx(theirs, rel=1e-12)
    assert their_seconds > 10 * our_seconds


@pytest.mark.parametrize(("maps", "batch"), [(10, metrics.BATCH), (80, metrics.BATCH), (80, 2**24)])
def test_in_batches_pixel_metrics_take_little_longer_than_with_all_scores_at_once(images, maps, batch, monkeypatch):
    monkeypatch.setattr(metrics, "BATCH", batch)
    some = [each[:maps] for each in images]
    ours, whole = (
        processor_seconds(lambda each=each: each(*some)) for each in (pixel_metrics, whole_metrics.pixel_metrics)
    )
    print(f"\n{maps} maps in batches of {batch}: {ours:.2f} s; all scores at once: {whole:.2f} s")
    assert ours < 1.2 * whole


def test_all_pixel_metrics_need_less_than_1200_mb_above_the_data(images):
    tracemalloc.start()
    pixel_metrics(*images)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"\n{peak / 1e6:.0f} MB above the data")
    assert peak < 1.2e9
