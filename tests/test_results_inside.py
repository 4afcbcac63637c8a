"""Results that lie inside the folder of the data are no category and no images of it, and that is said."""

import pytest

from benchmarks import marks
from benchmarks.checking import findings, unread
from benchmarks.data_settings import UNTOLD
from benchmarks.source import Source
from datasets import DataError
from datasets.mvtec import MVTec

ONE = {name: content for name, content in MVTec.layout.items() if name.startswith("toothbrush/")}
RESULTS = {"jobs/knn/toothbrush/seed-0-abc/curves.png": "image", "ranks.png": "image"}


def with_results(make_tree, place, mark):
    return make_tree(ONE | {f"{place}/{name}": content for name, content in (RESULTS | {mark: ""}).items()})


@pytest.mark.parametrize("mark", (marks.PLAN, marks.DIGESTS, marks.LOCK))
@pytest.mark.parametrize("place", ["results", "results/mvtec"])
def test_a_folder_of_results_is_no_category(make_tree, place, mark):
    root = with_results(make_tree, place, mark)
    source = Source.named("mvtec", root, UNTOLD)
    assert source.categories() == ["toothbrush"] and source.results_inside() == [root / "results"]
    assert unread.outside(source) == []
    told = [each.message for each in findings.find(source) if str(root / "results") in each.message]
    assert told == [f"{root / 'results'} holds results, so it is no category: it is left out"]


def test_results_inside_a_category_are_no_images_of_it(make_tree):
    root = with_results(make_tree, "toothbrush/kept", "plan.json")
    source = Source.named("folder", root / "toothbrush", UNTOLD)
    assert source.categories() == ["toothbrush"]
    assert unread.find(source, "toothbrush", source.samples("toothbrush")).images == []


def test_a_folder_that_only_looks_alike_stays_a_category(make_tree):
    root = make_tree(ONE | {"results/train/good/0.png": "image", "results/jobs.txt": "", "results/plan.json": "{}"})
    assert Source.named("mvtec", root, UNTOLD).categories() == ["results", "toothbrush"]


def test_results_alone_are_no_data(make_tree):
    root = make_tree({f"kept/mvtec/{name}": content for name, content in (RESULTS | {"plan.json": ""}).items()})
    with pytest.raises(DataError, match="holds no category, only results: name the folder of the data"):
        Source.named("mvtec", root, UNTOLD).categories()
