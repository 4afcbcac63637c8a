"""The command `check`: what can be known of the data before training."""

from collections import Counter

from rich.progress import Progress
from rich.text import Text

from benchmarks import data, findings
from benchmarks.console import err, out, say
from benchmarks.source import Source

COLOURS = {"error": "red", "warning": "yellow", "note": "default"}


def run(source: Source, categories: list[str] | None) -> int:
    """Print what is found in the data. Return 1 if there are errors, else 0, even if there are warnings."""
    levels = Counter()
    data.obtain(source.dataset, source.root)
    with Progress(console=err, transient=True) as bars:
        task = bars.add_task("reading images", total=None)

        def advance(done: int, of: int) -> None:
            bars.update(task, completed=done, total=of)

        for finding in findings.find(source, categories, advance=advance):
            levels[finding.level] += 1
            level = (finding.level, COLOURS[finding.level])
            out.print(Text.assemble(level, f" {finding.category}: {finding.message}"), soft_wrap=True)
    say(f"{levels['error']} errors, {levels['warning']} warnings, {levels['note']} notes in {source.root}", on=out)
    return 1 if levels["error"] else 0
