"""Sentences for users of Python name parameters and calls."""

import ast
import doctest
import re
from pathlib import Path

import pytest

from benchmarks import wording
from benchmarks.errors import UsageError
from benchmarks.wording import SpeakingPython, in_python, speaking_python

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("x: no model was kept; train it again with: run --calibration", "benchmarks.run(calibration=...)"),
        ("--results a b: no results there; make some with: python -m benchmarks run", "results=a b: no results there"),
        ("unknown category 'x' of knn in --results a/b: there are: y", "in results a/b"),
        ("--set knn.bank_size: expected a number, got 'x'", "settings=knn.bank_size: expected"),
        ("choose a page with --page N or --page all", "choose a page with page=N or page=all"),
        ("name their folder with --data, or do the same run again", "with data, or do the same run again"),
        ("do the same run again with --force", "again with force=True"),
        ("8 bits, to which --range is not applied", "to which range is not applied"),
        ("it took longer (--job-timeout)", "(job_timeout)"),
    ],
)
def test_options_become_parameters(sentence, expected):
    assert expected in in_python(sentence) and "--" not in in_python(sentence)


def test_no_error_of_the_program_keeps_an_option():
    texts = {
        node.value
        for package in ("benchmarks", "datasets")
        for file in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(r" --[a-z]|^--[a-z]+ ", node.value)
    }
    assert len(texts) > 30
    assert not [text for text in texts if re.search(r"(^|\s)--[a-z]", in_python(text))]


def test_the_examples_hold():
    assert doctest.testmod(wording).failed == 0


def test_the_kind_of_an_error_stays_and_other_errors_are_left_alone():
    with pytest.raises(UsageError, match=r"^shots=1: expected"), speaking_python():
        raise UsageError("--shots 1: expected at least 2 images")
    with pytest.raises(KeyError, match="--shots"), speaking_python():
        raise KeyError("--shots")


def test_an_iterator_goes_on_after_an_error():
    def answer(number: int) -> int:
        if number == 1:
            raise UsageError("change --page")
        return number

    answers = SpeakingPython(map(answer, range(3)))
    assert next(answers) == 0
    with pytest.raises(UsageError, match=r"^change page$"):
        next(answers)
    assert list(answers) == [2]
