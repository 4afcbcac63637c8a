"""report.tex: what is marked, what is escaped, and that it compiles where there is a LaTeX."""

import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.evaluation import result_rows
from reports import latex, report
from reports.rows import Unfinished
from tests.stored import made_cell, made_images, made_result

ODD = "a&b_50%$#{x}~^\\<>|\"'`é→日\n*"


def result(method, category, shift, seed=0, **fields):
    scores = [("calibration", None, 0.4)] + [("test", None, 0.1 * place) for place in range(12)]
    scores += [("test", "bent", shift + 0.1 * place) for place in range(12)]
    return made_result(cell=made_cell(method, category, seed, **fields), images=made_images(scores))


def text(*results, **fields):
    tables = result_rows.tables(map(result_rows.measure, results))
    return latex.text(report.made(tables, [], result_rows.DEFINITIONS, **fields))


def row_of(page, title):
    [line] = re.findall(rf"^{title} & .*$", page.partition(r"\caption{image AUROC")[2], flags=re.MULTILINE)[:1]
    return line


def test_the_best_is_bold_the_second_underlined_and_intervals_are_small():
    line = row_of(text(result("a", "bolt", 0.9), result("b", "bolt", 0.5), result("c", "bolt", 0.1)), "bolt")
    _, best, second, third = line.removesuffix(r" \\").split(" & ")
    assert re.fullmatch(r"\\textbf\{0\.\d{3}\}(\\doubt)?\\interval\{0\.\d\d\}\{0\.\d\d\}", best)
    assert second.startswith(r"\underline{0.") and r"\interval{" in third and "text" not in third + second


def test_several_seeds_have_their_spread_beside_the_interval():
    line = row_of(text(*(result("a", "bolt", 0.9 - seed / 10, seed) for seed in (0, 1))), "bolt")
    assert r"\seeds{(seeds \ensuremath{\pm} 0." in line and r"\interval{" in line


def test_the_mean_over_categories_is_set_apart_by_a_rule():
    page = text(result("a", "bolt", 0.9), result("a", "nut", 0.9))
    assert re.search(r"nut & .*\n\\midrule\n\\emph\{mean of 2\}", page)


def test_planned_jobs_that_were_never_done_are_counted():
    left = [Unfinished("python -m benchmarks run --set a_b=1", ["jobs/a"])]
    assert r"1 planned job not done yet; go on with: python -m benchmarks run --set a\_b=1" in text(
        result("a", "bolt", 0.9), unfinished=left
    )


@given(st.text())
def test_no_text_leaves_a_special_character_of_latex_bare(given):
    bare = re.sub(r"\\[a-zA-Z]+\{(\\[a-zA-Z]+)?\}|\\[#$%&_{}]", "", latex.escape(given))
    assert not set(bare) & set('#$%&_{}~^\\<>|"\n') and all(ord(character) < 256 for character in bare)


def test_the_document_compiles(tmp_path):
    if shutil.which("pdflatex") is None:
        pytest.skip("no pdflatex on this machine: nothing compiles report.tex")
    results = [result("knn", ODD, 0.9, changed={"path": ODD}), result("cae", "bolt", 0.1), result("cae", ODD, 0.0)]
    (tmp_path / "report.tex").write_text(text(*results), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF") and "undefined" not in done.stdout
