"""The command `run`, in a checkout to which one method file was added."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.checkout.program import ALL_FORMS, CATEGORIES, SIZE, write_image
from tests.processes import alive, children, wait_for


def test_every_category_gets_a_row_and_a_table(after_run):
    checkout = after_run()
    rows = checkout.rows()
    assert list(rows.category) == list(CATEGORIES)
    assert (rows.image_auroc == 1).all() and (rows.pixel_auroc > 0.9).all()
    text = (checkout.results / "report.md").read_text()
    assert "bolt" in text and "toy" in text


def test_a_finished_run_is_not_repeated_and_needs_no_heavy_library(after_run):
    checkout = after_run()
    before = checkout.finish_times()
    heavy = "import sys; from benchmarks.cli import app; app({!r}, standalone_mode=False); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", heavy.format(["run", *checkout.options])],
        cwd=checkout.folder,
        capture_output=True,
        text=True,
    )
    assert "2 finished before, 0 to do" in loaded.stderr
    assert not {"torch", "tensorflow", "keras", "distributed"} & set(loaded.stdout.split())
    assert checkout.finish_times() == before


def test_the_same_run_twice_gives_the_same_csv(checkout):
    seeds = ("--categories", "bolt", "--seeds", "0,1")
    checkout.compare(*seeds)
    first = checkout.csv_without_costs()
    checkout.compare(*seeds, "--force", "--jobs", "2")
    assert checkout.csv_without_costs() == first


def test_force_does_finished_jobs_again(after_run):
    checkout = after_run("--categories", "bolt")
    before = checkout.finish_times()
    checkout.compare("--categories", "bolt", "--force")
    assert all(time > before[file] for file, time in checkout.finish_times().items())


def test_only_what_a_change_touches_is_done_again(after_run):
    checkout = after_run()
    before = checkout.finish_times()
    write_image(checkout.data / "nut/train/good/0.png", seed=77)
    checkout.compare()
    assert [file for file, time in checkout.finish_times().items() if time != before[file]] == [
        file for file in before if "/nut/" in file
    ]


def test_a_changed_method_is_done_again_and_a_changed_comment_is_not(after_run):
    checkout = after_run("--categories", "bolt")
    file = checkout.folder / "methods/toy.py"
    file.write_text(file.read_text() + "\n# a comment\n")
    assert "0 to do" in checkout.compare("--categories", "bolt").stderr
    file.write_text(file.read_text().replace("max(axis=2)", "mean(axis=2)"))
    assert "1 to do" in checkout.compare("--categories", "bolt").stderr


def test_tracking_epochs_looks_again_and_then_is_kept(after_run):
    checkout = after_run("--categories", "bolt")
    assert "1 to do" in checkout.compare("--categories", "bolt", "--track-epochs").stderr
    assert "0 to do" in checkout.compare("--categories", "bolt", "--track-epochs").stderr
    assert "0 to do" in checkout.compare("--categories", "bolt").stderr
    assert (checkout.rows().oracle_image_auroc_max == 1).all()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("crash", "RuntimeError: the toy broke"),
        ("refuse", "the toy refuses these images: give it others"),
        ("die", "killed (signal 9)"),
        ("nan", "not finite"),
    ],
)
def test_a_failed_job_is_listed_with_its_reason(checkout, fault, reason):
    # The log of a crash holds a traceback. compare() fails if the screen shows one.
    done = checkout.compare("--set", f"toy.fault={fault}", "--categories", "bolt")
    assert done.returncode == 1
    assert reason in done.stderr
    assert reason in (checkout.results / "report.md").read_text()


def test_a_bad_category_fails_alone(checkout):
    (checkout.data / "nut/test/stain/1.png").write_bytes(b"not an image")
    done = checkout.compare()
    assert done.returncode == 1
    assert "nut/test/stain/1.png" in done.stderr
    assert checkout.done() == ["bolt"]


def test_a_failure_is_forgotten_once_its_cause_is_mended(after_run):
    checkout = after_run()
    image = checkout.data / "nut/train/good/0.png"
    (held := image.rename(checkout.folder / "held.png")).touch()
    for index in range(1, 5):
        (checkout.data / f"nut/train/good/{index}.png").rename(checkout.folder / f"{index}.png")
    assert checkout.compare().returncode == 1
    held.rename(image)
    for index in range(1, 5):
        (checkout.folder / f"{index}.png").rename(checkout.data / f"nut/train/good/{index}.png")
    done = checkout.compare()
    assert done.returncode == 0 and "0 to do" in done.stderr
    assert checkout.done() == list(CATEGORIES)


def test_datasets_in_one_folder_of_results_do_not_replace_each_other(after_run):
    checkout = after_run("--categories", "bolt")
    checkout.compare("--categories", "bolt", "--dataset", "mvtec")
    assert list(checkout.rows().dataset) == ["folder", "mvtec"]


def test_images_of_another_folder_do_not_replace_results_unasked(after_run):
    checkout = after_run()
    before, other = checkout.finish_times(), checkout.folder / "other"
    shutil.copytree(checkout.data, other)
    (other / "nut/train/good/0.png").unlink()
    done = checkout.compare("--data", str(other))
    assert done.returncode == 2 and f"on the images in {checkout.data}, not in {other}" in done.stderr
    assert checkout.finish_times() == before
    assert checkout.compare("--data", str(other), "--categories", "bolt").returncode == 0  # the same images, moved
    assert checkout.finish_times() == before
    assert checkout.compare("--data", str(other), "--categories", "nut", "--force").returncode == 0


def test_the_report_names_results_of_older_code_or_other_folders(after_run):
    checkout = after_run()
    assert "versions of its code" not in (checkout.results / "report.md").read_text()
    method = checkout.folder / "methods/toy.py"
    method.write_text(method.read_text().replace("max(axis=2)", "mean(axis=2)"))
    metrics = checkout.folder / "benchmarks/evaluation/pixel_metrics.py"
    metrics.write_text(metrics.read_text() + "\nOTHER = 1\n")
    other = checkout.folder / "other"
    shutil.copytree(checkout.data, other)
    assert checkout.compare("--categories", "bolt", "--data", str(other), "--force").returncode == 0
    report = (checkout.results / "report.md").read_text()
    assert "toy: its results come from 2 versions of its code or of files that it depends on (bolt; nut)" in report
    assert "nut: the pixel metrics were measured by an older version of the code" in report
    assert "the images of folder came from more than one folder" in report and str(other) in report


def test_a_category_with_a_name_too_long_to_quote_is_run(checkout):
    name = "гайка " * 20
    (checkout.data / "nut").rename(checkout.data / name.strip())
    assert checkout.compare("--categories", name.strip()).returncode == 0
    assert checkout.done() == [name.strip()]
    chosen = ["--results", str(checkout.results), "--method", "toy", "--category", name.strip()]
    assert checkout.run(*chosen, str(checkout.data / "bolt/train/good/0.png"), command="predict").returncode == 0


def test_a_second_run_in_the_same_folder_is_refused(checkout):
    first = checkout.start(*checkout.options, "--categories", "bolt", pause=2)
    wait_for(lambda: children(first.pid))
    second = checkout.compare()
    first.communicate()
    assert second.returncode == 2 and "another run is at work there" in second.stderr
    assert first.returncode == 0


def test_an_environment_variable_that_scores_depend_on_is_part_of_the_key(after_run, monkeypatch):
    checkout = after_run("--categories", "bolt")
    monkeypatch.setenv("TOY_COLOUR", "red")
    assert "1 to do" in checkout.compare("--categories", "bolt").stderr


def test_a_category_with_too_few_images_fails_alone(checkout):
    for index in range(1, 6):
        (checkout.data / f"nut/train/good/{index}.png").unlink()
    done = checkout.compare()
    assert done.returncode == 1
    assert "at least 2 are needed" in done.stderr
    assert "at least 2 are needed" in (checkout.results / "report.md").read_text()


def test_a_category_without_defects_is_trained_and_its_auroc_is_not_available(checkout):
    shutil.rmtree(checkout.data / "nut/test/stain")
    shutil.rmtree(checkout.data / "nut/ground_truth")
    assert checkout.compare().returncode == 0
    assert checkout.rows().image_auroc.isna().tolist() == [False, True]
    assert "n/a" in (checkout.results / "report.md").read_text()


def test_a_category_without_a_test_set_is_trained(checkout):
    shutil.rmtree(checkout.data / "nut/test")
    shutil.rmtree(checkout.data / "nut/ground_truth")
    assert checkout.compare("--categories", "nut").returncode == 0
    assert len(list(checkout.results.glob("jobs/toy/nut/*/model/mean.npy"))) == 1


def test_a_killed_runner_takes_its_job_with_it_and_the_run_goes_on(checkout):
    options = [*checkout.options, "--jobs", "1"]
    runner = checkout.start(*options, pause=1.5)
    wait_for(lambda: len(checkout.finish_times()) == 1)
    wait_for(lambda: (checkout.results / "jobs/toy/nut").exists() and children(runner.pid))
    (job,) = children(runner.pid)
    runner.kill()
    runner.communicate()
    wait_for(lambda: not alive(job))
    before = checkout.finish_times()
    assert "1 finished before, 1 to do" in checkout.run(*options).stderr
    assert before.items() <= checkout.finish_times().items()
    resumed = checkout.csv_without_costs()
    shutil.rmtree(checkout.results)
    checkout.run(*options)
    assert checkout.csv_without_costs() == resumed


def test_a_killed_job_costs_only_itself(checkout):
    runner = checkout.start(*checkout.options, pause=1.5)
    (job,) = wait_for(lambda: children(runner.pid))
    wait_for(lambda: list(checkout.results.glob("jobs/toy/bolt/*/log.txt")))
    os.kill(job, signal.SIGKILL)
    runner.communicate()
    assert runner.returncode == 1
    assert checkout.done() == ["nut"]
    assert "1 finished before, 1 to do" in checkout.compare().stderr
    assert checkout.done() == list(CATEGORIES)


def test_a_job_that_hangs_is_ended_with_all_it_started_and_the_others_go_on(checkout):
    text = (checkout.folder / "methods/toy.py").read_text().replace("class Toy", "class Slow")
    text = text.replace("time.sleep(self.pause)", "os.system(f'sleep {self.pause}')")
    (checkout.folder / "methods/slow.py").write_text(text)
    hanging = ["--methods", "slow,toy", "--categories", "bolt", "--set", "slow.pause=61.25", "--job-timeout", "0.07"]
    done = checkout.compare(*hanging)
    assert done.returncode == 1
    for page in (done.stderr, (checkout.results / "report.md").read_text()):
        assert "longer than 0.07 minutes (--job-timeout)" in page
    assert [file.split("/")[1] for file in checkout.finish_times()] == ["toy"]
    assert not [pid for pid in Path("/proc").glob("[0-9]*") if b"61.25" in (pid / "cmdline").read_bytes()]


STARTS = """\
        import subprocess, multiprocessing, threading, sys
        pause = [sys.executable, "-c", "import time; time.sleep(62.25)"]
        subprocess.Popen(pause)
        subprocess.Popen(pause, process_group=0)
        multiprocessing.get_context("fork").Process(target=time.sleep, args=(62.25,)).start()
        threading.Thread(target=time.sleep, args=(62.25,)).start()
        if os.fork() == 0:  # it holds the pipe to the runner, in a session of its own
            os.setsid()
            os.execvp(sys.executable, [*pause, "escaped"]) if os.fork() else time.sleep(8)
            os._exit(0)
"""


def test_a_job_ends_with_its_process_whatever_it_started(checkout):
    """Children are ended, also those in a group of their own; threads and whoever left the session delay nothing."""
    toy = checkout.folder / "methods/toy.py"
    toy.write_text(
        toy.read_text().replace("        self.means = np.array", f"{STARTS}        self.means = np.array", 1)
    )
    begun = time.monotonic()
    done = checkout.compare("--categories", "bolt")
    assert done.returncode == 0 and checkout.done() == ["bolt"] and time.monotonic() - begun < 50
    running = [pid for pid in Path("/proc").glob("[0-9]*") if b"62.25" in command_line(pid)]
    escaped = [pid for pid in running if b"escaped" in command_line(pid)]
    for pid in escaped:
        os.kill(int(pid.name), signal.SIGKILL)
    assert running == escaped


def command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_control_c_stops_cleanly_and_says_how_to_go_on(checkout, stop):
    runner = checkout.start(*checkout.options, pause=30)
    (job,) = wait_for(lambda: children(runner.pid))
    time.sleep(0.5)
    runner.send_signal(stop)
    _, error = runner.communicate(timeout=20)
    assert runner.returncode == 130
    assert "run the same command again" in error and "Traceback" not in error
    assert not alive(job) and not (checkout.results / "report.md").exists()


def test_control_c_leaves_a_report_of_what_is_finished_with_the_command_that_goes_on(checkout):
    runner = checkout.start(*checkout.options, "--jobs", "1", "--seeds", "0,1", pause=1.5)
    wait_for(lambda: len(checkout.finish_times()) == 1)
    runner.send_signal(signal.SIGINT)
    _, error = runner.communicate(timeout=20)
    assert runner.returncode == 130 and "Traceback" not in error
    left = "3 planned jobs not done yet; go on with: "
    text = (checkout.results / "report.md").read_text()
    assert "**1 of 4 jobs**, none failed" in text and f"- {left}`python -m benchmarks run" in text
    command = error.partition(left)[2].splitlines()[0]
    done = subprocess.run(
        [sys.executable, *shlex.split(command)[1:]], cwd=checkout.folder, capture_output=True, text=True
    )
    assert "1 finished before, 3 to do" in done.stderr
    text = (checkout.results / "report.md").read_text()
    assert "4 jobs, none failed" in text and "go on with" not in text


def test_control_c_while_data_are_read_says_how_to_go_on(checkout):
    (checkout.folder / "datasets/late.py").write_text(LATE)
    runner = checkout.start(*checkout.options, "--dataset", "late")
    wait_for((checkout.data / "reading").exists)
    runner.send_signal(signal.SIGINT)
    _, error = runner.communicate(timeout=20)
    assert runner.returncode == 130
    assert error.count("run the same command again") == 1 and "Traceback" not in error


LATE = '''"""A dataset that takes long to read."""

import time
import zlib

from datasets.folder import Folder


class Late(Folder):
    """Your own images on a slow disk."""

    def samples(self, root, category):
        (root / "reading").touch()
        time.sleep(60)
        return super().samples(root, category)
'''


WRONG = {
    "an unknown method": (["--methods", "tyo"], "did you mean 'toy'"),
    "an unknown dataset": (["--dataset", "floder"], "did you mean 'folder'"),
    "an unknown category": (["--categories", "bold"], "did you mean 'bolt'"),
    "an unknown setting": (["--set", "toy.epoch=3"], "did you mean 'epochs'"),
    "a bad value": (["--set", "toy.epochs=none"], "--set toy.epochs:"),
    "a setting of nothing": (["--set", "epochs"], "METHOD.FIELD=VALUE"),
    "a setting of a method not chosen": (["--set", "cae.loss=mse"], "--methods"),
    "a bad seed": (["--seeds", "0,x"], "--seeds"),
    "a seed below 0": (["--seeds", "-1"], "--seeds"),
    "a seed above the largest": (["--seeds", "0,9223372036854775808"], "--seeds: expected whole numbers from 0 to"),
    "a seed that only text can hold": (["--seeds", "9" * 5000], "--seeds: expected whole numbers from 0 to"),
    "a bad device": (["--device", "gpu"], "--device"),
    "a device that is not there": (["--device", "cuda:7"], "cuda:7 is not there"),
    "a bad share": (["--calibration", "2"], "--calibration"),
    "settings with which no image is left out": (
        ["--calibration", "loo", "--methods", "patchcore", "--set", "patchcore.image_score=reweighted"],
        "--calibration loo: patchcore leaves an image out with image_score=max only",
    ),
    "a word that is no share": (["--calibration", "loocv"], "expected a share from 0 to 0.9, or loo, got 'loocv'"),
    "a method that leaves none out": (
        ["--calibration", "loo", "--methods", "toy,mean_image"],
        "mean_image cannot judge a training image by the others alone; these can: ",
    ),
    "too many shots": (["--shots", "50"], "--shots 50"),
    "a bad choice of models": (["--keep-models", "some"], "--keep-models"),
    "too little disk": (["--set", "toy.disk=9000000000000000"], "--keep-models none"),
    "a time of nothing": (["--job-timeout", "0"], "--job-timeout"),
    "an address without a port": (["--dask", "nowhere"], "--dask nowhere"),
    "an unknown option": (["--sedes", "0"], "--seeds"),
    "no such folder": (["--data", "nowhere"], "nowhere"),
    "results among other things": (["--results", "parts"], "there is something else, such as bolt; name a new folder"),
}


@pytest.mark.parametrize(("arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_wrong_use_is_one_sentence_and_status_2(checkout, arguments, sentence):
    done = checkout.compare(*arguments)
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.replace("│", " ").split())
    assert not checkout.finish_times()


def test_an_empty_dataset_is_status_2(checkout):
    shutil.rmtree(checkout.data)
    checkout.data.mkdir()
    assert checkout.compare().returncode == 2


def test_results_of_another_version_are_left_alone(after_run):
    checkout = after_run()
    file = next(checkout.results.glob("jobs/*/bolt/*/result.json"))
    text = json.dumps({**json.loads(file.read_text()), "format": 99})
    file.write_text(text)
    done = checkout.compare()
    assert done.returncode == 2 and "another version" in done.stderr
    assert file.read_text() == text


def test_results_of_another_version_are_found_before_anything_is_trained(after_run):
    checkout = after_run("--categories", "bolt")
    file = next(checkout.results.glob("jobs/*/bolt/*/result.json"))
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 99}))
    assert checkout.compare("--categories", "nut").returncode == 2
    assert not list(checkout.results.glob("jobs/*/nut"))


def test_a_damaged_result_is_done_again(after_run):
    checkout = after_run()
    file = next(checkout.results.glob("jobs/*/bolt/*/result.json"))
    file.write_text(file.read_text()[:100])
    assert "1 finished before, 1 to do" in checkout.compare().stderr
    assert list(checkout.rows().category) == list(CATEGORIES)


def test_report_writes_the_same_tables_again(after_run):
    checkout = after_run(*ALL_FORMS)
    names = ("report.md", "report.csv", "report.tex", "defects.csv", "scores.csv", "verdicts.csv")
    before = [(checkout.results / name).read_bytes() for name in names]
    (checkout.results / "report.md").unlink()
    assert checkout.run("--results", str(checkout.results), command="report").returncode == 0
    assert [(checkout.results / name).read_bytes() for name in names] == before


def test_a_run_writes_the_forms_that_are_asked_for_and_says_which_older_ones_it_left(after_run):
    checkout = after_run("--categories", "bolt", *ALL_FORMS)
    every = [str(checkout.results / f"report.{form}") for form in ("md", "csv", "tex", "html")]
    before = {file: Path(file).read_bytes() for file in every}
    done = checkout.compare("--format", "csv")
    assert done.stdout.split() == every[1:2] and len(checkout.rows()) == len(CATEGORIES)
    left = [file for file in every if Path(file).read_bytes() == before[file]]
    assert left == [every[0], *every[2:]]
    assert "not written again, as --format does not name it: report.md, report.tex, report.html in" in done.stderr


def test_a_run_writes_every_form_unless_told_otherwise(checkout):
    at = checkout.options.index("--format")
    done = checkout.run(*checkout.options[:at], "--categories", "bolt")
    assert [Path(file).name for file in done.stdout.split()] == ["report.md", "report.csv", "report.tex", "report.html"]
    assert "not written again" not in done.stderr


def test_an_unknown_form_is_refused_before_anything_is_trained(checkout):
    done = checkout.compare("--format", "md,pdf")
    assert done.returncode == 2 and "--format: expected md, csv, tex, html, got 'pdf'" in done.stderr
    assert not checkout.results.exists()


def test_report_writes_the_forms_that_are_asked_for_into_the_folder_that_is_named(after_run):
    checkout = after_run("--categories", "bolt")
    elsewhere = checkout.folder / "elsewhere"
    options = ["--results", str(checkout.results), "--to", str(elsewhere)]
    assert checkout.run(*options, "--format", "md", command="report").stdout.split() == [f"{elsewhere}/report.md"]
    assert [file.name for file in elsewhere.iterdir()] == ["report.md"]
    refused = checkout.run(*options, "--format", "md,pdf", command="report")
    assert refused.returncode == 2 and "--format: expected md, csv, tex, html, got 'pdf'" in refused.stderr


def test_the_report_links_to_the_figures_of_its_jobs(checkout):
    checkout.compare("--categories", "bolt", "--set", "toy.epochs=3")
    [link] = re.findall(r"\[bolt, seed 0, curves\]\(<(.*?)>\)", (checkout.results / "report.md").read_text())
    assert (checkout.results / link).is_file()


def test_several_folders_of_results_are_merged_and_what_differs_is_said(after_run):
    checkout = after_run("--categories", "bolt")
    other = checkout.folder / "other results"
    checkout.compare("--categories", "nut", "--set", "toy.pause=0.01", "--results", str(other))
    checkout.compare("--categories", "bolt", "--results", str(other))
    before = (checkout.results / "report.md").read_bytes()
    both = ["--results", str(checkout.results), "--results", str(other)]
    done = checkout.run(*both, command="report")
    assert done.returncode == 0 and "settings of toy: " in done.stderr
    merged = checkout.results / "merged"
    text = (merged / "report.md").read_text()
    assert "## Merged folders" in text and str(other) in text and "2 jobs, none failed" in text
    assert len(pd.read_csv(merged / "scores.csv").groupby("category")) == 2
    assert (checkout.results / "report.md").read_bytes() == before


def test_folders_that_contradict_each_other_are_refused_and_nothing_is_written(after_run):
    checkout = after_run("--categories", "bolt")
    other = checkout.folder / "other"
    shutil.copytree(checkout.results, other)
    file = next(other.glob("jobs/*/*/*/result.json"))
    stored = json.loads(file.read_text())
    stored["images"][-1]["score"] += 1
    file.write_text(json.dumps(stored))
    done = checkout.run("--results", str(checkout.results), "--results", str(other), command="report")
    assert done.returncode == 2 and "both have toy bolt seed 0, with other numbers" in done.stderr
    assert not list(checkout.results.glob("merged/*"))


def test_a_report_of_nothing_is_status_2(checkout):
    assert checkout.run("--results", str(checkout.folder), command="report").returncode == 2


def test_models_are_kept_unless_told_otherwise(checkout):
    checkout.compare("--categories", "bolt", "--keep-models", "none")
    assert not list(checkout.results.glob("jobs/*/*/*/model"))
    assert "1 finished results have no model kept" in checkout.compare("--categories", "bolt").stderr
    checkout.compare("--categories", "bolt", "--force")
    assert len(list(checkout.results.glob("jobs/*/*/*/model/mean.npy"))) == 1


def test_shots_and_calibration_are_variants_of_their_own(after_run):
    checkout = after_run("--categories", "bolt")
    checkout.compare("--categories", "bolt", "--shots", "2")
    checkout.compare("--categories", "bolt", "--calibration", "0")
    assert sorted(checkout.rows().trained_on) == [2, 5, 6]


def test_with_leave_one_out_every_training_image_is_fitted_and_calibrates(checkout):
    left_out = ("--categories", "bolt", "--calibration", "loo")
    assert checkout.compare(*left_out).returncode == 0
    assert checkout.compare(*left_out, "--shots", "3").returncode == 0
    rows = checkout.rows()
    assert sorted(rows.trained_on) == sorted(rows.calibration_images) == [3, 6]
    assert sorted(rows.expected_false_alarm_share) == [1 / 7, 1 / 4]
    assert rows.promised_false_alarm_share.isna().all()
    assert "0 to do" in checkout.compare(*left_out).stderr


def test_leave_one_out_scores_are_those_of_the_images_judged_by_the_others(checkout):
    write_image(checkout.data / "bolt/train/good/0.png", seed=3, stain=True)
    assert checkout.compare("--calibration", "loo", "--categories", "bolt").returncode == 0
    (file,) = checkout.results.glob("jobs/*/bolt/*/result.json")
    scores = {image["path"]: image["score"] for image in json.loads(file.read_text())["images"]}
    paths = [f"bolt/train/good/{number}.png" for number in range(6)]
    pixels = [np.asarray(Image.open(checkout.data / path)).astype(float)[::2, ::2] for path in paths]
    means = [np.asarray(Image.open(checkout.data / path)).mean(axis=(0, 1)) for path in paths]
    for place, path in enumerate(paths):
        others = np.mean(means[:place] + means[place + 1 :], axis=0)
        assert scores[path] == pytest.approx(np.abs(pixels[place] - others).max(), rel=1e-6)


def test_the_report_says_which_training_images_were_left_out_beside_a_copy(checkout):
    shutil.copy(checkout.data / "bolt/train/good/0.png", checkout.data / "bolt/train/good/1.png")
    remark = "2 of 6 training images were left out beside an identical image"
    assert checkout.compare("--calibration", "loo").returncode == 0
    assert f"- bolt: {remark}" in (checkout.results / "report.md").read_text().replace("toy (bolt)", "bolt")
    shutil.rmtree(checkout.results)
    checkout.compare()
    assert remark not in (checkout.results / "report.md").read_text()


def test_list_shows_the_new_method_and_its_settings(checkout):
    listed = checkout.run(command="list").stdout
    assert "toy" in listed and "Difference from the mean colour" in listed
    assert "epochs, none of which learns anything" in checkout.run("toy", command="list").stdout


def test_the_largest_seed_is_run(checkout):
    assert checkout.compare("--categories", "bolt", "--seeds", str(2**63 - 1)).returncode == 0


def test_the_report_says_which_test_images_were_trained_on(checkout):
    shutil.copy(checkout.data / "bolt/train/good/0.png", checkout.data / "bolt/test/good/1.png")
    assert checkout.compare().returncode == 0
    report = (checkout.results / "report.md").read_text()
    assert "- bolt: 1 test image is identical to training images: bolt/test/good/1.png" in report


def test_the_report_says_where_16_bit_images_are_nearly_black(checkout):
    for image in (checkout.data / "nut").rglob("good/*.png"):
        Image.fromarray(np.random.default_rng(zlib.crc32(bytes(image))).integers(0, 4000, SIZE, np.uint16)).save(image)
    checkout.compare()
    report = (checkout.results / "report.md").read_text()
    assert "- nut: no 16-bit image exceeds 3" in report and "nearly black" in report


def test_check_warns_and_exits_0_where_numbers_would_mislead(checkout):
    shutil.copy(checkout.data / "bolt/train/good/0.png", checkout.data / "bolt/test/good/1.png")
    done = checkout.run("--dataset", "folder", "--data", str(checkout.data), command="check")
    assert done.returncode == 0 and "0 errors, 3 warnings" in done.stdout
    assert "warnings may still make its numbers wrong" in " ".join(
        checkout.run("--help", command="check").stdout.replace("│", " ").split()
    )


def test_check_exits_1_where_a_run_would_be_wrong(checkout):
    arguments = ["--dataset", "folder", "--data", str(checkout.data)]
    assert checkout.run(*arguments, command="check").returncode == 0
    (checkout.data / "nut/test/good/1.png").write_bytes(b"")
    done = checkout.run(*arguments, command="check")
    assert done.returncode == 1 and "1.png" in done.stdout.replace("\n", "")


@pytest.mark.parametrize("command", ["run", "report", "finetune", "predict", "check", "list"])
def test_the_help_of_each_command_ends_with_an_example(checkout, command):
    done = checkout.run("--help", command=command)
    assert done.returncode == 0 and f"Example: python -m benchmarks {command}" in done.stdout


PRESETS = """
    presets: ClassVar = {"paper": {}, "light": {"epochs": 1}}
    preset: Literal["paper", "light"] = Field("paper", description="which of them")
"""


def test_the_dataset_names_the_preset_unless_the_user_does(checkout):
    toy, folder = checkout.folder / "methods/toy.py", checkout.folder / "datasets/folder.py"
    toy.write_text(toy.read_text() + PRESETS)
    folder.write_text(folder.read_text().replace("    reference =", '    preset = "light"\n    reference =', 1))
    done = checkout.compare("--categories", "bolt")
    assert "toy: a preset that costs less than the paper; --preset paper is as published" in done.stderr
    assert set(checkout.rows()["changed"]) == {"preset=light"}
    assert "--preset paper is as published" in (checkout.results / "report.md").read_text()
    done = checkout.compare("--categories", "bolt", "--preset", "paper", "--force")
    assert "costs less than the paper" not in done.stderr
    assert set(checkout.rows()["changed"].fillna("")) == {"", "preset=light"}
    assert checkout.compare("--preset", "lite").stderr.count("did you mean 'light'?") == 1
