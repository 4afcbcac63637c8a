"""A request out of what a user gives, on the command line or in Python: checked, with presets filled in."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import plugins
from benchmarks.data_settings import DataSettings
from benchmarks.errors import UsageError
from benchmarks.jobs import plan
from benchmarks.jobs.plan import Request
from benchmarks.source import Source
from reports.files import real


def made(
    names: Sequence[str],
    dataset: str,
    *,
    settings: Mapping[str, Mapping[str, Any]],
    preset: str | None,
    data: Path | None,
    results: Path | None,
    data_settings: DataSettings,
    **others: Any,
) -> Request:
    """The request for methods with these settings. `others` are fields of Request, as they are.

    Raises UsageError for names, settings or a preset that there are not, and for what excludes each other.
    """
    if preset:
        plugins.require_preset(preset, names)
    filled = plugins.with_preset(settings, preset or plugins.dataset(dataset).preset)
    choices = [plugins.choose(name, filled[name]) for name in names]
    if others["calibration"] == "loo":
        plugins.require_leaving_one_out(choices)
        if reason := data_settings.why_no_leave_one_out:
            raise UsageError(f"--calibration loo excludes {reason}; hold images out with --calibration 0.1")
    root = real(data or plan.default_data(dataset))
    source = Source.named(dataset, root, data_settings)
    return Request(
        choices=choices,
        dataset=dataset,
        root=root,
        results=real(results or Path("results") / dataset),
        data_settings=source.settings,
        **others,
    )
