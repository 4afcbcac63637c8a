"""Where numba keeps compiled code for the next process, on machines where none of its own places can be written.

In a container the checkout and the home may be read-only: numba then refuses to compile at all.
"""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

import platformdirs

NUMBA = "NUMBA_CACHE_DIR"
BESIDE_THE_CODE = Path(__file__).resolve().parent / "evaluation" / "__pycache__"
made: list[Path] = []
"""The folder that this process made, if it did."""


def provide() -> None:
    """Give numba a folder of its own, for this process and those that it starts, where it has no other.

    The folder is this process's alone, since what lies in it is executed; `remove` deletes it.
    """
    places = [os.environ.get(NUMBA), BESIDE_THE_CODE, platformdirs.user_cache_dir("numba", appauthor=False)]
    if any(_can_be_written(Path(place)) for place in places if place):
        return
    folder = Path(tempfile.mkdtemp(prefix="numba-"))
    made.append(folder)
    atexit.register(remove, os.getpid())
    os.environ[NUMBA] = str(folder)
    if numba := sys.modules.get("numba"):
        numba.config.reload_config()


def remove(process: int | None = None) -> None:
    """Delete the folder that this process made; with the id of another process do nothing."""
    if process in (None, os.getpid()):
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)


def _can_be_written(folder: Path) -> bool:
    """Whether a folder can be written or, if it is not there, made."""
    there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
