"""Execute the notebook of the documentation, docs/python.ipynb, in place: `python -m docs.notebook`."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parent / "python.ipynb"
LIMIT_SECONDS = 900
"""Of one cell: two methods are trained in the second."""


def executed(folder: Path, file: Path = NOTEBOOK) -> nbformat.NotebookNode:
    """The notebook with its outputs, executed in a folder. Raises CellExecutionError where a cell fails."""
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(notebook, timeout=LIMIT_SECONDS, resources={"metadata": {"path": str(folder)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times, which change with every execution
    return notebook


if __name__ == "__main__":
    nbformat.write(executed(NOTEBOOK.parent), NOTEBOOK)
