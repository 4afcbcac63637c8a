"""The notebook of the documentation: it still runs, and what is stored of it is small and names no machine."""

import shutil
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
NOTEBOOK = Path(__file__).resolve().parent.parent / "docs/python.ipynb"
MOST_BYTES = 100_000


def test_the_notebook_is_executed_and_small_and_names_no_folder_of_a_machine():
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert sum(output.output_type == "execute_result" for output in outputs) >= 5
    assert not [output for output in outputs if "error" in output.output_type or output.get("name") == "stderr"]
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert len(text) < MOST_BYTES and "/home/" not in text and str(NOTEBOOK.parent.parent) not in text


@pytest.mark.slow
def test_the_notebook_still_runs(checkout, monkeypatch):
    from docs import notebook

    shutil.copytree(NOTEBOOK.parent, checkout.folder / "docs")
    monkeypatch.setenv("PYTHONPATH", str(checkout.folder))
    monkeypatch.delenv("BENCHMARKS_DATA", raising=False)
    cells = notebook.executed(checkout.folder / "docs").cells
    assert not [output for cell in cells for output in cell.get("outputs", ()) if output.output_type == "error"]
