"""Files of several pages: each page is an image to the method, and the part has the highest score and maps."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from benchmarks.images import ImageError, Reading, verify
from benchmarks.judging import judge
from benchmarks.pages import OverPages, Pages, first
from datasets import Sample
from methods import Score
from methods.mean_image import MeanImage


class Counted(Sequence):
    """Parts that count how often one of them is decoded."""

    def __init__(self, parts):
        self.parts, self.decoded = parts, 0

    def __len__(self):
        return len(self.parts)

    def __getitem__(self, index):
        self.decoded += 1
        return self.parts[index]


def parts(count=3, pages=4, seed=0):
    return list(np.random.default_rng(seed).integers(100, 140, (count, pages, 12, 10, 3), dtype=np.uint8))


def trained(images):
    method = judge(MeanImage(), Reading(page="all"))
    list(method.fit(images, seed=0, device="cpu"))
    return method


def test_pages_follow_one_another_and_each_part_is_decoded_once_on_the_way():
    counted = Counted(parts())
    pages = Pages(counted)
    counted.decoded = 0
    read = list(pages)
    assert len(pages) == 12 and np.array_equal(np.stack(read), np.concatenate(counted.parts))
    assert counted.decoded == 3
    assert np.array_equal(pages[-1], counted.parts[2][3]) and len(pages[2:5]) == 3
    with pytest.raises(IndexError):
        pages[12]


def test_a_defect_on_any_page_is_a_defect_of_the_part():
    method, stained = trained(parts(20)), parts(1, seed=9)[0]
    normal = stained.copy()
    stained[2, 3:6, 4:7] = 250
    healthy, found = method.score([normal, stained])
    alone = [score.map for score in method.method.method.score(list(stained))]
    assert found.image > healthy.image
    assert np.array_equal(found.map, np.max(alone, axis=0))


def test_scores_and_maps_asked_for_alone_are_those_of_score():
    method, new = trained(parts(20)), parts(3, seed=5)
    scores = list(method.score(new))
    assert list(method.image_scores(new)) == [score.image for score in scores]
    for map, score in zip(method.anomaly_maps(new), scores, strict=True):
        assert np.array_equal(map, score.map)


def test_one_page_changes_no_bit():
    single, images = parts(8, pages=1), [part[0] for part in parts(8, pages=1)]
    plain = MeanImage()
    list(plain.fit(images, seed=0, device="cpu"))
    for paged, whole in zip(trained(single).score(single), plain.score(images), strict=True):
        assert paged.image == whole.image and np.array_equal(paged.map, whole.map)


def test_a_method_without_maps_has_none_over_pages():
    class Blind:
        def score(self, pages):
            return (Score(float(page.mean()), None) for page in pages)

    (score,) = OverPages(Blind()).score(parts(1))
    assert score.map is None


def test_files_of_another_number_of_pages_are_refused_before_training(save):
    page = Image.fromarray(parts(1)[0][0])
    files = [save(page, f"{count}.tif", save_all=True, append_images=[page] * (count - 1)) for count in (2, 2, 3)]
    with pytest.raises(ImageError, match=r"3\.tif has 3 pages, and most other images of nut have 2.*--page N"):
        verify([Sample(file, "nut", "train") for file in files], Reading(page="all"))
    assert [seen.appearance.pages for seen in verify([Sample(file, "nut", "train") for file in files])] == [1, 1, 1]


def test_only_every_page_is_wrapped_and_the_first_page_is_shown():
    method = MeanImage()
    assert judge(method, Reading(page=2)).method.method is method
    part = parts(1)[0]
    assert np.array_equal(first(part), part[0]) and first(part[0]) is not part
