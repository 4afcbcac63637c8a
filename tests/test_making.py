"""What makings share: the table that grows, the folders of pictures, the contact sheet."""

import json
from pathlib import Path

import numpy as np
import pytest

from datasets import DataError
from datasets.making import contact_sheet, pictures
from datasets.making.contact_sheet import Strip
from datasets.making.journal import Journal, read


def test_a_table_goes_on_after_a_line_that_was_half_written(tmp_path):
    Journal(tmp_path / "t.csv", ["a", "b"]).add({"a": "1, or one", "b": 2})
    with open(tmp_path / "t.csv", "a") as file:
        file.write("3,")
    journal = Journal(tmp_path / "t.csv", ["a", "b"])
    assert journal.rows == [{"a": "1, or one", "b": "2"}]
    journal.add({"a": 4})
    assert read(tmp_path / "t.csv", needed=["b"]) == [{"a": "1, or one", "b": "2"}, {"a": "4", "b": ""}]


def test_a_table_that_lacks_a_column_or_is_not_there_is_one_sentence(tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match="has no column image: expected image, mask"):
        read(tmp_path / "t.csv", needed=["image", "mask"])
    with pytest.raises(DataError, match="cannot be read as a table: No such file"):
        read(tmp_path / "none.csv", needed=[])


def test_pictures_lie_in_normal_or_in_the_folder_of_their_category(make_tree):
    root = make_tree({"a/normal/0.png": "image", "a/other.png": "image", "b/1.jpg": "image", "c/note.txt": ""})
    assert {name: [file.name for file in files] for name, files in pictures.by_category(root).items()} == {
        "a": ["0.png"],
        "b": ["1.jpg"],
    }


def test_folders_without_a_picture_are_one_sentence(make_tree, tmp_path):
    for root in (make_tree({"a/note.txt": ""}), tmp_path / "none"):
        with pytest.raises(DataError, match="holds no image in CATEGORY/normal or in CATEGORY"):
            pictures.by_category(root)


def test_two_pictures_of_one_name_are_refused():
    with pytest.raises(DataError, match=r"b.jpg and b.png differ in their extension only"):
        pictures.require_names_of_their_own([Path("a.png"), Path("b.png"), Path("b.jpg")])


def test_links_follow_their_pictures_to_new_names(make_tree):
    root = make_tree({"a/img_url.json": json.dumps([{"img_path": "./a/x.png", "url": "https://example.org/x"}])})
    text = pictures.links_text(
        "a", [("normal/000.png", Path("x.png")), ("1.png", Path("y.png"))], pictures.links(root / "a")
    )
    assert json.loads(text) == [{"img_path": "./a/normal/000.png", "url": "https://example.org/x"}]
    (root / "a/img_url.json").write_text("{}[")
    with pytest.raises(DataError, match="is no list of"):
        pictures.links(root / "a")


def test_a_contact_sheet_shows_each_picture_beside_its_mask():
    red = np.full((40, 80, 3), (255, 0, 0), np.uint8)
    mask = np.zeros((40, 80), bool)
    sheet = contact_sheet.draw([Strip([red, mask], "käse")] * 7)
    assert (sheet == (255, 0, 0)).all(axis=2).sum() == 7 * 40 * 80
    assert (sheet == 0).all(axis=2).sum() >= 7 * 40 * 80
    assert contact_sheet.draw([]).ndim == 3


def test_a_small_picture_is_enlarged_and_stands_on_its_caption():
    red = np.full((20, 40, 3), (255, 0, 0), np.uint8)
    rows, columns = np.nonzero((contact_sheet.draw([Strip([red], "")]) == (255, 0, 0)).all(axis=2))
    assert (rows.size, np.ptp(rows) + 1, np.ptp(columns) + 1) == (60 * 120, 60, 120)
    assert rows.max() + 1 == contact_sheet.GAP_PX + contact_sheet.CELL_PX
