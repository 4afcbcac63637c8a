"""VisA: the original layout and its split file."""

import pytest

from datasets import DataError
from datasets.visa import VisA

SPLIT = "split_csv/1cls.csv"


@pytest.fixture
def root(make_tree):
    return make_tree(VisA.layout)


def samples(root, category="candle"):
    return list(VisA().samples(root, category))


def refused(root, category="candle"):
    with pytest.raises(DataError) as error:
        samples(root, category)
    return str(error.value)


def rewrite(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("category", ["candle", "cashew"])
def test_a_folder_that_is_one_category_is_refused_with_the_folder_to_give(root, category):
    sentence = rf"{category} is one category itself: .*{root}, with --data, .*--categories {category}"
    with pytest.raises(DataError, match=sentence):
        VisA().categories(root / category)


def test_the_published_counts_add_up_to_the_published_totals():
    train, normal, defective = (sum(column) for column in zip(*VisA.counts.values(), strict=True))
    assert (train + normal, defective, len(VisA.counts)) == (9621, 1200, 12)


def test_the_split_file_decides_what_trains(root):
    train = [sample.image.name for sample in samples(root) if sample.split == "train"]
    assert train == ["0451.JPG", "0836.JPG"]


def test_a_folder_without_images_of_its_own_is_no_category(root):
    (root / "empty").mkdir()
    assert VisA().categories(root) == ["candle", "cashew"]


def test_an_image_with_several_defects_counts_under_each_of_them(root):
    types = [sample.defect_types for sample in samples(root) if sample.defect]
    assert types == [("chunk of wax missing",), ("chunk of wax missing", "wax melded")]


def test_spaces_around_a_type_and_a_type_named_twice_do_not_count(root):
    rewrite(root / "candle/image_anno.csv", "missing,wax melded", "missing, wax melded,wax melded")
    assert samples(root)[3].defect_types == ("chunk of wax missing", "wax melded")


def test_without_annotations_the_type_is_anomaly(root):
    (root / "candle/image_anno.csv").unlink()
    assert {sample.defect for sample in samples(root)} == {None, "anomaly"}


@pytest.mark.parametrize("name", ["bad", "anomaly"])
def test_both_prepared_layouts_are_read(root, name):
    for folder in ("test", "ground_truth"):
        (root / "cashew" / folder / "bad").rename(root / "cashew" / folder / name)
    defects = [(sample.defect, sample.masks[0].name) for sample in samples(root, "cashew") if sample.defect]
    assert defects == [(name, "000.png")]


def test_a_prepared_category_needs_no_split_file(root):
    (root / SPLIT).unlink()
    assert len(samples(root, "cashew")) == 4


def test_a_missing_split_file_is_named_with_where_to_get_it(root):
    (root / SPLIT).unlink()
    message = refused(root)
    assert str(root / "split_csv" / "1cls.csv") in message and "github.com/amazon-science/spot-diff" in message


def test_lines_may_end_as_on_windows_after_a_byte_order_mark(root):
    before = samples(root)
    text = (root / SPLIT).read_text(encoding="utf-8")
    (root / SPLIT).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert samples(root) == before


def test_a_listed_image_that_is_missing_is_named(root):
    (root / "candle/Data/Images/Normal/0451.JPG").unlink()
    assert "0451.JPG is missing" in refused(root)


@pytest.mark.parametrize("place", ["{root}/candle/Data/Images/Normal/0451.JPG", "candle/../candle/Data/x.JPG"])
def test_a_listed_image_outside_the_folder_is_refused(root, place):
    rewrite(root / SPLIT, "candle/Data/Images/Normal/0451.JPG", place.format(root=root))
    assert f"{SPLIT} names {place.format(root=root)}: expected a path inside {root}" in refused(root)


def test_a_listed_mask_that_is_missing_is_named(root):
    (root / "candle/Data/Masks/Anomaly/001.png").unlink()
    assert "001.png is missing" in refused(root)


def test_a_defective_image_without_listed_mask_is_allowed(root):
    (root / "candle/Data/Masks/Anomaly/001.png").unlink()
    rewrite(root / SPLIT, "candle/Data/Masks/Anomaly/001.png", "")
    assert [[mask.name for mask in sample.masks] for sample in samples(root) if sample.defect] == [["000.png"], []]


def test_an_image_listed_twice_is_refused(root):
    with (root / SPLIT).open("a") as file:
        file.write("candle,test,normal,candle/Data/Images/Normal/0451.JPG,\n")
    assert "0451.JPG twice" in refused(root)


def test_training_on_an_anomaly_is_refused(root):
    rewrite(root / SPLIT, "candle,test,anomaly,candle/Data/Images/Anomaly/000", "candle,train,anomaly,candle/Data/000")
    assert "split 'train' and label 'anomaly'; expected: test anomaly, test normal, train normal" in refused(root)


def test_a_category_that_the_split_file_leaves_out_is_refused(root):
    rewrite(root / SPLIT, "candle,", "other,")
    assert "has no row of candle" in refused(root)


def test_a_split_file_without_a_column_is_refused(root):
    rewrite(root / SPLIT, "object,split", "object,part")
    assert "no column split" in refused(root)


def test_a_split_file_that_is_no_text_is_refused(root):
    (root / SPLIT).write_bytes(b"\xff\xfe\x00\x80")
    assert "cannot be read as a table" in refused(root)


def test_no_type_of_macaroni1_is_a_list_of_types(shared_data):
    found = [sample for sample in samples(shared_data / "visa", "macaroni1") if sample.defect]
    several = [sample for sample in found if sample.kinds]
    assert several and not [kind for sample in found for kind in sample.defect_types if "," in kind]


def test_cookie_has_its_numbers(shared_data):
    found = samples(shared_data / "visa", "cookie")
    train = sum(sample.split == "train" for sample in found)
    defective = [sample for sample in found if sample.defect]
    assert (train, len(found) - train - len(defective), len(defective)) == (31, 14, 32)
    assert all(sample.masks for sample in defective)
