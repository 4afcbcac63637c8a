"""Names that a terminal would obey or a spreadsheet would calculate are shown, and come back as they were."""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from rich.text import Text

from benchmarks import console, frames
from benchmarks.cli import start
from benchmarks.commands import predict
from benchmarks.evaluation import result_rows
from benchmarks.images import ImageError
from benchmarks.prediction.table import COLUMNS, Table
from reports import csv_files, latex, page
from reports.cells import bare, guarded
from reports.html import page as html
from reports.printable import printable, printable_lines
from reports.report import made
from reports.results import Failure
from tests.checkout.program import ROOT, write_category
from tests.stored import made_cell, made_images, made_result

FORGED = "fake.png  score 1  threshold 2  normal"
NAME = f"part\n{FORGED}\x1b[2J\x9b31m‮"
SHOWN = f"part\\n{FORGED}\\x1b[2J\\x9b31m\\u202e"
SCORES = [("test", None, 0.1), ("test", "stain", 0.9), ("test", None, 0.2), ("calibration", None, 0.3)]
FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=1", "\uff1d1", "\uff20A1"]
PLAIN = ["bolt", "", "-0.5", "+3", "-inf", "a=b", "'tis", "ünder 漢字", None, -0.5, 3, True]


def test_control_characters_are_shown_and_other_letters_stay():
    assert printable(NAME) == SHOWN and printable("über 漢字 👩‍🔧 [b]") == "über 漢字 👩‍🔧 [b]"
    assert printable("caf\udce9") == "caf\\xe9"
    assert printable_lines("a\n\tb\x1b[0m") == "a\n\tb\\x1b[0m"


def test_no_name_reaches_the_terminal_raw(capsys):
    console.say(NAME)
    console.say(NAME, on=console.out)
    console.out.print(Text("a\x1b[2J"))
    out, error = capsys.readouterr()
    assert (out, error) == (f"{SHOWN}\na\\x1b[2J\n", f"{SHOWN}\n")
    predict._tell(ImageError(f"{NAME} cannot be read"), 0, alone=True)
    start.refuse(f"{NAME}: no such folder")
    assert capsys.readouterr().err.splitlines() == [f"{SHOWN} cannot be read", f"benchmarks: {SHOWN}: no such folder"]


def test_no_name_reaches_a_page_raw():
    found = made_result(cell=made_cell(category=NAME), images=made_images(SCORES))
    failure = Failure(key="k", cell=found.cell.model_copy(update={"seed": 7}), reason=f"{NAME} is bad", tail="\x1b[2J")
    report = made(result_rows.tables([result_rows.measure(found)]), [failure], {})
    for text in (page.text, latex.text, html.text):
        written = printable_lines(text(report))
        assert "\x1b" not in written and "\x9b" not in written and "‮" not in written
        assert not [line for line in written.splitlines() if line.lstrip().startswith(FORGED)]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_looks_like_a_formula_gets_an_apostrophe_and_comes_back(text):
    assert guarded(text) == f"'{text}" and bare(guarded(text)) == text


@pytest.mark.parametrize("value", PLAIN)
def test_numbers_and_other_texts_stay_what_they_are(value):
    assert guarded(value) is value and (not isinstance(value, str) or bare(value) == value)


@pytest.mark.parametrize("name", ["=1+1", "-2+3", "'@x", "-5"])
def test_in_every_table_a_name_is_no_formula_and_is_read_again_as_it_was(name, tmp_path):
    found = made_result(cell=made_cell(category=name), images=made_images(SCORES))
    tables = result_rows.tables([result_rows.measure(found)])
    csv_files.write(tmp_path, tables.rows, tables.defects, tables.verdicts)
    scores = csv_files.score_lines(found, None, 0.5)
    (tmp_path / "scores.csv").write_text(csv_files.HEADER + scores)
    judged = Table(tmp_path / "predict.csv")
    judged.add(dict.fromkeys(COLUMNS, -0.5) | {"path": name, "verdict": name})
    assert judged.close() is None
    for file in ("report.csv", "defects.csv", "scores.csv", "predict.csv"):
        for row in csv.DictReader(io.StringIO((tmp_path / file).read_text())):
            cell = row["path" if file == "predict.csv" else "category"]
            assert cell == guarded(name) and bare(cell) == name
            assert file != "predict.csv" or row["score"] == "-0.5"
    assert set(frames._images([scores]).category) == {name}
    assert pd.read_csv(tmp_path / "scores.csv").score.dtype == float


def test_an_image_named_like_a_formula_is_judged_under_its_name():
    assert predict._printed(Path("=a\nb.png")) == "=a\\nb.png"


@pytest.mark.parametrize("locale", ["0", "1"])
def test_a_name_in_utf8_is_one_in_every_locale(tmp_path, locale):
    category = tmp_path / "parts" / "gewürz"
    write_category(category, 0)
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": locale, "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "benchmarks", "check", "--dataset", "folder", "--data", str(category.parent)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True)
    assert done.returncode == 0 and "gewürz: train 6" in done.stdout.decode()


def test_a_python_that_reads_names_otherwise_is_named_and_not_the_file():
    name = "Path(os.fsdecode('gew\\u00fcrz'.encode('utf-8')))"
    code = f"import os; from datasets import _names; from pathlib import Path; _names.require_utf8({name})"
    otherwise = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | otherwise, capture_output=True)
    assert b"but Python reads names as ascii: set PYTHONUTF8=1" in done.stderr.splitlines()[-1]
