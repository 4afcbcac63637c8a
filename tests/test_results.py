import json
import shutil
from pathlib import Path

import pytest

from benchmarks import frames, trained
from benchmarks.errors import UsageError
from benchmarks.fingerprint import Digests
from benchmarks.jobs import layout, plan, storage
from reports.results import FORMAT, DamagedResultError, Failure, Result, ResultError, read, write
from tests.checkout.program import CATEGORIES, Checkout, finished_run
from tests.stored import made_cell, made_images, made_result

CELL = made_cell(method="cae", settings={"loss": "mse"}, dataset="demo", category="nut")
FAILURE = Failure(key="k", cell=CELL, reason="why", tail="how")


def test_what_is_written_is_read(tmp_path):
    write(tmp_path / "a/failure.json", FAILURE)
    assert read(tmp_path / "a/failure.json", Failure) == FAILURE
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["failure.json"]


def test_a_file_truncated_at_any_byte_is_named_as_damaged(tmp_path):
    file = tmp_path / "failure.json"
    write(file, FAILURE)
    whole = file.read_bytes().rstrip()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(DamagedResultError, match=r"failure\.json is damaged"):
            read(file, Failure)


def test_several_defect_types_are_stored_and_a_single_one_takes_no_field(tmp_path):
    one, several = made_images([("test", "bent", 0.5), ("test", "bent,cut", 0.9)])
    several = several.model_copy(update={"kinds": ("bent", "cut")})
    write(tmp_path / "result.json", made_result(images=[one, several]))
    assert (tmp_path / "result.json").read_text(encoding="utf-8").count('"kinds"') == 1
    assert read(tmp_path / "result.json", Result).images == [one, several]


@pytest.fixture
def mine(after_run) -> Checkout:
    """A finished run whose results a test may harm."""
    return after_run()


def bolt(checkout: Checkout, name: str) -> Path:
    return next(checkout.results.glob("jobs/toy/bolt/*")) / name


def reported(checkout: Checkout) -> str:
    """The screen output of `report`."""
    done = checkout.run("--results", str(checkout.results), command="report")
    assert done.returncode == 0
    return done.stderr


def failures(checkout: Checkout) -> dict[str, str]:
    """The reason that each category has no result, where it has none, as both files of the report tell."""
    rows, page = checkout.rows(), (checkout.results / "report.md").read_text(encoding="utf-8")
    assert list(rows.category) == list(CATEGORIES)
    reasons = dict(rows.set_index("category").failure.dropna()) if "failure" in rows else {}
    assert page.count(" is damaged ") + page.count(" was damaged ") == ("## Failed jobs" in page) == len(reasons)
    return reasons


def test_a_real_result_truncated_at_any_byte_is_named_as_damaged(tmp_path):
    whole, file = bolt(finished_run(), "result.json").read_bytes().rstrip(), tmp_path / "result.json"
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(DamagedResultError, match=r"result\.json is damaged"):
            read(file, Result)


@pytest.mark.parametrize("part", [*(pytest.param(part, marks=pytest.mark.slow) for part in (0, 0.999)), 0.5])
def test_a_truncated_result_is_named_listed_set_aside_and_done_again(mine, part):
    file, aside = bolt(mine, "result.json"), bolt(mine, "result.json.damaged")
    whole = file.read_bytes()
    torn = whole[: int(len(whole) * part)]
    file.write_bytes(torn)
    aside.write_bytes(b"an older one")
    assert f"{file} is damaged" in reported(mine)
    assert str(file) in failures(mine)["bolt"]
    done = mine.compare()
    assert done.returncode == 0 and "1 finished before, 1 to do" in done.stderr
    assert f"{file} is damaged" in done.stderr and aside.read_bytes() == torn
    assert failures(mine) == {} and mine.done() == list(CATEGORIES)


def test_a_result_set_aside_is_listed_until_it_is_done_again(mine):
    bolt(mine, "result.json").write_bytes(b"{")
    done = mine.compare("--categories", "nut")
    assert "0 to do" in done.stderr and "run again" in failures(mine)["bolt"]
    assert "result.json was damaged" in reported(mine)
    assert mine.compare().returncode == 0 and failures(mine) == {}


def test_damaged_results_are_left_in_place_where_others_are_of_another_version(mine):
    bolt(mine, "result.json").write_bytes(b"{")
    other = next(mine.results.glob("jobs/toy/nut/*/result.json"))
    other.write_text(json.dumps({**json.loads(other.read_text()), "format": 99}))
    assert mine.compare().returncode == 2
    assert bolt(mine, "result.json").read_bytes() == b"{"


def test_a_torn_failure_is_named_and_listed_and_the_next_run_forgets_it(mine):
    bolt(mine, "failure.json").write_bytes(b"{")
    assert "failure.json is damaged" in reported(mine)
    assert "failure.json is damaged" in failures(mine)["bolt"]
    assert "0 to do" in mine.compare().stderr
    assert failures(mine) == {}


def test_a_torn_failure_of_a_job_that_was_never_begun_is_listed(mine):
    shutil.rmtree(mine.results / "jobs/toy/bolt")
    shutil.rmtree(mine.data / "bolt/train")
    assert mine.compare().returncode == 1
    bolt(mine, "failure.json").write_bytes(b"{")
    assert "failure.json is damaged" in reported(mine)
    assert "failure.json is damaged" in failures(mine)["bolt"]
    assert mine.rows().settings.nunique() == 1


HOSTILE = {"a well": b"[" * 200_000, "a number": b"1" * 5_000, "a list": b"[]", "nothing": b"null", "no text": b"\xff"}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_holds_no_record_is_damaged(tmp_path, content):
    (tmp_path / "result.json").write_bytes(content)
    with pytest.raises(DamagedResultError, match=r"result\.json is damaged"):
        read(tmp_path / "result.json", Result)


def test_why_there_are_no_pixel_metrics_is_text_in_the_report(mine):
    file = bolt(mine, "result.json")
    stored = json.loads(file.read_text()) | {"pixels": None, "why_no_pixels": "<script>alert(1)</script>"}
    file.write_text(json.dumps(stored))
    reported(mine)
    page = (mine.results / "report.md").read_text(encoding="utf-8")
    assert "alert(1)" in page and "<script>" not in page


DIGESTS = {
    "a list": lambda known: "[]",
    "numbers": lambda known: json.dumps(dict.fromkeys(known, 5)),
    "no digest": lambda known: json.dumps({file: [*state, 5] for file, (*state, _) in known.items()}),
    "a well": lambda known: "[" * 200_000,
}


@pytest.mark.parametrize("harmed", DIGESTS.values(), ids=DIGESTS)
def test_damaged_digests_are_as_none(tmp_path, harmed):
    store, image = tmp_path / "digests.json", tmp_path / "0.png"
    image.write_bytes(b"an image")
    before = (digests := Digests(store)).of_files([image])
    digests.save()
    store.write_text(harmed(digests.known))
    assert Digests(store).of_files([image]) == before


def test_a_folder_in_place_of_a_record_is_damaged(tmp_path):
    (tmp_path / "result.json").mkdir()
    with pytest.raises(DamagedResultError, match=r"result\.json is damaged \(Is a directory\)"):
        read(tmp_path / "result.json", Result)


def test_another_version_is_refused(tmp_path):
    file = tmp_path / "failure.json"
    file.write_text(json.dumps({**FAILURE.model_dump(), "format": FORMAT + 1}))
    with pytest.raises(ResultError, match="another version"):
        read(file, Failure)


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    file = tmp_path / "failure.json"
    write(file, FAILURE)
    monkeypatch.setattr("os.fsync", lambda descriptor: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write(file, FAILURE.model_copy(update={"reason": "other"}))
    assert read(file, Failure) == FAILURE


@pytest.fixture
def two(tmp_path) -> Path:
    """A results folder with a result of bolt and one of nut, and a failure of cog."""
    for category in ("bolt", "nut"):
        cell = made_cell(category=category)
        images = made_images([("calibration", None, 0.5), ("test", None, 0.1), ("test", "bent", 0.7)])
        folder = layout.of_cell(tmp_path, cell)
        write(folder / "result.json", made_result(cell=cell, images=images))
        settings = {"key": "a1", "code": "b2", "device": "cpu", "track_epochs": False, "keep_model": False}
        storage.write_job(plan.Job(cell=cell, root=tmp_path / "data", folder=folder, **settings))
    cog = made_cell(category="cog")
    write(layout.of_cell(tmp_path, cog) / "failure.json", Failure(key="k", cell=cog, reason="why", tail=""))
    return tmp_path


COPIES = {
    "a category": ("bolt", "bolt copy"),
    "a failed category": ("cog", "cog copy"),
    "a job": ("bolt/seed-0-VARIANT", "bolt/seed-1-VARIANT"),
    "a job without a name of ours": ("bolt/seed-0-VARIANT", "bolt/copy of it"),
    "a job in another category": ("bolt/seed-0-VARIANT", "nut/seed-7-VARIANT"),
    "a method": ("", "../cae"),
}


@pytest.mark.parametrize(("source", "copied"), COPIES.values(), ids=COPIES)
def test_a_copy_inside_the_results_counts_nowhere_and_is_named(two, capsys, source, copied):
    knn = two / "jobs/knn"
    variant = next((knn / "bolt").iterdir()).name.rpartition("-")[2]
    place = knn / copied.replace("VARIANT", variant)
    before = frames.load(two)
    shutil.copytree(knn / source.replace("VARIANT", variant), place)
    after = frames.load(two)
    assert after.jobs.equals(before.jobs) and after.images.equals(before.images)
    told = f"left out: {place.resolve()}{'' if '/seed' in copied or ' of it' in copied else '/'}"
    assert told in (said := capsys.readouterr().err.replace("\n", "")) and "a renamed folder, of the job knn" in said


def test_a_renamed_job_is_not_found_under_its_new_name(two, capsys):
    (two / "jobs/knn/bolt").rename(two / "jobs/knn/screw")
    with pytest.raises(UsageError, match="0 of the finished jobs of knn on screw fit"):
        trained.find(two, method="knn", category="screw")
    assert f"which belongs in {two / 'jobs/knn/bolt'}" in capsys.readouterr().err.replace("\n", "")
