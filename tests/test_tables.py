"""Tables and reports, read from the rendered markdown as a reader sees it."""

import csv
import html
import io
import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import methods
from benchmarks import plugins
from benchmarks.evaluation import result_rows
from reports import forms, page, published, report, terminal
from reports.comparison import comparison
from reports.results import Failure, Ranking, StoredEpoch, UnlikeImage
from reports.rows import csv_text, failed_row, in_order
from reports.tables import escape, frame, means, names, significant
from tests.stored import made_cell as cell
from tests.stored import made_images, made_result

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
EPOCHS = [StoredEpoch(number=n, loss=1.0, image_auroc=a, seconds=1800 * n) for n, a in ((1, 0.6), (2, 0.8), (3, 0.7))]


def result(cell, **fields):
    scores = [("calibration", None, 0.5), ("test", None, 0.1), ("test", None, 0.9), ("test", "bent", 0.7)]
    return made_result(cell=cell, **{"images": made_images(scores), "tracked": "epochs" in fields} | fields)


def row(method="knn", category="bolt", seed=0, auroc=0.5, **fields):
    return result_rows.measure(result(cell(method, category, seed, **fields))).row | {
        "image_auroc": auroc,
        "test_normal": 20,
    }


def failed(job):
    return Failure(key="k", cell=job, reason="out of memory", tail="Killed <b>\n\n| `x`")


def text_of(results, failures=(), **fields):
    return page.text(made(results, failures, **fields))


def made(results, failures=(), **fields):
    tables = result_rows.tables(map(result_rows.measure, results))
    return report.made(tables, failures, result_rows.DEFINITIONS, **fields)


def write(folder, results, failures=()):
    with ThreadPoolExecutor(1) as helpers:
        forms.write(folder, made(results, failures), list(forms.FORMS), helpers)


def read_tables(text):
    """The cells of each table of rendered markdown, without their tags."""
    tables = re.findall(r"<table>(.*?)</table>", MARKDOWN.render(text), flags=re.DOTALL)
    lines = [re.findall(r"<tr>(.*?)</tr>", table, flags=re.DOTALL) for table in tables]
    return [[re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, flags=re.DOTALL) for line in table] for table in lines]


def section(text, title):
    """The text of a section."""
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def compared(rows, column="image_auroc"):
    """The cells of a comparison, header first."""
    [table] = read_tables(comparison(frame(rows), column))
    return table


# Comparisons.


def test_three_methods_are_ranked_and_two_are_not(tmp_path):
    results = [result(cell(method, place)) for method in "abc" for place in "vwxyz"]
    assert "## Ranks over categories" in text_of(results)
    assert "## Ranks over categories" not in text_of(results[:10])
    write(tmp_path, results)
    assert (tmp_path / "ranks.png").read_bytes().startswith(b"\x89PNG") and (tmp_path / "ranks.pdf").exists()


def test_four_categories_are_not_ranked():
    """Nemenyi's test could show no difference of three methods there, whatever their values."""
    assert "Ranks" not in text_of([result(cell(method, place)) for method in "abc" for place in "wxyz"])


def sure(auroc, p_value, method):
    """A row with an interval, and the p-value against the best of its category."""
    ends = {"image_auroc_mean_low": auroc - 0.1, "image_auroc_mean_high": auroc + 0.05}
    return row(method, auroc=auroc) | ends | {"image_auroc_p_value_holm": p_value}


def test_an_auroc_of_one_seed_has_its_interval():
    _, line = compared([sure(0.8, None, "a")])
    assert line == ["bolt", "0.800 [0.70, 0.85]"]


def test_a_best_that_is_surely_better_has_no_mark():
    _, line = compared([sure(0.9, None, "a"), sure(0.8, 0.01, "b")])
    assert line[1] == "<strong>0.900 [0.80, 0.95]</strong>"


@pytest.mark.parametrize("p_value", [0.05, 0.6, None])
def test_a_best_that_is_not_shown_to_be_better_than_the_second_is_marked(p_value):
    _, line = compared([sure(0.9, None, "a"), sure(0.8, p_value, "b"), sure(0.1, 0.001, "c")])
    assert line[1] == "<strong>0.900 [0.80, 0.95]</strong> ≈" and "≈" not in "".join(line[2:])


def test_with_fewer_than_ten_normal_test_images_nothing_is_bold():
    rows = [sure(0.9, None, "a"), sure(0.8, 0.01, "b")]
    assert "strong" in compared([one | {"test_normal": 10} for one in rows])[1][1]
    assert compared([one | {"test_normal": 9} for one in rows])[1][1:] == ["0.900 [0.80, 0.95]", "0.800 [0.70, 0.85]"]


def test_the_report_says_why_nothing_is_bold():
    few = text_of([result(cell(method)) for method in "ab"])
    assert "Nothing is bold where a category has fewer than 10 normal test images" in section(few, "Image AUROC")
    assert "**0" not in section(few, "Image AUROC")
    assert "Nothing is bold" not in text_of([moved("bolt", 0), moved("bolt", 0, method="b")])


def of_seeds(method, lift, seeds=2):
    """Results of several seeds on 20 images of each class; scores of each seed are on a scale of their own."""
    generator = np.random.default_rng(0)
    parts = generator.normal(size=40)
    for seed in range(seeds):
        own = 10.0**seed * (parts + 0.2 * generator.normal(size=40) + lift * (np.arange(40) >= 20))
        scores = [("test", "bent" if place >= 20 else None, score) for place, score in enumerate(own.tolist())]
        yield result(cell(method, seed=seed), images=made_images(scores))


def test_several_seeds_have_an_interval_and_a_mark_with_their_spread_beside_it():
    text = text_of([*of_seeds("a", 2.0), *of_seeds("b", 1.9)])
    [[_, line]] = read_tables(section(text, "Image AUROC"))
    interval = r"0\.\d{3} \[0\.\d\d, [01]\.\d\d\]"
    seeds = r"\(seeds ± 0\.\d{3}\)"
    assert re.fullmatch(rf"<strong>{interval}</strong> ≈ {seeds}", line[1])
    assert re.fullmatch(rf"{interval} {seeds}", line[2])


def test_seeds_do_not_count_as_more_images():
    """The same scores three times are no surer than once."""
    [once] = of_seeds("a", 1.0, seeds=1)
    thrice = [once.model_copy(update={"cell": cell("a", seed=seed)}) for seed in range(3)]
    ends = [
        [row[f"image_auroc_mean_{end}"] for end in ("low", "high")]
        for results in ([once], thrice)
        for row in result_rows.tables(map(result_rows.measure, results)).rows
    ]
    assert all(each == pytest.approx(ends[0], rel=1e-9) for each in ends)


def test_the_mean_over_many_categories_has_an_interval_and_a_surely_best():
    rows = [row("a", f"part {n}", auroc=0.9 + 0.01 * (n % 3)) for n in range(10)]
    rows += [row("b", f"part {n}", auroc=0.5 + 0.03 * (n % 4)) for n in range(10)]
    mean = compared(rows)[-1]
    assert re.fullmatch(r"<strong>0\.909 \[0\.90, 0\.92\]</strong>", mean[1]) and "[" in mean[2]


def test_the_best_mean_over_few_categories_is_in_doubt():
    rows = [row(method, place, auroc=auroc) for method, auroc in (("a", 0.9), ("b", 0.2)) for place in "xyz"]
    assert compared(rows)[-1][1] == "<strong>0.900</strong> ≈"


TESTED = "Tested for ≈ are mean rows, and the image AUROC of each category."
BY_CATEGORY = "Each category is tested on its own, without a correction across categories"


def test_image_aurocs_are_said_to_be_tested_category_by_category():
    text = text_of([moved(place, 0, method=method) for method in "ab" for place in "xy"])
    assert TESTED in section(text, "Terms")
    assert BY_CATEGORY in section(text, "Image AUROC") and text.count(BY_CATEGORY) == 1
    for title in ("Image AUROC", "Pixel AUROC", "AUPRO"):
        assert "≈ |" in section(text, title)
    assert "DeLong's paired test" in section(text, "Terms") and "Wilcoxon's signed-rank" in section(text, "Terms")


def test_of_several_seeds_categories_are_tested_too():
    text = text_of([result(cell(method, seed=seed)) for method in "ab" for seed in (0, 1)])
    assert TESTED in text and BY_CATEGORY in text


def test_an_interval_of_a_mean_is_explained_where_it_appears():
    results = [result(cell(category=f"part {n}"), images=[]) for n in range(8)]
    assert "[0.90, 0.90]" in section(text_of(results), "Pixel AUROC")
    assert "- **\\[low, high\\]**: 95 % confidence interval" in section(text_of(results), "Terms")
    assert "low, high" not in text_of(results[:7])


def test_of_many_seeds_a_line_says_where_others_would_have_put_the_mean():
    aurocs = {(place, seed): 0.7 + 0.02 * seed for place in "xyz" for seed in range(4)}
    rows = [row("a", place, seed, auroc) for (place, seed), auroc in aurocs.items()]
    title, found = compared(rows)[-1]
    low, high = map(float, found.strip("[]").split(", "))
    assert title == "<em>mean, other seeds</em>" and 0.70 < low < 0.73 < high < 0.76
    results = [result(cell(category=place, seed=seed)) for place, seed in aurocs]
    assert "- **mean, other seeds**: 95 % confidence interval" in section(text_of(results), "Terms")


def test_a_single_method_has_no_mark_to_explain():
    text = text_of([result(cell())])
    assert "≈" not in section(text, "Image AUROC") and BY_CATEGORY not in text


def test_how_to_read_marks_and_numbers_stands_once_at_the_end():
    text = text_of([result(cell())])
    bullets = re.findall(r"^- .*", section(text, "Terms"), flags=re.MULTILINE)
    assert bullets[0].startswith("- **Bold** is the highest value of the row; alone it shows no difference.")
    assert "one seed" in bullets[1] and text.index("## Terms") > text.index("## Data, versions and machine")


def defined(text):
    """The terms of a report, without the escapes of markdown."""
    return [
        term.replace("\\", "") for term in re.findall(r"^- \*\*(.*?)\*\*: ", section(text, "Terms"), flags=re.MULTILINE)
    ]


def test_each_term_is_defined_once_and_only_where_it_occurs():
    text = text_of([moved(f"part {n}", 0, method=method) for method in "ab" for n in range(8)])
    terms = defined(text)
    wanted = {"≈", "AUPRO", "calibration images", "false alarm", "false-positive rate", "image AUROC", "oracle"}
    assert wanted | {"pixel AUROC", "[low, high]", "missed"} <= set(terms)
    assert len(terms) == len(set(terms)) and terms == sorted(terms, key=str.casefold)
    for meaning in result_rows.DEFINITIONS.values():
        assert text.count(meaning) <= 1
    assert "minimum defect area" not in terms
    without_maps = text_of([result(cell(), pixels=None, why_no_pixels="no maps")])
    assert not {"AUPRO", "pixel AUROC"} & set(defined(without_maps))


def test_the_best_of_a_line_is_bold():
    _, line = compared([row("a", auroc=0.9), row("b", auroc=0.8)])
    assert line == ["bolt", "<strong>0.900</strong>", "0.800"]


def test_equals_are_equally_bold():
    _, line = compared([row("a", auroc=0.90001), row("b", auroc=0.90002), row("c", auroc=0.1)])
    assert line == ["bolt", "<strong>0.900</strong>", "<strong>0.900</strong>", "0.100"]


def test_a_single_method_is_not_the_best_of_one():
    assert compared([row("a", auroc=0.9)]) == [["category", "a"], ["bolt", "0.900"]]


def test_seeds_give_mean_and_sample_standard_deviation():
    _, line = compared([row(seed=seed, auroc=auroc) for seed, auroc in enumerate((0.7, 0.8, 0.9))])
    assert line == ["bolt", "0.800 ± 0.100"]


def test_a_missing_seed_is_said():
    rows = [row("a", seed=0), row("a", seed=1), row("b", seed=0)]
    _, line = compared(rows)
    assert line[2] == "<strong>0.500 (1 of 2 seeds)</strong>"


def test_failed_not_measurable_and_not_run_are_told_apart():
    rows = [row("a", "x"), row("a", "y", auroc=None), row("b", "x"), failed_row(failed(cell("b", "y")))]
    rows += [row("c", "x")]
    assert compared(rows)[2] == ["y", "n/a", "failed", "not run"]


def test_the_mean_is_taken_over_categories_that_all_methods_have():
    rows = [row("a", "x", auroc=0.4), row("a", "y", auroc=1.0), row("b", "x", auroc=0.6)]
    assert compared(rows)[-1] == ["<em>mean of 1 of 2</em>", "0.400", "<strong>0.600</strong> ≈"]


def test_a_method_without_any_value_does_not_take_the_mean_from_the_others():
    rows = [row("a", "x"), row("a", "y"), row("b", "x", auroc=None), row("b", "y", auroc=None)]
    assert compared(rows)[-1] == ["<em>mean of 2</em>", "0.500", "n/a"]


def test_the_spread_of_the_mean_is_that_of_the_means_of_the_seeds():
    aurocs = {("x", 0): 0.2, ("y", 0): 0.8, ("x", 1): 0.8, ("y", 1): 0.2}
    rows = [row("a", category, seed, auroc) for (category, seed), auroc in aurocs.items()]
    assert compared(rows)[-1][1] == "0.500 ± 0.000"


def test_the_mean_row_says_where_seeds_are_incomplete():
    rows = [row("a", "x", 0), row("a", "x", 1), row("a", "y", 0)]
    assert compared(rows)[-1][1] == "0.500 (1 of 2 seeds)"


def test_no_common_category_gives_no_mean():
    table = frame([row("a", "x"), row("b", "y")])
    assert means(table, "image_auroc").title() == "no category in common"
    assert "mean" not in comparison(table, "image_auroc")


def test_categories_stand_in_natural_order():
    rows = [row(category=name) for name in ("part 10", "part 9", "a")]
    assert [line[0] for line in compared(rows)[1:4]] == ["a", "part 9", "part 10"]


# Names.


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([{}, {"changed": {"views": 4}}], ["knn", "knn views=4"]),
        ([{"shots": 5}, {}], ["knn, 5 images", "knn, all images"]),
        ([{"calibration": 0.0}, {"calibration": 0.2}], ["knn, calibration 0.0", "knn, calibration 0.2"]),
        ([{"settings": {"views": 1}}, {"settings": {"views": 2}}], ["knn views=1", "knn views=2"]),
        ([{"shots": 5}], ["knn"]),
    ],
)
def test_methods_are_named_by_what_sets_them_apart(fields, expected):
    assert names(frame([row(**one) for one in fields])) == expected


@settings(deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from("\\`*_[]|~$<>&#-!a \n"), st.characters()), max_size=12))
def test_any_name_is_shown_as_it_is_and_stays_in_its_cell(name):
    shown = "".join(character if character.isprintable() else " " for character in f"a{name}z")
    [[_, [cell, _]]] = read_tables(f"| a | b |\n|---|---|\n| {escape(f'a{name}z')} | 1 |")
    assert html.unescape(cell) == shown


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "n/a"), (0.0, "0"), (0.01234, "0.0123"), (1e-7, "0.0000001"), (12.345, "12.3"), (86_400.4, "86,400")],
)
def test_costs_have_three_significant_digits_and_no_powers_of_ten(value, text):
    assert significant(value) == text


# CSV.


def test_seconds_that_are_not_those_of_the_method_are_not_available_and_the_reason_is_given():
    """All jobs of knn and one of two jobs of other have a reason."""
    done_before = result(cell()).cost.model_copy(update={"why_no_seconds": "the features were kept"})
    spared = [result(cell(), cost=done_before, epochs=EPOCHS), result(cell("other"), cost=done_before)]
    text = text_of([*spared, result(cell("other", "nut")), result(cell(category="nut"), cost=done_before)])
    costs = {line[0]: line[-2:] for line in read_tables(section(text, "Methods"))[0][1:]}
    assert costs == {"A knn": ["n/a"] * 2, "B other": ["2.5", "45.5"]}
    assert section(text, "Not available").strip() == "- Seconds of A knn; B other (bolt): the features were kept"
    assert read_tables(section(text, "Oracle: best epoch"))[0][1][5] == "n/a"


def test_csv_numbers_have_full_precision_and_none_is_empty():
    [line] = csv.DictReader(io.StringIO(csv_text([row(auroc=0.1 + 0.2) | {"aupro": None}])))
    assert float(line["image_auroc"]) == 0.1 + 0.2
    assert line["aupro"] == ""


def test_csv_order_does_not_depend_on_the_order_of_completion():
    rows = [row(method, category, seed) for method in "ab" for category in ("x 2", "x 10") for seed in (0, 1)]
    rows += [row("a", "x 2", shots=5), row("a", "x 2", changed={"views": 2})]
    texts = {csv_text(order) for order in itertools.islice(itertools.permutations(rows), 0, 3_000_000, 600_000)}
    assert len(texts) == 1
    assert [line["seed"] for line in in_order(rows)][:2] == [0, 0]


def test_csv_has_one_line_a_job_whatever_its_name():
    assert len(csv_text([row(category="a\nb,c") | {"remarks": "one\ntwo"}]).splitlines()) == 2


# Published values.


def captions(rows):
    blocks = [block.split("\n\n")[0] for block in published.beside_ours(frame(rows))]
    return [block for block in blocks if block.startswith("**")]


def on_published_data(method, category, dataset, auroc=0.9, **fields):
    """A row with as many images as were published of the category."""
    counts = plugins.dataset(dataset).counts[category]
    kinds = [("calibration", None)] * 9 + [("test", None)] * counts.test_normal + [("test", "bent")] * counts[2]
    images = made_images((*kind, number) for number, kind in enumerate(kinds))
    stored = result(cell(method, category, dataset=dataset, **fields), trained_on=counts.train - 9, images=images)
    return result_rows.measure(stored).row | {"image_auroc": auroc}


def test_published_values_stand_beside_ours_with_their_own_digits_and_protocol():
    [block] = published.beside_ours(frame([on_published_data("differnet", "candle", "visa")]))
    assert block.startswith("**differnet, image AUROC.** Published: maximum over 24 evaluations on the test set")
    assert read_tables(block)[0][1] == ["candle", "0.900", "0.8825", "+0.018"]


def test_the_oracle_stands_beside_a_published_oracle():
    tracked = on_published_data("differnet", "candle", "visa") | {"oracle_image_auroc_max": 0.95}
    [block] = published.beside_ours(frame([tracked]))
    assert read_tables(block)[0][1] == ["candle", "0.900", "0.950", "0.8825", "+0.018"]


def metrics_beside(category, **given):
    """How many published metrics stand beside a run of `cae` with these settings."""
    choice = plugins.choose("cae", given)
    own = on_published_data("cae", category, "mvtec", settings=choice.settings, changed=choice.changed)
    return len(captions([own]))


WHOLE = {"loss": "ssim"}
COLOUR = {"loss": "l2", "color_mode": "rgb"}
PATCHES = {"loss": "ssim", "patches": True}


@pytest.mark.parametrize(
    ("category", "given", "metrics"),
    [
        ("bottle", WHOLE, 1),
        ("bottle", WHOLE | {"mirror": "horizontal"}, 1),
        ("bottle", COLOUR, 1),
        ("screw", {"loss": "l2"}, 1),
        ("wood", PATCHES, 1),
        ("wood", PATCHES | COLOUR, 1),
        ("grid", PATCHES | {"loss": "l2"}, 1),
        ("bottle", {"loss": "ssim", "architecture": "mvtec2"}, 2),
    ],
)
def test_published_values_stand_beside_runs_with_their_settings(category, given, metrics):
    assert metrics_beside(category, **given) == metrics


@pytest.mark.parametrize(
    ("category", "given"),
    [
        ("bottle", {}),
        ("bottle", WHOLE | {"latent_size": 500}),
        ("bottle", WHOLE | {"color_mode": "rgb"}),
        ("bottle", WHOLE | {"epochs": 1}),
        ("bottle", {"loss": "l2"}),
        ("bottle", PATCHES),
        ("screw", COLOUR),
        ("wood", WHOLE),
        ("wood", PATCHES | {"patch_stride_px": 32}),
        ("wood", PATCHES | {"patch_average": "reconstructions"}),
        ("wood", PATCHES | {"mirror": "both"}),
    ],
)
def test_published_values_do_not_stand_beside_runs_with_other_settings(category, given):
    assert metrics_beside(category, **given) == 0


def test_a_result_from_before_a_setting_was_there_is_not_compared_under_it():
    """It was made with another stride, and averaged reconstructions."""
    choice = plugins.choose("cae", PATCHES)
    older = {name: value for name, value in choice.settings.items() if name != "patch_average"}
    older |= {"patch_stride_px": 32}
    assert captions([on_published_data("cae", "wood", "mvtec", settings=older, changed=PATCHES)]) == []


def test_the_settings_of_every_published_value_are_known_to_its_method():
    for line in published.read():
        known = {name: value for name, value in line.named().items() if value != published.ANY}
        choice = plugins.choose(line.method, known)
        assert line.named().keys() <= choice.settings.keys()


def test_a_faulty_published_network_is_named_beside_its_values():
    protocols = {line.protocol for line in published.read() if "architecture=mvtec2" in line.settings}
    assert all("decoder was faulty" in protocol for protocol in protocols) and protocols


@pytest.fixture
def all_of_mvtec():
    return [on_published_data("differnet", category, "mvtec") for category in plugins.dataset("mvtec").counts]


def lines_of(rows):
    return [line[0] for block in published.beside_ours(frame(rows)) for table in read_tables(block) for line in table]


def test_a_published_mean_needs_all_its_categories(all_of_mvtec):
    assert "mean of 15" in lines_of(all_of_mvtec)
    assert "mean of 15" not in lines_of(all_of_mvtec[1:])


def test_other_categories_do_not_make_up_a_published_mean(all_of_mvtec):
    other = row("differnet", "my own", dataset="mvtec")
    assert "mean of 15" not in lines_of([*all_of_mvtec[1:], other])
    assert "mean of 15" in lines_of([*all_of_mvtec, other])


def test_a_category_with_other_numbers_of_images_is_left_out_and_said_to_be():
    rows = [on_published_data("differnet", "candle", "visa"), row("differnet", "cashew", dataset="visa")]
    block, remark = published.beside_ours(frame(rows))
    assert [line[0] for line in read_tables(block)[0]] == ["category", "candle"]
    assert remark == (
        "- cashew counts in no line and no mean above: it has train 21, test 2 normal and 1 defective; "
        "published were train 450, test 50 normal and 100 defective (differnet)"
    )


def test_a_category_with_other_numbers_of_images_leaves_no_mean(all_of_mvtec):
    text = "\n".join(published.beside_ours(frame([*all_of_mvtec[1:], row("differnet", "bottle", dataset="mvtec")])))
    assert "mean of 15" not in text
    assert "bottle counts in no line and no mean above" in text


def test_seeds_on_other_images_leave_the_category_out():
    rows = [on_published_data("differnet", "candle", "visa"), row("differnet", "candle", seed=1, dataset="visa")]
    assert captions(rows) == []


def test_where_no_numbers_of_images_were_published_that_is_said():
    block, remark = published.beside_ours(frame([row("differnet", "magnetic_tile", dataset="mvtec", auroc=0.9)]))
    assert read_tables(block)[0][1] == ["magnetic_tile", "0.900", "0.977", "-0.077"]
    assert "magnetic_tile: the number of images behind the published value is not known here" in remark


def test_every_published_value_is_of_a_method_that_is_here():
    assert {line.method for line in published.read()} <= set(plugins.names(methods))


def test_every_published_mean_is_over_all_categories_with_published_numbers():
    means = {(line.dataset, line.category) for line in published.read() if line.category.startswith("mean")}
    means = {(dataset, name) for dataset, name in means if not name.startswith(published.OVER_ALL)}
    assert means == {(dataset, f"mean of {len(plugins.dataset(dataset).counts)}") for dataset, _ in means}


def test_a_published_mean_over_all_categories_is_of_a_dataset_without_published_numbers():
    datasets = {line.dataset for line in published.read() if line.category.startswith(published.OVER_ALL)}
    assert datasets and not any(plugins.dataset(dataset).counts for dataset in datasets)


def test_every_published_mean_is_that_of_its_categories():
    """To half a unit of its last digit, and as much for the rounding of its categories."""
    tables = {}
    for line in published.read():
        tables.setdefault(line._replace(category="", value=""), {})[line.category] = line.value
    checked = 0
    for head, values in tables.items():
        [mean, *_] = [name for name in values if name.startswith("mean")] or [None]
        own = [float(values[name]) for name in values if name != mean]
        if mean == f"mean of {len(own)}":
            unit = 10 ** -len(values[mean].partition(".")[2])
            assert float(values[mean]) == pytest.approx(sum(own) / len(own), abs=1.001 * unit), head
            checked += 1
    assert checked


def test_images_held_out_for_the_threshold_are_told_beside_published_values():
    text = text_of([result(cell("differnet", "magnetic_tile", dataset="mvtec", calibration=0.1))])
    assert "held out for the threshold" in section(text, "Published values")
    text = text_of([result(cell("differnet", "magnetic_tile", dataset="mvtec", calibration=0.0))])
    assert "held out for the threshold" not in section(text, "Published values")


def test_a_run_on_a_few_chosen_images_is_not_compared():
    assert captions([on_published_data("differnet", "candle", "visa", shots=5)]) == []


PATCHES_OF_IMAGES = {**asdict(plugins.method("patchcore")()), "features_precision": "auto"}


def published_of_patchcore(category, dataset, **changed):
    """The published values of the image AUROC of a category beside a run of PatchCore with these settings."""
    own = {"settings": PATCHES_OF_IMAGES | changed, "changed": changed}
    blocks = published.beside_ours(frame([on_published_data("patchcore", category, dataset, **own)]))
    return [read_tables(block)[0][1][-2] for block in blocks if "image AUROC" in block]


@pytest.mark.parametrize(
    ("dataset", "category", "crop"),
    [
        ("mvtec", "cable", {"crop_size": 224}),
        ("mvtec", "cable", {"crop_size": 224, "features_precision": "float32"}),
        ("mvtec", "cable", {"image_size": 366, "crop_size": 320, "coreset_share": 0.01}),
        ("visa", "candle", {"crop_size": 256}),
    ],
)
def test_published_values_of_a_crop_stand_beside_runs_with_that_crop(dataset, category, crop):
    assert len(published_of_patchcore(category, dataset, **crop)) == 1


@pytest.mark.parametrize(
    ("dataset", "category", "crop"),
    [
        ("mvtec", "cable", {}),
        ("mvtec", "cable", {"crop_size": 256}),
        ("mvtec", "cable", {"crop_size": 224, "coreset_share": 0.01}),
        ("mvtec", "cable", {"crop_size": 224, "backbone": "resnet18"}),
        ("mvtec", "cable", {"image_size": 366, "crop_size": 320}),
        ("visa", "candle", {}),
        ("visa", "candle", {"crop_size": 224}),
    ],
)
def test_published_values_of_a_crop_do_not_stand_beside_other_runs(dataset, category, crop):
    assert published_of_patchcore(category, dataset, **crop) == []


def on_dsaii(categories, **fields):
    return [row("patchcore", f"{n}", dataset="dsaii", auroc=0.6, **fields) for n in range(categories)]


def test_a_mean_without_published_numbers_of_images_stands_beside_the_mean_of_all_categories():
    image, pixel = published.beside_ours(frame(on_dsaii(78)))
    assert read_tables(image)[0][1] == ["mean of all 78", "0.600", "0.572", "+0.028"]
    assert read_tables(pixel)[0][1] == ["mean of all 78", "0.900", "0.875", "+0.025"]
    assert "Published: split and settings unknown" in image


@pytest.mark.parametrize("categories", [1, 77, 79])
def test_with_fewer_or_more_categories_only_a_sentence_says_what_was_published(categories):
    [remark] = published.beside_ours(frame(on_dsaii(categories)))
    assert remark == f"- published is only the mean of all 78 categories of dsaii; here are {categories} (patchcore)"


def test_a_value_published_without_settings_stands_beside_any_settings():
    changed = {"image_size": 512}
    assert len(captions(on_dsaii(78, settings=PATCHES_OF_IMAGES | changed, changed=changed))) == 2


def test_a_failed_category_is_missing_in_a_mean_over_all():
    rows = on_dsaii(78)
    rows[0] |= {"failure": "out of memory"}
    assert captions(rows) == []


def test_every_published_metric_has_a_name():
    assert {line.metric for line in published.read()} <= set(published.METRICS)


# Reports.


def test_a_report_has_its_sections_in_order():
    jobs = [result(cell("differnet", category, dataset="visa"), epochs=EPOCHS) for category in ("candle", "cashew")]
    text = text_of([*jobs, moved("candle", 18, dataset="visa")], [failed(cell("knn"))])
    assert re.findall(r"^## (.*)$", text, flags=re.MULTILINE) == [
        "Failed jobs",
        "Verdicts",
        "Methods",
        "Image AUROC",
        "At the threshold",
        "By defect type",
        "Pixel AUROC",
        "AUPRO",
        "Oracle: thresholds chosen on the test set",
        "Oracle: best epoch",
        "Published values",
        "Costs",
        "Images",
        "Remarks",
        "Data, versions and machine",
        "Terms",
    ]


def test_types_that_do_not_add_up_to_the_images_are_explained():
    plain = result(cell("differnet", "candle"))
    both = plain.images[-1].model_copy(update={"defect": "bent,burnt", "kinds": ("bent", "burnt")})
    assert "counts under each of them" not in text_of([plain], [])
    assert "counts under each of them" in text_of([plain.model_copy(update={"images": [*plain.images[:-1], both]})], [])


def test_every_table_is_rendered_whole():
    odd = cell(category="a|b <i>\n*c*")
    text = text_of([result(odd, epochs=EPOCHS), result(cell("cae", "x"))], [failed(cell("cae", odd.category))])
    tables = read_tables(text)
    assert len(tables) == len(re.findall(r"^\|:--", text, flags=re.MULTILINE)) > 8
    assert all(len({len(line) for line in table}) == 1 for table in tables)
    assert "<i>" not in MARKDOWN.render(text)


def test_what_was_chosen_on_the_test_set_is_called_oracle():
    text = text_of([result(cell())])
    [table] = read_tables(section(text, "Oracle: thresholds chosen on the test set"))
    assert table[0][1:] == [
        "image F1-max (oracle)",
        "true positive rate at 1 % (oracle)",
        "true positive rate at 5 % (oracle)",
        "balanced accuracy (oracle)",
    ]
    assert {f"true positive rate at {share} % (oracle)" for share in (1, 5)} <= set(defined(text))


def test_the_oracle_table_is_that_of_the_visa_fork():
    text = text_of([result(cell(), epochs=EPOCHS)])
    [table] = [table for table in read_tables(text) if "AUROC (Max)" in table[0]]
    assert table[1] == ["bolt", "A knn", "0", "0.800", "2", "1:30:00", "0.500"]


def test_without_calibration_there_is_no_section_on_the_threshold():
    scores = [score for score in result(cell()).images if score.part == "test"]
    text = text_of([result(cell(calibration=0.0), images=scores)])
    assert "At the threshold" not in text
    assert "missed" not in text
    assert "no threshold" in text


LEFT_OUT = {"calibration": "loo"}


def test_images_left_out_one_at_a_time_are_said_to_be_trained_on_and_to_promise_nothing():
    text = text_of([result(cell("differnet", "magnetic_tile", dataset="mvtec", **LEFT_OUT), trained_on=1)])
    assert "has 1 normal images for training and the same for the threshold, by leave-one-out." in text
    assert "held out for the threshold" not in text
    [table] = read_tables(section(text, "At the threshold"))
    assert table[0][2] == "false-positive rate expected, not promised" and table[1][2] == "0.500"
    assert {"leave-one-out", "false-positive rate expected, not promised"} <= set(defined(text))
    assert "expected false-positive rate at most" not in text


def test_held_out_images_and_images_left_out_one_at_a_time_stand_side_by_side():
    text = text_of([result(cell(calibration=0.1)), result(cell(**LEFT_OUT))])
    assert "1 held out for the threshold or the same for the threshold, by leave-one-out." in text
    [[header, line]] = read_tables(section(text, "At the threshold"))
    assert header[2:4] == ["expected false-positive rate at most", "false-positive rate expected, not promised"]
    assert line[2:4] == ["0.500", "0.500"] and len(line) == 6
    legend = section(text, "Methods")
    assert "- **A knn**: calibration loo" in legend and "- **B knn**: calibration 0.1" in legend


def test_without_leave_one_out_it_is_not_mentioned():
    assert "leave-one-out" not in text_of([result(cell())])


def test_synthetic_data_is_said_in_the_title():
    assert text_of([result(cell(), made=True)]).startswith("# Anomaly detection on folder (synthetic data)\n")
    assert "synthetic" not in text_of([result(cell())]).lower()


def test_failed_jobs_are_listed_with_reason_and_end_of_output():
    text = text_of([result(cell())], [failed(cell("cae"))])
    assert "2 jobs, **1 failed**" in text
    assert ["B cae", "bolt", "0", "out of memory"] in read_tables(text)[0]
    assert "<pre>Killed &lt;b&gt;\n\n| `x`</pre>" in text


def test_failed_jobs_alone_make_a_report():
    text = text_of([], [failed(cell("cae"))])
    assert "1 job, **1 failed**" in text
    assert "out of memory" in text


def test_nothing_at_all_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        text_of([])


def test_a_number_that_does_not_exist_has_its_reason():
    normal = [score for score in result(cell()).images if score.defect is None]
    text = text_of(
        [
            result(cell("a", "x")),
            result(cell("a", "y"), images=normal, pixels=None, why_no_pixels="the data have no masks"),
        ]
    )
    assert "- Image metrics of y: no defective test image" in text
    assert "- Pixel metrics of y: the data have no masks" in text


def test_remarks_are_made_once_and_say_whom_they_concern():
    jobs = [result(cell(method, category), remarks=["weights: a_b.pth"]) for method in "ab" for category in "xy"]
    assert "- all jobs: weights: a_b.pth" in text_of(jobs)
    jobs[0] = result(jobs[0].cell)
    text = text_of(jobs)
    assert text.count("weights: a_b.pth") == 1
    assert "- A a (y); B b: weights" in text


def test_two_datasets_in_one_folder_keep_their_categories_apart():
    text = text_of([result(cell(dataset="visa")), result(cell(dataset="mvtec"))])
    assert "mvtec/bolt" in text
    assert "visa/bolt" in text


def test_all_files_are_written(tmp_path):
    write(tmp_path / "new", [result(cell())])
    written = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert written == ["defects.csv", "report.csv", "report.html", "report.md", "report.tex", "verdicts.csv"]


def moved(category, alarms, method="knn", **fields):
    """A result with 9 calibration images, and so many of 18 normal test images above them."""
    scores = [("calibration", None, 0.1 * place) for place in range(9)]
    scores += [("test", None, 2.0 if place < alarms else 0.0) for place in range(18)] + [("test", "bent", 3.0)]
    return result(cell(method, category, **fields), images=made_images(scores))


def test_a_contradicted_promise_stands_above_the_tables_with_its_numbers_and_what_to_do():
    text = text_of([moved("bolt", 17), moved("nut", 1)])
    assert text.index("## Verdicts") < text.index("## Methods")
    part = section(text, "Verdicts")
    assert part.index("are not like the test images") < part.index("**A knn on bolt**: calls 17 of 18 normal")
    assert "at most 0.100 was promised (p = 2e-06" in part
    assert "- bolt: more normal test images are called defective" in section(text, "Remarks")


def test_where_promises_hold_or_are_none_no_promise_is_called_broken():
    assert "was promised" not in text_of([moved("bolt", 3), moved("nut", 17, calibration="loo")])


def test_methods_of_which_the_same_is_true_share_a_line_under_what_to_do():
    text = section(text_of([moved(place, 18, calibration="loo") for place in ("part 10", "part 9")]), "Verdicts")
    assert text.count("calls 18 of 18") == 1 and "**A knn on part 9, part 10**: calls" in text


def test_many_verdicts_are_folded_up():
    kept = [moved(f"part {n}", 0).model_copy(update={"images": moved("x", 0).images[: 12 + n // 4]}) for n in range(30)]
    odd = [moved(f"part {n}", 9 + n % 9, calibration="loo") for n in range(30)]
    part = section(text_of([*odd, *kept]), "Verdicts")
    shown, _, more = part.partition("<details>")
    assert len(re.findall("^- ", shown, flags=re.MULTILINE)) <= 20 and "calls" in shown
    assert (len(re.findall("^- ", part, flags=re.MULTILINE)) > 20) == bool(more)


def test_training_images_unlike_the_others_are_listed():
    images = [UnlikeImage(path="a/b_1.png", score=9.25, deviations=12.34)]
    odd = moved("bolt", 0).model_copy(update={"ranking": Ranking(judged="left out", ranked=40, images=images)})
    [table] = read_tables(section(text_of([odd, moved("nut", 0)]), "Training images unlike the others"))
    assert table[1:] == [["bolt", "A knn", "0", "a/b_1.png", "left out, 40 images", "9.25", "12.3"]]


def test_the_terminal_names_jobs_whose_promise_is_contradicted():
    first = terminal.verdicts(made([moved("bolt", 17), moved("nut", 1)]))[0]
    assert first.light == "red" and "knn on bolt: calls 17 of 18 normal test images defective" in first.sentence


def test_a_long_report_begins_with_links_to_its_sections_and_a_short_one_does_not():
    short = text_of([result(cell())])
    long = text_of([result(cell(category=str(number))) for number in range(78)])
    listed = re.findall(r"^- \[(.+)\]\(#(.+)\)$", long.partition("\n## ")[0], flags=re.MULTILINE)
    titles = re.findall(r"^## (.+)$", long, flags=re.MULTILINE)
    assert "](#" not in short and [title for title, _ in listed] == titles
    assert ("At the threshold", "at-the-threshold") in listed
