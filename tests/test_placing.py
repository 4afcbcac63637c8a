"""Shapes of defects, put on objects."""

import numpy as np
import pytest

from datasets import DataError, defect_kinds
from datasets.making import defect_shapes
from datasets.making.defect_shapes import Shape, generated
from datasets.making.placing import Limits, Turn, moved, place, turned

SQUARE = Shape("square", np.pad(np.ones((12, 12), bool), 4))
LIMITS = Limits(0.01, 0.05)
TARGET = np.zeros((100, 120), bool)
TARGET[20:80, 30:100] = True


def placed(seed=0, draw=lambda generator: SQUARE, target=TARGET, limits=LIMITS):
    return place(draw, target, limits, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(8))
def test_a_defect_lies_on_its_object_and_has_an_area_within_the_limits(seed):
    found = placed(seed, generated)
    assert not (found.mask & ~TARGET).any()
    assert LIMITS.least <= found.mask.mean() <= LIMITS.most


def test_the_same_seed_gives_the_same_defect_and_another_seed_another_one():
    assert (placed(3).mask == placed(3).mask).all()
    assert (placed(3).mask != placed(4).mask).any()


def test_an_object_that_is_too_small_has_no_defect():
    assert placed(target=np.pad(np.ones((5, 5), bool), 50)) is None


def test_an_object_on_which_no_draw_has_the_right_area_has_no_defect():
    stripes = np.zeros((100, 120), bool)
    stripes[:, ::10] = True  # a tenth of any shape is left
    assert placed(target=stripes, limits=Limits(0.05, 0.06)) is None


def test_a_defect_can_lie_on_the_edge_of_the_frame():
    edge = np.zeros((100, 120), bool)
    edge[:12] = True
    assert placed(target=edge).mask[0].any()


def test_every_kind_of_transformation_happens():
    turns = [placed(seed).turn for seed in range(30)]
    assert {turn.flipped for turn in turns} == {True, False}
    assert max(turn.degrees for turn in turns) > 270 and min(turn.degrees for turn in turns) < 90
    assert min(turn.shear_degrees for turn in turns) < 0 < max(turn.shear_degrees for turn in turns)
    assert len({round(turn.scale, 2) for turn in turns}) > 5


def test_a_quarter_turn_is_one_to_the_pixel():
    shape = np.zeros((5, 9), bool)
    shape[:, :4] = shape[0] = True
    found = turned(shape, Turn(90, 0, flipped=False, scale=1))
    rows, columns = np.nonzero(found)
    piece = found[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert any((piece == np.rot90(shape, k)).all() for k in (1, 3) if piece.shape == np.rot90(shape, k).shape)


def test_a_flip_mirrors_and_a_scale_enlarges():
    shape = np.array([[1, 0, 0], [1, 1, 1]], bool)
    found = turned(shape, Turn(0, 0, flipped=True, scale=1))
    assert (found[found.any(axis=1)][:, found.any(axis=0)] == shape[:, ::-1]).all()
    assert turned(SQUARE.mask, Turn(0, 0, flipped=False, scale=3)).sum() == pytest.approx(
        9 * SQUARE.mask.sum(), rel=0.1
    )


def test_what_lies_outside_the_frame_is_cut_off():
    assert moved(np.ones((5, 5), bool), (10, 10), (0, 9)).sum() == 9
    assert not moved(np.ones((3, 3), bool), (10, 10), (30, 30)).any()


def test_the_generator_draws_every_kind_of_defect():
    generator = np.random.default_rng(0)
    drawn = [generated(generator) for _ in range(30)]
    assert {shape.name for shape in drawn} == set(defect_kinds()) and all(shape.mask.any() for shape in drawn)


def test_shapes_come_from_every_mask_in_a_folder_and_never_from_an_empty_one(make_tree):
    root = make_tree({"a/0.png": "1", "a/b/1.png": "1", "2.png": "0", ".hidden/3.png": "1", "note.txt": "1"})
    draw = defect_shapes.of_folder(root, lambda path: np.full((4, 4), path.read_text() == "1"))
    generator = np.random.default_rng(0)
    assert {draw(generator).name for _ in range(20)} == {"a/0.png", "a/b/1.png"}


def test_a_folder_without_a_shape_is_one_sentence(make_tree):
    root = make_tree({"x/0.png": "0", "y/note.txt": ""})
    with pytest.raises(DataError, match="holds no mask: give a folder"):
        defect_shapes.of_folder(root / "y", np.ones)
    with pytest.raises(DataError, match="all are empty"):
        defect_shapes.of_folder(root / "x", lambda path: np.zeros((4, 4), bool))(np.random.default_rng(0))
