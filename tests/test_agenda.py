"""The stored plan of a results folder: what was never done, and the command that goes on with it."""

import shlex

from benchmarks import marks
from benchmarks.jobs import agenda, layout
from benchmarks.jobs.plan import Job
from tests.stored import made_cell


def job(results, category, key="a1"):
    cell = made_cell(category=category)
    folder = layout.of_cell(results, cell)
    fields = {"code": "c", "root": results, "device": "cpu", "track_epochs": False, "keep_model": False}
    return Job(cell=cell, key=key, folder=folder, **fields)


def name(results, job):
    return job.folder.relative_to(results).as_posix()


def counted(results, ended):
    return [(left.command, len(left.jobs)) for left in agenda.unfinished(results, ended)]


def test_planned_jobs_without_result_or_failure_are_counted_with_their_command(tmp_path):
    jobs = [job(tmp_path, category) for category in ("bolt", "nut", "pin")]
    agenda.add(tmp_path, jobs, "python -m benchmarks run")
    assert counted(tmp_path, {}) == [("python -m benchmarks run", 3)]
    assert counted(tmp_path, {name(tmp_path, jobs[0]): "a1"}) == [("python -m benchmarks run", 2)]
    assert counted(tmp_path, {name(tmp_path, each): "a1" for each in jobs}) == []


def test_a_result_of_older_data_or_code_is_not_what_was_planned(tmp_path):
    one = job(tmp_path, "bolt", key="new")
    agenda.add(tmp_path, [one], "again")
    assert counted(tmp_path, {name(tmp_path, one): "old"}) == [("again", 1)]


def test_a_later_run_takes_over_the_jobs_that_it_plans_too(tmp_path):
    bolt, nut = (job(tmp_path, category) for category in ("bolt", "nut"))
    agenda.add(tmp_path, [bolt, nut], "first")
    agenda.add(tmp_path, [nut], "second")
    assert counted(tmp_path, {}) == [("first", 1), ("second", 1)]
    agenda.add(tmp_path, [bolt, nut], "first")
    assert counted(tmp_path, {}) == [("first", 2)]


def test_the_command_goes_on_and_does_nothing_again():
    arguments = ["run", "--methods", "knn", "--force", "--categories", "a b"]
    assert shlex.split(agenda.command(arguments)) == [
        "python",
        "-m",
        "benchmarks",
        "run",
        *arguments[1:3],
        *arguments[4:],
    ]


def test_of_another_program_no_command_is_known():
    assert agenda.command(["-f", "kernel.json"]) == agenda.command([]) == ""


def test_a_damaged_plan_is_named_and_counts_nothing(tmp_path, capsys):
    (tmp_path / marks.PLAN).write_text('{"runs": [')
    assert counted(tmp_path, {}) == [] and "plan.json is damaged" in capsys.readouterr().err
    agenda.add(tmp_path, [job(tmp_path, "bolt")], "again")
    assert counted(tmp_path, {}) == [("again", 1)]


def test_a_plan_that_cannot_be_read_costs_no_report(tmp_path, capsys):
    (tmp_path / marks.PLAN).mkdir()
    assert counted(tmp_path, {}) == [] and "plan.json cannot be read (Is a directory)" in capsys.readouterr().err


def test_a_folder_of_before_there_were_plans_has_none_left(tmp_path):
    assert counted(tmp_path, {}) == []
