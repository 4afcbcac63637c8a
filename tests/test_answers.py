"""What a method answers is held to its contract, whoever asks: a job, finetune, predict or submit."""

import numpy as np
import pytest

from benchmarks import answers, judging
from benchmarks.answers import One
from benchmarks.images import AS_STORED, Reading
from benchmarks.judging import Judge
from methods import MethodError, Score
from tests.checkout.toy import Toy

IMAGES = [np.zeros((4, 6, 3), np.uint8)] * 2
MAP = np.zeros((2, 3), np.float32)
GOOD = Score(0.5, MAP)


class Answering(Toy):
    """Answers what it is told to."""

    def score(self, images):
        return iter(self.told)

    def leave_one_out(self, images):
        return iter(self.told)

    def image_scores(self, images):
        return (each.image for each in self.told)

    def anomaly_maps(self, images):
        return (each.map for each in self.told)


def answering(*told) -> Judge:
    method = Answering()
    method.told = told
    return judging.judge(method, AS_STORED)


WRONG = {
    "none": ([], "gave 0 answers; expected one for each of 2 images"),
    "one too few": ([GOOD], "gave 1 answers; expected one for each of 2 images"),
    "one too many": ([GOOD] * 3, "gave more than 2 answers; expected one for each of 2 images"),
    "no Score": ([0.5, 0.5], "gave a float for image 1 of 2; expected a Score"),
    "a text": ([GOOD, Score("0.5", MAP)], "as the score of image 2 of 2 a str; expected a number"),
    "an array": ([GOOD, Score(np.zeros(1), MAP)], "as the score of image 2 of 2 a ndarray; expected a number"),
    "not a number": ([GOOD, Score(float("nan"), MAP)], "a score that is not finite for image 2 of 2"),
    "no array": ([GOOD, Score(1.0, [[0.0]])], "as the map of image 2 of 2 a list; expected a"),
    "no pixel": ([GOOD, Score(1.0, MAP[:0])], r"an array \(0, 3\) float32; expected a \(height, width\) float32"),
    "nothing": ([GOOD, Score(1.0, np.zeros((0, 0), np.float32))], r"an array \(0, 0\) float32"),
    "a colour map": ([GOOD, Score(1.0, np.zeros((2, 3, 3), np.float32))], r"an array \(2, 3, 3\) float32"),
    "double": ([GOOD, Score(1.0, np.zeros((2, 3)))], r"an array \(2, 3\) float64"),
    "an infinite map": ([GOOD, Score(1.0, MAP + np.inf)], "a map that is not finite for image 2 of 2"),
}


@pytest.mark.parametrize(("told", "sentence"), WRONG.values(), ids=WRONG)
def test_what_breaks_the_contract_is_refused_in_a_sentence(told, sentence):
    for ask in (Judge.score, Judge.leave_one_out):
        with pytest.raises(MethodError, match=f"Answering gave .*{sentence}|Answering {sentence}"):
            list(ask(answering(*told), IMAGES))


def test_an_answer_that_is_no_sequence_is_refused(monkeypatch):
    monkeypatch.setattr(Answering, "score", lambda self, images: None)
    with pytest.raises(MethodError, match="Answering gave a NoneType; expected one for each of 2 images"):
        list(answering().score(IMAGES))


def test_maps_and_scores_asked_for_alone_are_checked_too():
    for ask in (Judge.image_scores, Judge.anomaly_maps):
        with pytest.raises(MethodError, match="gave more than 2 answers"):
            list(ask(answering(*[GOOD] * 3), IMAGES))
    with pytest.raises(MethodError, match=r"\(0, 3\)"):
        list(answering(Score(1.0, MAP[:0])).anomaly_maps(IMAGES[:1]))
    with pytest.raises(MethodError, match="score that is not finite"):
        list(answering(Score(float("inf"), None)).image_scores(IMAGES[:1]))


def test_each_answer_comes_as_soon_as_it_is_there_and_plain_numbers_of_numpy_are_numbers():
    given = answering(Score(np.float32(0.25), None), GOOD).score(IMAGES)
    assert next(given) == Score(0.25, None) and next(given) == GOOD and not list(given)


def test_an_image_is_named_by_its_file_also_where_a_method_sees_its_pages():
    bad = Score(float("nan"), None)
    with pytest.raises(MethodError, match=r"for part\.png"):
        list(answering(bad).score(One(IMAGES[0], "part.png")))
    method = Answering()
    method.told = [bad] * 2
    with pytest.raises(MethodError, match=r"for part\.tif"):
        list(judging.judge(method, Reading(page="all")).score(One(np.stack(IMAGES), "part.tif")))


@pytest.mark.parametrize("number", [-1, 0.5, None, True, "many"])
def test_what_a_method_tells_of_its_size_is_a_number_of_things(number):
    with pytest.raises(
        MethodError, match=f"Answering gave as its bytes {number!r}; expected a whole number of 0 or more"
    ):
        answers.count(number, "its bytes", Answering())
    assert answers.count(np.int64(3), "its bytes", Answering()) == 3
