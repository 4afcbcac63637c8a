"""Regions that do not count, from a run to its report, an operating point and verdicts on new images."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from benchmarks.images import ImageError
from benchmarks.prediction.regions import Regions
from benchmarks.regions.filling import Fill
from benchmarks.trained import find
from tests.checkout.program import ALL_FORMS, CATEGORIES, SIZE, Checkout
from tests.regions import corner, white

LABEL = corner(SIZE, 12, 30)[::-1, ::-1]
"""The lower right corner, where no stain lies."""
MODEL = ("--method", "toy", "--category", CATEGORIES[0])


def labelled(checkout: Checkout) -> None:
    """Put a bright label onto the normal test images."""
    for file in checkout.data.rglob("test/good/*.png"):
        pixels = np.array(Image.open(file))
        pixels[LABEL] = 255
        Image.fromarray(pixels).save(file)


def test_a_mask_for_all_images_holds_from_the_run_to_verdicts(checkout, tmp_path):
    labelled(checkout)
    chosen = ["--categories", CATEGORIES[0], "--ignore", str(white(checkout.folder / "label.png", LABEL))]
    assert checkout.compare("--categories", CATEGORIES[0]).returncode == 0
    assert checkout.compare(*chosen, *ALL_FORMS).returncode == 0
    rows = checkout.rows().fillna({"changed": ""}).set_index("changed")
    (told,) = [name for name in rows.index if name]
    assert told == f"data.ignore={checkout.folder / 'label.png'}"
    assert rows.image_auroc[told] == rows.pixel_auroc[told] == 1 and rows.image_auroc[""] < 1
    for form in ("md", "html"):
        text = (checkout.results / f"report.{form}").read_text()
        assert "ignored regions (" in text and "25.0% of an image does not count" in text and "data.ignore=" in text
    assert "1 finished before, 0 to do" in checkout.compare(*chosen).stderr

    model = ["--results", str(checkout.results), *MODEL, "--variant", variant(checkout)]
    assert checkout.run(*model, "--no-figures", "--apply", command="finetune").returncode == 0
    new = enlarged(checkout.data / CATEGORIES[0] / "test/stain/0.png", tmp_path / "new.png")
    (checkout.folder / "label.png").unlink()  # the model keeps it
    written = ["--overlays", str(tmp_path / "overlays"), "--maps", str(tmp_path / "maps")]
    judged = checkout.run(
        *model, str(checkout.data / CATEGORIES[0] / "test/stain"), str(new), *written, command="predict"
    )
    assert judged.returncode == 0 and judged.stdout.count("defective  regions 1 ") == 4
    assert "resized to each (nearest neighbour): 1 (new.png)" in " ".join(judged.stderr.split())
    for file in (tmp_path / "maps").rglob("*.tiff"):
        map = np.asarray(Image.open(file))
        assert np.isneginf(map).mean() == LABEL.mean() and np.isfinite(map[:10, :10]).all()


def variant(checkout: Checkout) -> str:
    """The folder of the job that ignores something."""
    return next(file.parents[1].name for file in checkout.results.glob("jobs/toy/*/*/model/ignored.npz"))


def enlarged(image: Path, to: Path) -> Path:
    picture = Image.open(image)
    picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.NEAREST).save(to)
    return to


def test_results_of_an_edited_mask_are_told_apart_in_every_form_of_the_report(checkout):
    mask = white(checkout.folder / "label.png", LABEL)
    one = [*checkout.options[2:], *ALL_FORMS, "--categories", CATEGORIES[0], "--ignore", str(mask)]
    assert "ignore other regions" not in checkout.run("--methods", "toy,mean_image", *one).stderr
    white(mask, np.roll(LABEL, -2, axis=0))
    run = checkout.run("--methods", "toy", *one)
    assert "1 to do" in run.stderr and run.returncode == 0
    told = "stands beside results that ignore other regions under the same --ignore"
    tables = [(checkout.results / f"report.{form}").read_text() for form in ("md", "html")]
    for text in (run.stderr, *tables):
        assert told in " ".join(text.split())
    verdicts = pd.read_csv(checkout.results / "verdicts.csv")
    assert sorted(verdicts[verdicts.kind == "other_regions"].method) == ["mean_image", "toy"]
    assert checkout.rows().ignore.nunique() == 1 and checkout.rows().ignored.nunique() == 2
    again = checkout.run("--methods", "toy,mean_image", *one)
    assert "1 finished before, 1 to do" in again.stderr and told not in (checkout.results / "report.md").read_text()


def test_new_images_need_a_mask_where_each_image_of_the_run_had_its_own(checkout, tmp_path):
    labelled(checkout)
    folder = checkout.folder / "masks"
    for number, file in enumerate(sorted(checkout.data.glob("bolt/t*/*/*.png"))):
        white(folder / file.relative_to(checkout.data), np.roll(LABEL, -(number % 2), axis=0) | LABEL)
    assert checkout.compare("--categories", CATEGORIES[0], "--ignore", str(folder)).returncode == 0
    assert checkout.rows().image_auroc[0] == 1

    new = checkout.data / CATEGORIES[0] / "test/stain/0.png"
    known, unknown = str(new), str(enlarged(new, tmp_path / "new.png"))
    model = ["--results", str(checkout.results), *MODEL]
    refused = checkout.run(*model, known, unknown, command="predict")
    assert refused.returncode == 1 and refused.stdout.count("defective") == 1
    assert "new.png: nothing says what does not count in it" in refused.stderr and "predict --ignore" in refused.stderr
    given = checkout.run(*model, unknown, "--ignore", str(white(tmp_path / "mine.png", LABEL)), command="predict")
    assert given.returncode == 0 and "defective" in given.stdout
    lost = checkout.run(*model, unknown, "--ignore", str(tmp_path / "lost.png"), command="predict")
    assert lost.returncode == 2 and "lost.png: there is no such file or folder" in lost.stderr


def test_a_mask_is_refused_by_predict_where_the_run_had_none(after_run):
    checkout = after_run("--categories", CATEGORIES[0])
    mask = white(checkout.folder / "label.png", LABEL)
    refused = checkout.run(
        *("--results", str(checkout.results), *MODEL, str(checkout.data), "--ignore", str(mask)), command="predict"
    )
    assert refused.returncode == 2 and "was trained without ignored regions" in refused.stderr


def test_an_array_is_judged_by_the_mask_of_the_run_or_the_given_one(checkout, tmp_path):
    mask = white(checkout.folder / "label.png", LABEL)
    assert checkout.compare("--categories", CATEGORIES[0], "--ignore", str(mask)).returncode == 0
    job = find(checkout.results, method="toy", category=CATEGORIES[0])
    mean = np.zeros((*SIZE, 3), np.uint8)
    assert np.array_equal(Regions(job, Fill(mean, LABEL)).of(None, SIZE), LABEL)
    other = white(tmp_path / "other.png", ~LABEL)
    assert np.array_equal(Regions(job, Fill(mean, LABEL), other).of(None, SIZE), ~LABEL)
    with pytest.raises(ImageError, match=re.escape("the array: nothing says what does not count in it")):
        Regions(job, Fill(mean, None), tmp_path).of(None, SIZE)
