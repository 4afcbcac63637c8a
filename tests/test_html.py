"""report.html: one file, in a given order, that shows names as names and lets nothing but its own script run."""

import base64
import hashlib
import re

import numpy as np
import pytest
from PIL import Image

from benchmarks.finetune.levels import Levels, store
from benchmarks.illustration import jobs
from benchmarks.illustration.misjudged import misjudged
from reports import report
from reports.html import suspicions
from reports.html.labels import Labels
from reports.results import Failure, OperatingPoint
from reports.rows import Tables, identity
from tests.pages import NOWHERE, Parsed, embedded, made_jobs, page_of
from tests.stored import made_cell, made_cost, made_images, made_result

ORDER = [
    "verdicts",
    "leaderboard",
    "costs",
    "explorer",
    "gallery",
    "defects",
    "suspicions",
    "trainings",
    "methods",
    "glossary",
    "provenance",
]
HOSTILE = '</script><script>alert("x")</script><img src=x onerror=alert(1)>.png'


@pytest.fixture(scope="module")
def page() -> str:
    return page_of(made_jobs())


def test_the_sections_come_in_their_order(page):
    assert [section["id"] for section in Parsed(page).all("section")] == ORDER


def test_every_link_inside_the_page_leads_somewhere(page):
    found = Parsed(page)
    ids = {attributes["id"] for _, attributes in found.tags if "id" in attributes}
    links = {link["href"] for link in found.all("a")}
    assert links and all(link[0] == "#" and link[1:] in ids for link in links)


def test_no_id_is_there_twice(page):
    ids = [attributes["id"] for _, attributes in Parsed(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_field_has_a_label(page):
    found = Parsed(page)
    labelled = {label.get("for") for label in found.all("label")}
    for field in (*found.all("input"), *found.all("select")):
        inside = re.search(
            rf"<label[^>]*>[^<]*<(?:input|select)[^>]*{re.escape(field.get('id') or 'data-column')}", page
        )
        assert field.get("id") in labelled or "aria-label" in field or inside, field


def test_the_page_asks_for_no_other_file(page):
    for tag, attributes in Parsed(page).tags:
        assert tag not in ("link", "iframe", "object", "embed")
        assert not {"src", "srcset", "data", "action"} & attributes.keys(), (tag, attributes)
    assert (
        "url(" not in page
        and "@import" not in page
        and "//" not in re.sub(r"//[^\n]*\n|http://www.w3.org/2000/svg", "", page.split("<script>")[0])
    )


def test_the_policy_lets_this_script_and_this_style_run_and_nothing_else(page):
    policy = next(meta["content"] for meta in Parsed(page).all("meta") if "http-equiv" in meta)
    for kind in ("script", "style"):
        text = re.search(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy


def test_nothing_has_a_style_or_a_handler_that_the_policy_would_refuse(page):
    for tag, attributes in Parsed(page).tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")], (tag, attributes)


def test_a_name_is_shown_and_never_run():
    cell = made_cell(category=HOSTILE, changed={"weights": HOSTILE}, settings={"weights": HOSTILE})
    images = made_images([("calibration", None, 0.2), ("test", None, 0.1), ("test", HOSTILE, 0.9)])
    images = [image.model_copy(update={"path": HOSTILE + image.path}) for image in images]
    failure = Failure(key="", cell=made_cell(category="nut"), reason=HOSTILE, tail=HOSTILE)
    result = made_result(cell=cell, images=images, remarks=[HOSTILE], data=HOSTILE, versions={HOSTILE: HOSTILE})
    page = page_of([result], [failure])
    found = Parsed(page)
    assert len(found.all("script")) == 3 and not [tag for tag in found.all("img") if "onerror" in tag]
    assert HOSTILE in found.text()
    job = embedded(page)["jobs"][0]
    assert job["place"] == HOSTILE and embedded(page)["lists"][job["paths"]] == [HOSTILE + "1.png", HOSTILE + "2.png"]


def test_names_of_odd_characters_do_not_break_the_page():
    images = made_images([("test", None, 0.1), ("test", "bent", 0.9)])
    images = [image.model_copy(update={"path": f"\u2028{image.path}\u202e\x00"}) for image in images]
    assert embedded(page_of([made_result(images=images)]))["lists"][0][0] == "\u20280.png\u202e\x00"


def test_the_numbers_are_those_of_the_tables(page):
    from benchmarks.evaluation import result_rows

    row = result_rows.measure(made_jobs()[0]).row
    cells = re.findall(r'data-key="image_auroc"[^>]*data-text="([^"]*)"', page)
    assert f"{row['image_auroc']:.3f}" in cells
    missed = round((1 - row["true_positive_rate"]) * row["test_defective"])
    assert f'data-text="{missed}/{row["test_defective"]}"' in page


def test_scores_are_embedded_exactly():
    value = 0.1 + 1e-17 + 2 / 3
    images = made_images([("calibration", None, 1 / 3), ("test", None, value), ("test", "bent", 0.5)])
    job = embedded(page_of([made_result(images=images)]))["jobs"][0]
    width, packed = job["views"][0]["test"]
    assert np.frombuffer(base64.b64decode(packed), f"<f{width}").tolist() == [value, 0.5]
    assert job["standing"] == {"view": 0, "threshold": 1 / 3, "applied": False}


def test_each_methods_letter_is_explained_once(page):
    methods = page.split('<dl class="methods">')[1].split("</dl>")[0]
    assert re.findall(r'<dt><span class="badge">(\w+)</span>', methods) == ["A", "B"]
    assert "views=<b>1</b>" in methods


def test_the_best_on_average_is_named_only_over_categories_that_all_methods_share(page):
    assert "has the highest image AUROC on average" in Parsed(page).text()
    lacking = [job for job in made_jobs() if (job.cell.method, job.cell.category) != ("cae", "nut")]
    assert "image AUROC on average" not in Parsed(page_of(lacking)).text()


def test_methods_without_a_category_in_common_have_no_line_of_means():
    alone = [job for job in made_jobs() if (job.cell.method, job.cell.category) in (("cae", "bolt"), ("knn", "nut"))]
    page = page_of(alone)
    assert "no category in common" not in page and 'data-place="*mean"' not in page


def test_methods_without_a_category_in_common_are_set_against_their_costs_category_by_category():
    alone = [job for job in made_jobs() if (job.cell.method, job.cell.category) in (("cae", "bolt"), ("knn", "nut"))]
    section = page_of(alone).split('<section id="costs"')[1].split("</section>")[0]
    text = Parsed(section).text()
    assert "No category is shared by all methods" in text and "On bolt" in text and "On nut" in text
    assert section.count("<svg") == 6 and "The line joins" not in text


def test_methods_of_the_same_categories_are_set_against_their_costs_together():
    lacking = [*made_jobs(), made_result(cell=made_cell(category="disc", method="other"), images=made_jobs()[0].images)]
    section = page_of(lacking).split('<section id="costs"')[1].split("</section>")[0]
    assert "Mean of 2 categories (bolt, nut)" in Parsed(section).text() and "On disc" in Parsed(section).text()


def card_of(*results) -> str:
    """The text of the first card."""
    return Parsed(page_of(results).split("<article")[1].split("</article>")[0]).text()


def scored(method: str, defective: float, *, normal: int = 12, calibration: float = 0.0, **fields):
    scores = [("calibration", None, calibration)] * 10 + [("test", None, 0.1 + place / 50) for place in range(normal)]
    scores += [("test", "bent", defective + place / 50) for place in range(12)]
    return made_result(cell=made_cell(method=method, **fields), images=made_images(scores), key=method)


def test_a_method_alone_on_a_category_is_no_winner():
    text = card_of(scored("knn", 0.9, calibration=0.5))
    assert "Only method tested" in text and "No winner" not in text and "1 seed" in text


def test_seeds_are_shown_as_they_were_run():
    one, two = (scored("knn", 0.9, calibration=0.5, seed=seed) for seed in (0, 1))
    page = page_of([one, two, scored("cae", 0.9, category="nut")])
    assert "2 seeds ± 0.000" in Parsed(page).text() and "of 2 seeds" not in Parsed(page).text()


def test_methods_of_equal_auroc_are_tied():
    text = card_of(scored("knn", 0.9, calibration=0.5), scored("cae", 0.9, calibration=0.5))
    assert "Tied" in text and "A B have the same image AUROC" in text and "leads" not in text


def test_a_method_that_leads_with_a_bad_threshold_says_so_beside_its_name():
    assert "A leads, but misses too many defects; not shown" in card_of(
        scored("knn", 0.3, calibration=2.0), scored("cae", 0.28, calibration=0.35)
    )


def test_what_differs_between_merged_folders_stands_under_provenance():
    told = "settings of knn: /results/a: views=1; /results/b: views=2"
    page = page_of(made_jobs(), differences=[told])
    top, rest = page.split("<main>")
    assert "/results/a" not in top and "in settings of knn: see" in Parsed(top).text()
    assert told in rest.split('<section id="provenance"')[1]


def test_a_summary_of_two_sentences_can_be_copied(page):
    summary = next(button for button in Parsed(page).all("button") if button.get("id") == "copy-summary")["data-copy"]
    assert summary.startswith("2 methods on folder (2 categories, 4 jobs): knn has the highest image AUROC")
    assert len(re.findall(r"\.(?: |$)", summary)) == 2 and "warning" in summary


def test_the_summary_of_methods_without_a_common_category_goes_by_category():
    page = page_of([scored("knn", 0.9, calibration=0.5), scored("cae", 0.9, calibration=0.5, category="nut")])
    assert "A B" not in page and "knn is the only method on bolt; cae is the only method on nut." in page


def test_why_nothing_is_bold_is_told():
    few = page_of([scored("knn", 0.9, normal=4), scored("cae", 0.3, normal=4)])
    assert "Nothing is bold on bolt: fewer than 10 normal test images" in Parsed(few).text()
    assert "Nothing is bold on bolt: there is one method only." in Parsed(page_of([scored("knn", 0.9)])).text()
    assert "Nothing is bold" not in page_of(made_jobs())


def test_the_images_that_stand_out_most_come_first():
    table = Tables([], [], [], [], [], [])._replace(
        unlike=[identity(made_cell()) | {"path": f"{value}.png", "deviations": value} for value in (3.0, 9.0, 5.0)]
    )
    labels = Labels(report.made(table._replace(rows=[{**identity(made_cell()), "failure": None}]), [], {}).jobs)
    assert [row["deviations"] for row in suspicions.shown(table, labels)["unlike"]] == [9.0, 5.0, 3.0]


def timed(seed: int, speed: float):
    return made_result(
        cell=made_cell(seed=seed), images=made_jobs()[0].images, cost=made_cost(images_per_second=speed), key=str(seed)
    )


def test_the_milliseconds_of_the_card_and_the_leaderboard_are_the_median_over_seeds():
    page = page_of([timed(0, 1.0), timed(1, 100.0), timed(2, 50.0)])
    assert re.findall(r'data-key="ms_per_image"[^>]*data-text="([^"]*)"', page) == ["20"]
    assert "<dt>ms/image</dt><dd>20</dd>" in page and "20 ms" in page.split('id="costs"')[1]
    assert re.search(r"<dt>ms/image</dt><dd>[^<]*median", page.split('id="glossary"')[1])


@pytest.mark.parametrize("told", [{"made": True}, {"remarks": ["a", "synthetic defects: a program painted them"]}])
def test_categories_with_made_defects_are_named_at_the_top(told):
    images = made_jobs()[0].images
    both = [made_result(images=images), made_result(cell=made_cell(category="nut"), images=images, **told)]
    assert "a program made the images or the defects of nut ." in Parsed(page_of(both)).text().replace("nut.", "nut .")
    assert "Synthetic data" not in Parsed(page_of(both[:1])).text()


def test_the_command_that_repeats_the_page_is_there(page):
    command = "run --methods knn,cae --dataset folder --data /data --categories bolt --categories nut --seeds 0"
    assert command in Parsed(page).text()


def test_a_page_of_failures_alone_says_so():
    failure = Failure(key="", cell=made_cell(), reason="the disk is full", tail="Traceback")
    found = Parsed(page_of([], [failure])).text()
    assert "the disk is full" in found and "0 of 1 job done" in found and "No job has a result." in found


def test_a_page_without_results_or_failures_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        page_of([])


@pytest.mark.parametrize("scores", [[("test", None, 0.1)], [("test", "bent", 0.1)], []])
def test_a_class_may_have_no_image(scores):
    assert "image AUROC" in page_of([made_result(images=made_images(scores))])


def test_a_result_without_a_threshold_has_none_to_stand_at():
    images = made_images([("test", None, 0.1), ("test", "bent", 0.9)])
    assert embedded(page_of([made_result(images=images)]))["jobs"][0]["standing"] is None


def made_point(result, **fields) -> OperatingPoint:
    test = [image for image in result.images if image.part == "test"]
    defaults = {
        "key": result.key,
        "area_px": 40,
        "area_share": 0.1,
        "threshold": 0.7,
        "chosen_on": "defects",
        "calibration_images": 4,
        "set_by": "0.png",
        "threshold_of_rest": 0.6,
        "promised_false_alarm_share": 0.2,
        "images": [image.model_copy(update={"score": image.score + 0.1}) for image in test],
        "tuned_on": [],
        "pixels": None,
    }
    return OperatingPoint(**defaults | fields)


def test_an_applied_operating_point_is_where_the_page_stands():
    result = made_jobs()[0]
    job = embedded(page_of([(result, made_point(result))]))["jobs"][0]
    assert job["standing"] == {"view": 1, "threshold": 0.7, "applied": True}
    assert [view["area"] for view in job["views"]] == [None, 40]


def test_images_that_chose_the_area_are_left_out():
    result = made_jobs()[0]
    test = [image for image in result.images if image.part == "test"]
    point = made_point(result, images=test[1:], tuned_on=[test[0].path])
    job = jobs.job(NOWHERE, result, point)
    assert test[0].path not in job.paths and {len(view.test) for view in job.views} == {len(test) - 1}


def test_kept_levels_become_areas_that_can_be_moved_over(tmp_path):
    result = made_jobs()[0]
    test = [image for image in result.images if image.part == "test"]
    levels = np.array([[image.score, image.score / 2] for image in test], np.float32)
    arrays = {"areas_px": np.array([1, 40]), "thresholds": np.array([0.5, 0.25]), "setters": np.array(["0.png"])}
    kept = Levels(
        key=np.array(result.key), chosen=np.array(1), setting=np.array([[0.5, 0.25]], np.float32), test=levels, **arrays
    )
    (tmp_path / "finetune").mkdir()
    store(kept, tmp_path / "finetune")
    job = jobs.job(tmp_path, result, made_point(result, threshold=0.25))
    assert [view.area_px for view in job.views] == [None, 1, 40] and job.standing.view == 2
    assert job.views[2].test.tolist() == levels[:, 1].tolist() and job.views[2].calibrated == 0.25
    assert len(jobs.job(tmp_path, result.model_copy(update={"key": "another"}), None).views) == 1


def test_the_misjudged_are_the_worst_of_each_kind_and_the_nearest_of_the_others():
    scores, defective = np.array([0.1, 0.2, 0.9, 0.8, 0.51, 0.1]), np.array([True, True, False, True, True, False])
    found = [(each.kind, each.index) for each in misjudged(scores, defective, 0.5)]
    assert found == [("missed", 0), ("missed", 1), ("false alarm", 2), ("near", 4), ("near", 3), ("near", 5)]


def pictured(make_tree, seed: int = 0):
    """Results on a small folder, whose images are there."""
    layout = {f"bolt/train/good/{index}.png": "image" for index in range(3)}
    layout |= {f"bolt/test/good/{index}.png": "image" for index in range(2)}
    layout |= {"bolt/test/bent/0.png": "image", "bolt/ground_truth/bent/0_mask.png": "mask"}
    root = make_tree(layout)
    scores = [("calibration", None, 0.5), ("test", None, 0.1), ("test", None, 0.9), ("test", "bent", 0.2)]
    paths = ["bolt/train/good/2.png", "bolt/test/good/0.png", "bolt/test/good/1.png", "bolt/test/bent/0.png"]
    images = [each.model_copy(update={"path": path}) for each, path in zip(made_images(scores), paths, strict=True)]
    return made_result(cell=made_cell(dataset="mvtec", seed=seed), images=images, data=str(root)), root


def test_misjudged_images_are_pictured_with_the_outline_of_their_defects(make_tree):
    result, _ = pictured(make_tree)
    page = page_of([result])
    (job,) = embedded(page)["jobs"]
    photos = embedded(page, "pictures")["photos"]
    missed = next(each for each in job["misjudged"] if each["kind"] == "missed")
    photo = photos[missed["photo"]]
    assert photo["address"].startswith("data:image/webp;base64,") and photo["truth"].startswith("M")
    assert all(photos[each["photo"]]["truth"] == "" for each in job["misjudged"] if each["kind"] == "false alarm")


def test_an_image_that_several_jobs_misjudge_is_pictured_once(make_tree):
    first, second = (pictured(make_tree, seed)[0] for seed in (0, 1))
    page = page_of([first, second])
    shown = [{each["photo"] for each in job["misjudged"]} for job in embedded(page)["jobs"]]
    assert shown == [{0, 1, 2}, {0, 1, 2}] and len(embedded(page, "pictures")["photos"]) == 3


def test_a_folder_of_data_that_is_gone_is_named(make_tree):
    result, root = pictured(make_tree)
    root.rename(root.with_name("elsewhere"))
    (job,) = embedded(page_of([result]))["jobs"]
    assert job["absent"] == f"The images are no longer in {root}."


def test_an_image_that_cannot_be_read_costs_its_picture_alone(make_tree):
    result, root = pictured(make_tree)
    (root / "bolt/test/bent/0.png").write_text("no image")
    (job,) = embedded(page_of([result]))["jobs"]
    assert {each["kind"]: each["photo"] is None for each in job["misjudged"]} == {
        "missed": True,
        "false alarm": False,
        "near": False,
    }


def test_fifteen_categories_and_four_methods_with_pictures_stay_below_ten_megabytes(tmp_path):
    generator = np.random.default_rng(0)
    names = [f"part/test/{kind}/{index}.png" for kind in ("good", "bent") for index in range(6)]
    for name in ("part/train/good/0.png", *names):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(generator.integers(0, 256, (56, 56, 3), dtype=np.uint8))
        coarse.resize((224, 224), Image.Resampling.BICUBIC).save(tmp_path / "data" / name)
    results = []
    for category in range(15):
        (root := tmp_path / f"data {category}").symlink_to(tmp_path / "data")
        for method in range(4):
            scores = [("test", "bent" if "bent" in name else None, float(generator.random())) for name in names]
            images = made_images([*scores, ("calibration", None, 0.5)])
            paths = [*names, "part/train/good/0.png"]
            images = [each.model_copy(update={"path": path}) for each, path in zip(images, paths, strict=True)]
            cell = made_cell(dataset="mvtec", category="part", method=f"method{method}", settings={"root": category})
            results.append(made_result(cell=cell, images=images, data=str(root)))
    page = page_of(results)
    assert len(embedded(page, "pictures")["photos"]) > 100
    assert len(page) < 10_000_000
