"""Manifest: what each column says, and that every fault is named with its line."""

import pytest

from benchmarks.checking import unread
from benchmarks.source import Source
from datasets import DataError
from datasets.manifest import Manifest

FILES = {f"img/{name}.png": "image" for name in "abcdef"} | {f"img/{name}_gt.png": "mask" for name in "ef"}
TABLE = """image,split,label,mask,group,category
img/a.png,train,normal,,,nut
img/b.png,train,good,,,nut
img/c.png,Train,OK,,,nut
img/d.png,test,0,,,nut
img/e.png,test,bent;cut,img/e_gt.png;img/f_gt.png,film,nut
"""


@pytest.fixture
def write(make_tree):
    """A function that writes a manifest beside its images and returns its path."""

    def written(text, name="parts.csv"):
        root = make_tree(FILES)
        (root / name).write_text(text, encoding="utf-8", newline="")
        return root / name

    return written


def samples(file, category="nut", **settings):
    return list(Manifest(**settings).samples(file, category))


def refused(file, category="nut", **settings):
    with pytest.raises(DataError) as error:
        samples(file, category, **settings)
    return str(error.value)


def test_each_column_says_its_part(write):
    file = write(TABLE)
    found = samples(file)
    assert [(each.split, each.defect) for each in found[:4]] == [("train", None)] * 3 + [("test", None)]
    last = found[-1]
    assert (last.defect_types, last.group, [mask.name for mask in last.masks]) == (
        ("bent", "cut"),
        "film",
        ["e_gt.png", "f_gt.png"],
    )


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_table_as_a_spreadsheet_writes_it_is_read(write, delimiter):
    text = TABLE.replace("bent;cut,img/e_gt.png;img/f_gt.png", "bent,img/e_gt.png").replace(",", delimiter)
    file = write("\ufeff" + text.replace("\n", "\r\n"))
    assert [sample.defect for sample in samples(file)] == [None] * 4 + ["bent"]


def test_with_a_semicolon_between_columns_several_labels_stand_in_quotes(write):
    text = "image;split;label\nimg/a.png;train;normal\nimg/e.png;test;{}\n"
    assert samples(write(text.format('"bent;cut"')), "parts")[1].kinds == ("bent", "cut")
    assert "line 3: 4 fields for 3 columns" in refused(write(text.format("bent;cut")), "parts")


def test_image_and_label_are_enough_and_the_split_is_drawn_and_said(write):
    file = write("label,image\n" + "".join(f"normal,img/{name}.png\n" for name in "abcd") + "bent,img/e.png\n")
    assert Manifest().categories(file) == ["parts"]
    splits = [(sample.split, sample.defect) for sample in samples(file, "parts")]
    assert splits == [("train", None)] * 3 + [("test", None), ("test", "bent")]
    assert "no split is given: 3 of 4 normal images" in " ".join(Manifest().notes(file, "parts"))


def test_a_drawn_split_leaves_groups_whole(write):
    names = "abcdef"
    file = write(
        "image,label,group\n" + "".join(f"img/{name}.png,ok,{index // 2}\n" for index, name in enumerate(names))
    )
    found = samples(file, "parts")
    train, test = ({sample.group for sample in found if sample.split == split} for split in ("train", "test"))
    assert len(train) == 2 and len(test) == 1 and not train & test


def test_images_may_lie_anywhere(write, tmp_path):
    file = write(TABLE.replace("img/a.png", str(tmp_path / "data/img/a.png")))
    moved = tmp_path / "lists"
    moved.mkdir()
    (moved / "parts.csv").write_text(file.read_text().replace("img/", "../data/img/").replace("data/../", ""))
    assert [each.image.resolve() for each in samples(moved / "parts.csv")] == [each.image for each in samples(file)]


def test_columns_that_are_not_read_are_named(write):
    file = write("image,label,operator\nimg/a.png,normal,Ann\n")
    assert next(iter(Manifest().notes(file, "parts"))).startswith("columns that are not read: operator; ")


def test_images_of_another_category_in_the_same_folder_are_not_named_as_unread(write):
    file = write(TABLE + "img/f.png,test,bent,,,bolt\n")
    assert unread.remarks(Source(Manifest(), file), "nut", samples(file)) == []


def test_an_image_that_is_not_listed_is_named(write):
    file = write(TABLE)
    (remark,) = unread.remarks(Source(Manifest(), file), "nut", samples(file))
    assert remark == "images that belong to no split: 1 (img/f.png); nothing reads them"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("image,split", "picture,split", "parts.csv has no column image: its first line must name the columns"),
        ("image,split", "image,splt", "parts.csv has a column 'splt': did you mean 'split'?"),
        ("image,split", "image,image", "parts.csv has two columns image"),
        ("img/d.png,test,0", "img/x.png,test,0", r"parts.csv, line 5: there is no file .*x\.png$"),
        ("img/d.png,test,0", "img\\d.png,test,0", "line 5: .*write / between folders"),
        ("img/d.png,test,0", "img/a.png,test,0", "line 5: .*a.png is named twice in category nut"),
        ("img/d.png,test,0", ",test,0", "line 5: it names no image"),
        ("test,0", "test,", "line 5: expected label normal or defect types separated by ';', got ''"),
        ("test,0", "test,normal;bent", "line 5: expected label .*got 'normal;bent'"),
        ("test,0", "tset,0", "line 5: expected split train, validation, test, got 'tset'"),
        ("test,0", ",0", "line 5: expected split .*or none in all rows of the category, got ''"),
        ("train,good", "train,bent", "line 3: label 'bent' in train: training images are normal"),
        ("test,0,", "test,0,img/f_gt.png", "line 5: a normal image has no mask"),
        ("img/f_gt.png", "img/x_gt.png", "line 6: there is no file .*x_gt.png"),
        ("img/f_gt.png", "img/e_gt.png", "line 6: .*e_gt.png is named twice"),
        ("0,,,nut", "0,,,nut,,", "line 5: 8 fields for 6 columns"),
        ("0,,,nut", '0,,,"nut', "parts.csv, line 6: cannot be read as a row of a table"),
    ],
)
def test_a_fault_is_named_with_its_line(write, old, new, sentence):
    assert old in TABLE
    with pytest.raises(DataError, match=sentence):
        samples(write(TABLE.replace(old, new, 1)))


def test_an_image_that_is_lost_is_named_with_its_mask(write):
    file = write(TABLE)
    (file.parent / "img/e.png").unlink()
    assert "line 6: there is no file" in refused(file) and "e_gt.png is of no image" in refused(file)


def test_a_file_that_is_no_text_or_empty_is_refused(write):
    file = write(TABLE)
    file.write_bytes("image,label\nimg/ä.png,ok\n".encode("cp1252"))
    assert "parts.csv is not UTF-8 text" in refused(file)
    file.write_text("image,label\n")
    assert "parts.csv has no row below its first line" in refused(file)


def test_a_folder_with_several_csv_files_is_refused(write):
    write(TABLE, "a.csv")
    folder = write(TABLE, "b.csv").parent
    assert "with 2 CSV files: name the one to read with --data" in refused(folder)


def test_groups_of_the_column_and_a_pattern_exclude_each_other(write):
    assert "the data of nut name groups themselves; leave it out" in refused(write(TABLE), groups="(.)")
    file = write(TABLE.replace("film", ""))
    assert [sample.group for sample in samples(file, groups="^[ab]")] == ["a", "b", None, None, None]


@pytest.mark.parametrize("label", ["gut", "no defect", "Defect-Free"])
def test_a_label_that_normal_images_have_is_no_defect_type(write, label):
    sentence = f"line 2: label {label!r} would count as a defect type: write normal for a normal image"
    assert sentence in refused(write(f"image,split,label,category\nimg/a.png,test,{label},nut\n"))


def test_a_file_under_two_names_is_named_twice(write):
    rows = "img/a.png,train,normal\nimg/../img/a.png,test,normal\n"
    file = write("image,split,label\n" + rows)
    assert "img/a.png is named twice in category parts" in refused(file, "parts")
