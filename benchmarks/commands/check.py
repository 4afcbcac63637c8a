"""The command `check`: what can be known of the data before training."""

import os
import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.progress import Progress
from rich.text import Text

from benchmarks import data
from benchmarks.checking import findings
from benchmarks.console import err, out, say
from benchmarks.errors import UsageError
from benchmarks.source import Source
from datasets import is_image_name, manifest_text
from reports.files import write_text
from reports.printable import printable

COLOURS = {"error": "red", "warning": "yellow", "note": "default"}


def run(source: Source, categories: list[str] | None, manifest: Path | None = None) -> int:
    """Print what is found in the data. Return 1 if there are errors, else 0, even if there are warnings.

    Then write a manifest of all images, if a file is named. Raises UsageError where it is there already, DataError
    where an image cannot be listed or cannot stand in a manifest.
    """
    if manifest:
        _require_free(manifest)
    levels = Counter()
    data.obtain(source.dataset, source.root)
    with Progress(console=err, transient=True) as bars:
        task = bars.add_task("reading images", total=None)

        def advance(done: int, of: int) -> None:
            bars.update(task, completed=done, total=of)

        for finding in findings.find(source, categories, advance=advance):
            levels[finding.level] += 1
            level = (finding.level, COLOURS[finding.level])
            out.print(Text.assemble(level, printable(f" {finding.category}: {finding.message}")), soft_wrap=True)
    say(f"{levels['error']} errors, {levels['warning']} warnings, {levels['note']} notes in {source.root}", on=out)
    if manifest:
        _write(source, categories or (), manifest)
    return 1 if levels["error"] else 0


def _require_free(manifest: Path) -> None:
    """Raise UsageError, before hours of reading, where a manifest would replace a file or be taken for an image."""
    if manifest.exists():
        raise UsageError(f"--write-manifest {manifest}: there is such a file; name another, or remove it")
    if is_image_name(manifest.name):
        raise UsageError(
            f"--write-manifest {manifest}: expected the name of a table, such as parts.csv, not an image's"
        )
    above = next(folder for folder in manifest.parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise UsageError(f"--write-manifest {manifest}: {above} is no folder that can be written into; name another")


def _write(source: Source, categories: Sequence[str], manifest: Path) -> None:
    samples = [each for name in source.chosen(categories) for each in source.samples(name)]
    write_text(manifest, manifest_text(samples, manifest))
    above = source.reading.mask_above
    option = "" if above is None else f" --mask-above {above}"
    say(f"{len(samples)} images in {manifest}: read it with {_reading(manifest)}{option}", on=out)


def _reading(manifest: Path) -> str:
    """The options that read a manifest, to be pasted into a shell."""
    return shlex.join(["--dataset", "manifest", "--data", str(manifest)])
