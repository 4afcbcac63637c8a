"""What `import benchmarks` gives: runs and results as data frames, verdicts, and a method by itself."""

import json
import subprocess
import sys

import numpy as np
import pytest

import benchmarks
from benchmarks.errors import UsageError
from tests.checkout.program import Checkout, write_category

RUN = "benchmarks.run('toy', 'folder', data='parts', results='kept', quiet=True)"


def python(checkout: Checkout, code: str) -> str:
    command = [sys.executable, "-c", f"import benchmarks\n{code}"]
    done = subprocess.run(command, cwd=checkout.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Checkout:
    """A checkout in which Python has run the toy method; `said` is all that was printed."""
    checkout = Checkout(tmp_path_factory.mktemp("python") / "checkout")
    checkout.said = python(checkout, f"print({RUN}.to_json(orient='records'))")
    return checkout


def test_a_run_returns_a_row_for_each_job_and_prints_nothing_where_it_is_to_be_quiet(finished):
    rows = json.loads(finished.said)
    assert [row["category"] for row in rows] == ["bolt", "nut"]
    assert all(row["image_auroc"] == 1 and "setting_epochs" in row for row in rows)


def test_loaded_tables_are_those_of_the_files(finished):
    code = (
        "import pandas as pd\n"
        "jobs, images = benchmarks.load('kept')\n"
        "written = pd.read_csv('kept/report.csv')\n"
        "assert list(jobs.columns) == list(written.columns)\n"
        "assert jobs.image_auroc.tolist() == written.image_auroc.tolist()\n"
        "assert len(images) == len(pd.read_csv('kept/scores.csv')) == 14\n"
        "print(images.groupby(['category', 'part', 'verdict']).size().to_dict())"
    )
    assert "('nut', 'test', 'defective'): 3" in python(finished, code)


def test_a_finished_run_is_not_repeated_and_tells_on_standard_error(finished):
    said = python(finished, RUN.replace(", quiet=True", ""))
    assert "2 finished before, 0 to do" in said


def test_verdicts_make_a_whole_table_with_maps_and_unreadable_images(finished):
    code = (
        "import pandas as pd\n"
        "images = ['parts/bolt/test/stain/0.png', 'nowhere.png', 'parts/bolt/test/good/0.png']\n"
        "told = pd.DataFrame(benchmarks.predict('kept', 'toy', 'bolt', images, maps=True, keep_unreadable=True))\n"
        "print(told.defective.tolist(), told.unreadable[1])\n"
        "print(told.anomaly_map[0].shape, told.anomaly_map[0].dtype, told.anomaly_map[1])"
    )
    said = python(finished, code)
    assert "[True, None, False] nowhere.png cannot be read" in said and "(40, 36) float32 None" in said


CALLS = {
    "run('toy', 'folder', data='nowhere')": "with data",
    "run('toi', 'folder', data='parts')": "did you mean 'toy'",
    "run('toy', 'folder', data='parts', sheds=3)": "unknown parameter 'sheds'",
    "run('toy', 'folder', data='parts', shots=1)": "shots=1: expected at least 2",
    "run('toy', 'folder', data='parts', settings={'cae': {}})": "must be one of methods",
    "run('toy', 'folder', data='parts', calibration=2)": "calibration: expected a share",
    "load('nowhere')": "make some with: benchmarks.run(...)",
    "predict('kept', 'toy', 'bold', [])": "did you mean 'bolt'",
    "method('toy', epoch=3)": "did you mean 'epochs'",
}
"""Wrong calls, and what their errors say."""


@pytest.fixture(scope="module")
def said(finished) -> dict[str, str]:
    """What each of the wrong calls says, all in one process."""
    code = (
        "import json\nfrom benchmarks.errors import USER_ERRORS\nsaid = {}\n"
        f"for call in {list(CALLS)}:\n"
        "    try: eval(f'benchmarks.{call}')\n"
        "    except USER_ERRORS as error: said[call] = str(error)\n"
        "print(json.dumps(said))"
    )
    return json.loads(python(finished, code))


@pytest.mark.parametrize(("call", "sentence"), CALLS.items())
def test_errors_speak_python(said, call, sentence):
    assert sentence in said[call] and "--" not in said[call]


def test_a_failed_job_is_a_row_with_its_reason(finished):
    code = (
        "settings = {'toy': {'fault': 'refuse'}}\n"
        "jobs = benchmarks.run('toy', 'folder', data='parts', results='failed', categories='nut', settings=settings,"
        " quiet=True)\n"
        "print(jobs.failure.tolist())"
    )
    assert "the toy refuses these images" in python(finished, code)


def test_a_method_by_itself_is_trained_and_scores():
    images = list(np.random.default_rng(0).integers(0, 256, (4, 20, 24, 3), dtype=np.uint8))
    scores = list(benchmarks.method("mean_image").train(images).score(images))
    assert len(scores) == 4 and all(score.is_finite for score in scores)
    with pytest.raises(UsageError, match="did you mean 'knn'"):
        benchmarks.method("kn")


def test_a_form_of_the_report_that_there_is_not_is_named_before_anything_is_trained(tmp_path):
    results = tmp_path / "results"
    write_category(tmp_path / "parts/bolt", 0)
    with pytest.raises(UsageError, match=r"^format: expected md, csv, tex, html, got 'pdf'"):
        benchmarks.run(
            "mean_image", "folder", data=tmp_path / "parts", results=results, format=["csv", "pdf"], quiet=True
        )
    assert not results.exists()
