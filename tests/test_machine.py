import subprocess
import sys
from importlib import metadata

import numpy as np

import methods
from benchmarks import fingerprint, plugins
from benchmarks.jobs import machine, plan

CHANGING_NO_SCORE = {"pydantic", "pydantic_core", "platformdirs", "safetensors", "pypi-simple", "requests", "urllib3"}
"""Libraries that methods import only to check settings, find folders, store numbers unchanged, or fetch files whose
contents are checked."""


def imported(modules: list[str]) -> set[str]:
    """The distributions imported by modules, and by what these import from their own package."""
    found = metadata.packages_distributions()
    files = set().union(*(fingerprint._files(module) for module in modules))
    tops = {name.split(".")[0] for file in files for name in fingerprint._parsed(fingerprint._text(file)).imports}
    return {distribution for top in tops - sys.stdlib_module_names for distribution in found.get(top, [])}


def test_every_library_that_images_and_methods_go_through_is_one_a_result_depends_on():
    used = imported(
        [f"methods.{name}" for name in plugins.names(methods)] + [*plan.PREPARING, "benchmarks.evaluation.metrics"]
    )
    assert {"numpy", "pillow", "scikit-image", "scipy", "FrEIA"} <= used - CHANGING_NO_SCORE
    assert used - CHANGING_NO_SCORE <= set(machine.LIBRARIES)


def test_versions_are_those_of_the_libraries_under_their_own_names():
    versions = machine.versions()
    assert list(versions) == list(machine.LIBRARIES)
    assert versions["numpy"] == np.__version__
    assert all(metadata.metadata(name)["Name"] == name for name in machine.LIBRARIES)


def test_a_library_that_is_not_installed_has_no_version(monkeypatch):
    monkeypatch.setattr(machine, "LIBRARIES", ("numpy", "a-library-of-nobody"))
    assert list(machine.versions()) == ["numpy"]


def test_peak_memory_is_a_process_own_and_stays_when_memory_is_freed():
    held = b"x" * 300_000_000
    code = "from benchmarks.jobs import machine; b'x' * 100_000_000; print(machine.peak_memory_mb())"
    started = subprocess.run([sys.executable, "-c", code], cwd=fingerprint.ROOT, capture_output=True, check=True)
    assert 100 < float(started.stdout) < len(held) / 1e6 < machine.peak_memory_mb()


def test_the_description_names_the_python_in_use():
    assert machine.description().endswith(f"Python {'.'.join(map(str, sys.version_info[:3]))}")
