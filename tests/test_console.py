"""Names of folders and categories are printed as they are, even if they look like markup."""

import io
import re

import pytest
from rich.console import Console

from benchmarks.console import err, out, say
from benchmarks.jobs.progress import LiveLines, Outcome, Progress, display
from benchmarks.jobs.time_left import TimeLeft
from reports.forms import FORMS
from tests.checkout.program import ALL_FORMS
from tests.test_forecast import job

ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
NAMES = ["part [v2]", "a[/x]", "[bold]red", ":smile:", r"back\[slash]"]


@pytest.fixture
def terminal() -> Console:
    """An ordinary console: it interprets markup, and it is narrower than many paths."""
    return Console(file=io.StringIO(), force_terminal=True, width=100)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_printed_as_it_is(terminal, capsys, name):
    say(name, on=terminal)
    say(name, on=out)
    say(name)
    assert terminal.file.getvalue() == f"{name}\n"
    assert capsys.readouterr() == (f"{name}\n", f"{name}\n")


@pytest.mark.parametrize("console", [out, err])
@pytest.mark.parametrize("name", NAMES)
def test_our_consoles_interpret_no_markup(capsys, console, name):
    console.print(name)
    assert f"{name}\n" in capsys.readouterr()


def test_a_line_longer_than_the_terminal_is_not_broken(terminal):
    say("word " * 50, on=terminal)
    assert terminal.file.getvalue() == "word " * 50 + "\n"


def shown(lines: LiveLines) -> str:
    with lines.console.capture() as seen:
        lines.console.print(lines.bars.get_renderable())
    return seen.get()


def named(*names: str) -> TimeLeft:
    return TimeLeft([job("toy", name) for name in names])


@pytest.mark.parametrize("name", NAMES)
def test_the_live_line_of_a_job_shows_names_as_they_are(terminal, name):
    lines = LiveLines(terminal, named(name))
    lines.begin(f"toy {name} seed 0", "[1]")
    lines.update(f"toy {name} seed 0", Progress("stage [v3]", 1, 2))
    assert f"toy {name} seed 0 ([1])" in shown(lines) and "stage [v3]" in shown(lines)


@pytest.mark.parametrize("colour", ["truecolor", None])
def test_the_live_lines_fit_80_columns(colour):
    terminal = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=colour)
    lines = LiveLines(terminal, named("a_category_of_a_long_name"))
    lines.begin("toy a_category_of_a_long_name seed 0", "GPU 0: a graphics card of a long name")
    lines.update("toy a_category_of_a_long_name seed 0", Progress("training views through a network", 3, 4800))
    of_all, of_job = ANSI.sub("", shown(lines)).splitlines()
    assert len(of_all) <= 80 and of_all.startswith("all jobs") and of_all.rstrip().endswith("time left not known yet")
    assert len(of_job) <= 80 and of_job.startswith("toy a_cat") and "3/4800" in of_job


def test_a_failed_job_is_told_in_one_line_so_that_paths_can_be_copied(terminal):
    reason = f"toy part [v2] seed 0: failed: {'a long reason ' * 10}"
    with display(terminal, named("part [v2]")) as lines:
        lines.begin("toy part [v2] seed 0")
        lines.end("toy part [v2] seed 0", Outcome(reason, failed=True))
    assert f"{reason}\n" in ANSI.sub("", terminal.file.getvalue())


def test_a_job_that_is_done_is_told_within_the_width_of_the_terminal(terminal):
    with display(terminal, named("nut")) as lines:
        lines.begin("toy nut seed 0")
        lines.end("toy nut seed 0", Outcome(f"toy nut seed 0: done, {'a number, ' * 15}on cpu", failed=False))
    told = [line for line in ANSI.sub("", terminal.file.getvalue()).splitlines() if "a number" in line]
    assert len(told) == 2 and max(map(len, told)) <= 100 and told[1].endswith("on cpu")


def test_in_a_pipe_there_are_plain_lines_only():
    pipe = Console(file=io.StringIO(), width=80)
    with display(pipe, named("nut", "bolt")) as lines:
        lines.begin("toy nut seed 0")
        lines.update("toy nut seed 0", Progress("epoch", 4, 4, loss=0.5))
        lines.end("toy nut seed 0", Outcome(f"toy nut seed 0: done, {'a number, ' * 15}on cpu", failed=False))
    begun, told, ended = pipe.file.getvalue().splitlines()
    assert (begun, told) == ("toy nut seed 0: starting", "toy nut seed 0: epoch, loss 0.5 4/4")
    assert ended.startswith("[1/2, about 0 s left] toy nut seed 0: done") and ended.endswith("on cpu")


@pytest.fixture
def odd(checkout):
    """A checkout where the names of folders and of one category look like markup."""
    (checkout.folder / "a[").mkdir()
    checkout.data = checkout.data.rename(checkout.folder / "a[/x]")
    checkout.results = checkout.folder / "r[/x]"
    (checkout.data / "nut").rename(checkout.data / "part [v2]")
    return checkout


def test_a_run_prints_odd_names_as_they_are(odd):
    (odd.data / "bolt/train").rename(odd.data / "bolt/trained")
    done = odd.compare(*ALL_FORMS)
    assert "toy bolt: failed: " in done.stderr and f"{odd.data}/bolt/train/good" in done.stderr
    assert f"about 2.6 MB of disk in {odd.results}\n" in done.stderr
    assert "toy part [v2] seed 0: done" in done.stderr
    assert done.stdout.splitlines() == [f"{odd.results}/{form.file}" for form in FORMS.values()]


def test_a_run_on_a_terminal_prints_odd_names_as_they_are(odd, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    done = odd.compare("--categories", "part [v2]", *ALL_FORMS)
    assert done.returncode == 0 and "reading the data: part [v2]" in done.stderr
    shown = [line.strip() for line in ANSI.sub("", done.stdout).splitlines()]
    assert shown[0].startswith("folder · 1 method · 1 category · seed 0 · 1 of 1 job in ")
    assert shown[3].startswith("part [v2]") and shown[-1] == f"{odd.results}/{list(FORMS.values())[-1].file}"


def test_a_check_prints_odd_names_as_they_are(odd):
    done = odd.run("--dataset", "folder", "--data", str(odd.data), command="check")
    assert done.returncode == 0 and "note part [v2]: train 6" in done.stdout
    assert done.stdout.endswith(f"0 errors, 2 warnings, 2 notes in {odd.data}\n")


def test_finetune_and_predict_print_odd_names_as_they_are(odd):
    odd.compare("--categories", "part [v2]", "--calibration", "0.4")
    chosen = ["--results", str(odd.results), "--method", "toy", "--category", "part [v2]"]
    tuned = odd.run(*chosen, "--no-figures", "--area", "4", "--apply", command="finetune")
    assert tuned.stdout.startswith("toy part [v2] seed 0\n") and f"in {odd.results}/jobs/toy/" in tuned.stdout
    image = odd.data / "part [v2]/test/stain/0.png"
    told = odd.run(*chosen, str(image), "gone[/x].png", command="predict")
    assert told.stdout.startswith(str(image)) and "gone[/x].png cannot be read" in told.stderr
