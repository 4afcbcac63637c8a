"""`make video`: what is cut out of annotated videos, under which label, in which part of the data."""

import csv
import json
import re
import struct
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.cli import app
from benchmarks.commands.make import video
from benchmarks.errors import UsageError
from datasets import DataError
from datasets.making import crop_table, cvat, film, reels
from datasets.making.crops import GROUPS, Crop, Found, Rules
from datasets.making.division import Shares, divide
from datasets.making.pairs import paired
from datasets.making.reels import Labels
from tests import cases
from tests.films import HEIGHT, WIDTH, Belt, Marked, write_video, xml

ROOT = Path(__file__).resolve().parent.parent


def make(*arguments) -> int:
    """The exit status of `make video`, in this process."""
    return app(["make", "video", *map(str, arguments)], standalone_mode=False) or 0


def rows(made: Path) -> list[dict[str, str]]:
    with open(made / "crops.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def pixels(file: Path) -> np.ndarray:
    return np.asarray(Image.open(file))


@pytest.fixture(scope="module")
def belt() -> Belt:
    return Belt()


@pytest.fixture(scope="module")
def films(belt, tmp_path_factory) -> Path:
    """A folder with a video and its annotations."""
    folder = tmp_path_factory.mktemp("films")
    belt.write(folder)
    return folder


@pytest.fixture(scope="module")
def made(films) -> Path:
    """What the command makes of them if it is told nothing more."""
    to = films / "bottles"
    assert make(films / "1.mkv", "--annotations", films / "1.xml", "--to", to) == 0
    return to


@pytest.fixture(scope="module")
def noise(tmp_path_factory) -> Path:
    """A film of noise, with 24 frames."""
    picture = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    return write_video(tmp_path_factory.mktemp("noise") / "a.mkv", [picture] * 24)


class Planned(NamedTuple):
    """What is to be cut out of the film of noise."""

    found: Found
    said: list[str]

    def of(self, track: int) -> dict[int, Crop]:
        return {crop.frame: crop for crop in self.found.crops if crop.track == track}


@pytest.fixture
def plan(noise, tmp_path):
    """A function that says what of some tracks is to be cut out, by the rules given."""

    def planned(*tracks, labels=LABELS, **rules) -> Planned:
        (tmp_path / "a.xml").write_text(xml(tracks), encoding="utf-8")
        (reel,), said = reels.read([(noise, tmp_path / "a.xml")], labels, Rules(**rules), turn=True)
        return Planned(reel.found, said)

    return planned


LABELS = Labels((), ("defect",), ("defective",))


def still(label, left, *frames, top=10, side=40, **more) -> Marked:
    """A track that stays where it is, by default for ten frames."""
    return Marked(label, dict.fromkeys(frames or range(10), (left, top, left + side, top + side)), **more)


NORMAL = [still("part", left) for left in (0, 60, 120)]
"""Three parts, so that there are some to train on and to test with."""


def test_crops_are_the_pixels_of_the_frame_within_the_box(belt, made):
    for row in rows(made):
        left, top, right, bottom = (int(row[f"crop_{side}"]) for side in ("left", "top", "right", "bottom"))
        assert (pixels(made / row["image"]) == belt.picture(int(row["frame"]))[top:bottom, left:right]).all()
        box = belt.box(int(row["track"]), int(row["frame"]))
        assert (left, top, right, bottom) == (box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1)  # 2 % of 46 or 50 pixels


def test_every_box_of_a_frame_is_cut_out(belt, made):
    found = {(int(row["track"]), int(row["frame"])) for row in rows(made)}
    assert found == {(part, frame) for part in range(belt.parts) for frame in belt.seen(part)}


def test_a_part_is_defective_where_a_defect_lies_in_it(belt, made):
    assert {int(row["track"]) for row in rows(made) if row["defects"] == "defect"} == set(belt.scratched)


def test_all_images_of_a_part_are_in_one_split_and_defective_parts_are_never_trained_on(belt, made):
    splits = {}
    for row in rows(made):
        splits.setdefault(row["part"], set()).add(row["image"].split("/")[0])
    assert all(len(each) == 1 for each in splits.values())
    assert set().union(*splits.values()) == {"train", "validate", "test"}
    assert not {f"1_part{part:03}" for part in belt.scratched} & {
        part for part, each in splits.items() if each == {"train"}
    }


def test_both_ways_to_read_it_give_the_same_samples_and_groups(made):
    from benchmarks.data_settings import DataSettings
    from benchmarks.source import Source

    as_table = Source.named("manifest", made / "manifest.csv", DataSettings()).samples(made.name)
    as_folder = Source.named("folder", made, DataSettings(groups=GROUPS)).samples(made.name)
    assert {(each.image, each.split, each.defect) for each in as_table} == {
        (each.image, each.split, each.defect) for each in as_folder
    }
    together = {each.image: each.group for each in as_folder}
    assert len({(each.group, together[each.image]) for each in as_table}) == len(set(together.values())) == 9


@pytest.mark.parametrize(
    ("method", "changed"),
    [("mean_image", {}), ("knn", cases.LIGHT_KNN)],
    ids=["mean_image", "knn"],
)
def test_a_run_on_it_finds_the_scratches_and_sets_the_threshold_by_part(made, tmp_path, method, changed):
    reached = cases.run(made / "manifest.csv", tmp_path, "manifest", method=method, changed=changed)
    assert reached.row["image_auroc"] > 0.95
    scored, fitted = reached.trained.result.images, reached.trained.result.fit
    held_out = {part_of(score.path) for score in scored if score.part == "calibration"}
    assert held_out and not held_out & set(map(part_of, fitted))


def part_of(image: str) -> str:
    return Path(image).name.split("_track")[0]


def published(belt: Belt) -> list[tuple[int, np.ndarray]]:
    """Part and crop by the published rule: a coloured line is drawn on the frame, then the frame is cut.

    Of each frame only the first box is used. Its sides are moved by 2 % of their coordinates, not of its size.
    """
    found = []
    for frame in range(belt.frames):
        part = next(part for part in range(belt.parts) if frame in belt.seen(part))
        left, top, right, bottom = map(int, belt.box(part, frame))
        drawn = belt.picture(frame)
        rows, columns = np.ogrid[:HEIGHT, :WIDTH]
        outer = (rows >= top - 2) & (rows <= bottom + 2) & (columns >= left - 2) & (columns <= right + 2)
        inner = (rows > top + 2) & (rows < bottom - 2) & (columns > left + 2) & (columns < right - 2)
        drawn[outer & ~inner] = (255, 0, 0) if part in belt.scratched else (0, 255, 0)
        found.append((part, drawn[int(top * 1.02) : int(bottom * 0.98), int(left * 1.02) : int(right * 0.98)]))
    return found


def told_by_corners(crops: list[tuple[int, np.ndarray]], belt: Belt) -> float:
    """AUROC of a classifier that sees the colours of four corners only, and judges parts it has not learned from."""
    features = np.array([[crop[row, column] for row in (0, -1) for column in (0, -1)] for _, crop in crops])
    features = features.reshape(len(crops), -1) / 255
    labels = np.array([part in belt.scratched for part, _ in crops])
    later = np.array([part >= 5 for part, _ in crops])
    classifier = LogisticRegression().fit(features[~later], labels[~later])
    return roc_auc_score(labels[later], classifier.decision_function(features[later]))


def test_the_published_crops_tell_their_label_by_their_corners_and_these_do_not(belt, made):
    assert told_by_corners(published(belt), belt) == 1
    ours = [(int(row["track"]), pixels(made / row["image"])) for row in rows(made)]
    assert told_by_corners(ours, belt) == pytest.approx(0.5, abs=0.05)


def test_the_record_says_what_made_it(made):
    record = json.loads((made / "made_by.json").read_text())
    assert record["settings"]["inset"] == 0.02 and record["settings"]["seed"] == 0
    assert set(record["sources"]) == {"1.mkv", "1.xml"} and record["versions"]["av"]
    images = [count["images"] for count in record["result"]["made"].values()]
    assert sum(images) == len(rows(made))


def test_what_is_made_is_not_made_again_and_never_mixed_with_something_else(films, made, capsys):
    before = (made / "made_by.json").stat().st_mtime_ns
    assert make(films / "1.mkv", "--annotations", films / "1.xml", "--to", made) == 0
    assert "is made already" in capsys.readouterr().out
    with pytest.raises(UsageError, match="settings every is 2, there 1"):
        make(films / "1.mkv", "--annotations", films / "1.xml", "--to", made, "--every", 2)
    with pytest.raises(UsageError, match="there is something else"):
        make(films / "1.mkv", "--annotations", films / "1.xml", "--to", films)
    assert (made / "made_by.json").stat().st_mtime_ns == before


def test_a_stopped_making_goes_on_with_the_next_video(tmp_path, monkeypatch):
    for number in (1, 2):
        Belt(parts=3, seed=number).write(tmp_path, str(number))
    command = (tmp_path / "1.mkv", tmp_path / "2.mkv", "--annotations", tmp_path / "1.xml", tmp_path / "2.xml")
    make(*command, "--to", tmp_path / "whole")
    decoded, decode = [], film.frames

    def stopped(seen, wanted):
        decoded.append(seen.file.name)
        for frame in decode(seen, wanted):
            if seen.file.name == "2.mkv" and decoded.count("2.mkv") == 1 and frame.index == 5:
                raise KeyboardInterrupt
            yield frame

    monkeypatch.setattr(film, "frames", stopped)
    assert make(*command, "--to", tmp_path / "parts") == 130 and not (tmp_path / "parts").exists()
    assert make(*command, "--to", tmp_path / "parts") == 0
    assert decoded == ["1.mkv", "2.mkv", "2.mkv"]
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")
    assert not [each.name for each in tmp_path.iterdir() if each.name.startswith(".")]


def contents(folder: Path) -> dict[str, bytes]:
    """All files but the manifest, which has the name of the folder."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != "manifest.csv"]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_a_making_begun_with_other_settings_is_not_gone_on_with(tmp_path, films, monkeypatch):
    monkeypatch.setattr(video, "manifest_text", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make(films / "1.mkv", "--annotations", films / "1.xml", "--to", tmp_path / "parts")
    with pytest.raises(
        UsageError, match=r"\.parts\.making was begun in another way: settings inset is 0.1, there 0.02"
    ):
        make(films / "1.mkv", "--annotations", films / "1.xml", "--to", tmp_path / "parts", "--inset", 0.1)


def test_a_box_that_says_outside_ends_what_is_seen(plan):
    again = still("part", 0, 2, 3)
    assert list(plan(again).of(0)) == [2, 3]


def test_boxes_between_keyframes_are_reckoned_where_the_file_leaves_them_out(plan):
    boxes = {frame: (60 + 5 * frame, 60, 100 + 5 * frame, 100) for frame in range(11)}
    found = plan(Marked("part", boxes, sparse=True)).of(0)
    assert {frame: crop.box for frame, crop in found.items()} == boxes
    assert [frame for frame, crop in found.items() if crop.origin == "key"] == [0, 5, 10]


@pytest.mark.parametrize(("boxes", "frames"), [("key", [0, 5, 10]), ("written", list(range(11)))])
def test_boxes_can_be_those_of_keyframes_only(plan, boxes, frames):
    assert list(plan(still("part", 0, *range(11)), boxes=boxes).of(0)) == frames


def test_occluded_boxes_are_left_out_and_said_or_kept(plan):
    part = still("part", 180, occluded=frozenset((3, 4)))
    planned = plan(part)
    assert list(planned.of(0)) == [0, 1, 2, 5, 6, 7, 8, 9]
    assert planned.said == ["left out: 2 boxes of parts: occluded"]
    kept = plan(part, keep_occluded=True)
    assert list(kept.of(0)) == list(range(10)) and kept.said == []


def test_a_part_whose_defect_is_always_occluded_counts_as_defective_all_the_same(plan):
    found = plan(still("part", 0), still("defect", 10, 3, 4, top=20, side=9, occluded=frozenset((3, 4)))).found
    assert {crop.frame for crop in found.crops} == {0, 1, 2, 5, 6, 7, 8, 9}
    assert not any(crop.defects for crop in found.crops) and found.defective == {"a_part000"}


def test_boxes_over_the_edge_are_clipped(plan):
    crop = plan(still("part", WIDTH - 30, 0, top=-10)).of(0)[0]
    assert crop.region == (211, 0, 240, 29)


def test_boxes_too_small_for_an_image_are_left_out_and_said(plan):
    planned = plan(still("part", 0), still("part", 60, 0, 1, side=16))
    assert not planned.of(1) and planned.said == ["left out: 2 boxes of parts: a side below 16 pixels"]


def test_the_box_around_a_turned_box_is_cut_out(tmp_path):
    boxes = {0: (20, 40, 80, 60)}
    text = xml([Marked("part", boxes)]).replace('z_order="0"', 'rotation="90" z_order="0"')
    (tmp_path / "turned.xml").write_text(text)
    (track,) = cvat.read(tmp_path / "turned.xml", frames=24).tracks
    assert track.shapes[0].box == pytest.approx((40, 20, 60, 80))


def test_a_defect_that_lies_partly_in_a_part_marks_it_from_a_share_on(plan):
    tracks = still("part", 0), still("defect", 36, 0, 1, 2, top=20, side=10)  # 4 of 10 pixels lie inside
    planned = plan(*tracks)
    assert list(planned.of(0)) == list(range(3, 10)) and not planned.found.defective
    homeless, left_out = planned.said
    assert "3 boxes of defects lie in no part and mark nothing, the first of track 1 in frame 0" in homeless
    assert left_out == "left out: 3 boxes of parts: normal, but the defect of something else reaches into it"
    marked = plan(*tracks, overlap=0.4)
    assert [frame for frame, crop in marked.of(0).items() if crop.defects] == [0, 1, 2] and marked.said == []


def test_tracks_that_are_relabelled_are_defective_in_all_their_frames(plan):
    found = plan(still("part", 0), still("defective", 60, 4, 5))
    assert [crop.folder for crop in found.of(1).values()] == ["defective"] * 2


def test_a_part_with_several_defects_counts_under_each(plan):
    marks = [still(label, 10, 3, top=20, side=9) for label in ("dent", "scratch")]
    crop = plan(still("part", 0), *marks, labels=LABELS._replace(defects=("dent", "scratch"))).of(0)[3]
    assert (crop.defects, crop.folder) == (("dent", "scratch"), "dent+scratch")


def test_labels_that_mean_nothing_are_said(plan):
    planned = plan(still("part", 0), still("hand", 60), labels=LABELS._replace(objects=("part",)))
    assert planned.said == ["label 'hand' (1 tracks) is neither of a part nor of a defect: not read"]


def test_a_part_whose_track_was_cut_in_two_stays_one_part(plan):
    tracks = still("part", 0, 0, 1, 2), still("defective", 1, 3, 4)
    assert {crop.group for crop in plan(*tracks).found.crops} == {"a_part000"}
    assert {crop.group for crop in plan(*tracks, join_frames=0).found.crops} == {"a_part000", "a_part001"}


def test_two_tracks_at_one_place_are_one_part(plan):
    assert {crop.part for crop in plan(still("part", 0), still("part", 3)).found.crops} == {0}


def test_every_so_many_frames_of_a_part_and_a_label_are_used(plan):
    found = plan(still("part", 0), still("defect", 10, 6, 7, 8, top=20, side=9), every=4).of(0)
    assert {frame: bool(crop.defects) for frame, crop in found.items()} == {0: False, 4: False, 6: True}


def test_a_hostile_label_names_no_folder_elsewhere(plan):
    hostile = still("../../x", 10, 3, top=20, side=9)
    crop = plan(still("part", 0), hostile, labels=LABELS._replace(defects=("../../x",))).of(0)[3]
    assert crop_table.place(crop, "test") == "test/_x/a_part000_track000_frame000003.png"


def test_only_images_that_differ_are_used(noise, tmp_path):
    moving = Marked("part", {frame: (180, 60 + 9 * (frame // 2), 220, 100 + 9 * (frame // 2)) for frame in range(4)})
    (tmp_path / "a.xml").write_text(xml([*(still("part", left, 0, 1) for left in (0, 60)), moving]))
    make(noise, "--annotations", tmp_path / "a.xml", "--to", tmp_path / "made", "--differ", 2)
    found = rows(tmp_path / "made")
    assert {(row["track"], row["frame"]) for row in found} == {("0", "0"), ("1", "0"), ("2", "0"), ("2", "2")}


def test_few_parts_are_divided_so_that_there_are_some_to_train_on_and_to_test_with():
    shares = Shares(0.6, 0.2, 0.2)
    for normal, defective in product(range(2, 12), range(4)):
        parts = {f"n{index}": False for index in range(normal)} | {f"d{index}": True for index in range(defective)}
        found = divide(parts, shares, seed=0)
        counts = Counter((split, parts[name]) for name, split in found.items())
        assert (
            len(found) == normal + defective and counts["test", False] and bool(counts["test", True]) == bool(defective)
        )
        assert counts["train", False] >= min(2, normal - 1) and not counts["train", True]
        assert bool(counts["validation", False]) == bool(counts["validation", True])


@pytest.mark.parametrize(("ending", "codec"), [("avi", "mpeg4"), ("mp4", "libx264"), ("mkv", "libx264")])
def test_frames_of_any_format_are_counted_as_they_are_shown(tmp_path, belt, ending, codec):
    pictures = [belt.picture(frame) for frame in range(20)]
    file = write_video(tmp_path / f"a.{ending}", pictures, codec)
    seen = film.probe(file, turn=True)
    assert (seen.width, seen.height, seen.frames) == (WIDTH, HEIGHT, 20)
    for frame in film.frames(seen, range(20)):
        distances = [np.abs(frame.picture.astype(int) - picture).mean() for picture in pictures]
        assert np.argmin(distances) == frame.index


def test_frames_at_uneven_times_are_counted_and_their_times_kept(tmp_path, belt):
    times = [0, 4, 5, 30, 31, 90]
    pictures = [belt.picture(frame) for frame in range(6)]
    file = write_video(tmp_path / "a.mkv", pictures, times=times)
    found = list(film.frames(film.probe(file, turn=True), range(6)))
    assert [round(frame.seconds * 100) for frame in found] == times
    assert all((frame.picture == pictures[frame.index]).all() for frame in found)


def test_a_video_that_ends_before_its_annotations_is_said_even_where_its_file_promises_more(noise, tmp_path):
    (tmp_path / "a.xml").write_text(xml([still("part", 0, 0, 1)]))
    (reel,), _ = reels.read([(noise, tmp_path / "a.xml")], LABELS, Rules(), turn=True)
    longer = reel._replace(annotations=replace(reel.annotations, last_frame=99))
    with pytest.raises(DataError, match=r"a\.mkv ends after 24 frames, .*a\.xml goes on to frame 99"):
        list(longer.pictures())


@pytest.fixture
def turned(tmp_path) -> Path:
    """A video stored as it is not shown: a quarter turn clockwise is asked for."""
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:32, :48] = 255  # the upper left quarter, which is the upper right one once turned
    file = write_video(tmp_path / "t.mp4", [picture] * 4, "libx264")
    data = bytearray(file.read_bytes())
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    file.write_bytes(data)
    return file


def test_frames_are_turned_as_the_file_says_unless_it_is_to_be_ignored(turned):
    seen = film.probe(turned, turn=True)
    assert (seen.width, seen.height) == (64, 96)
    first = next(film.frames(seen, [0])).picture
    assert first.shape == (96, 64, 3) and first[20, 50].min() > 200 and first[20, 10].max() < 50
    assert next(film.frames(film.probe(turned, turn=False), [0])).picture.shape == (64, 96, 3)


def test_a_turn_that_does_not_fit_the_annotations_is_said_with_the_option_that_helps(turned, tmp_path):
    (tmp_path / "t.xml").write_text(xml([still("part", 0, 0, 1)], size=(96, 64)))
    with pytest.raises(DataError, match=r"64x96 pixels, .* was drawn on 96x64: try --rotation ignore"):
        make(turned, "--annotations", tmp_path / "t.xml", "--to", tmp_path / "made")


def refused(films: Path, text: str, tmp_path: Path, *options) -> str:
    """The sentence about annotations of the film of bottles; nothing may be made."""
    (tmp_path / "x.xml").write_text(text)
    with pytest.raises(DataError) as error:
        make(films / "1.mkv", "--annotations", tmp_path / "x.xml", "--to", tmp_path / "made", *options)
    assert "\n" not in str(error.value) and [each.name for each in tmp_path.iterdir()] == ["x.xml"]
    return str(error.value)


BOMB = """<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><annotations>&b;</annotations>"""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (xml(NORMAL, size=(640, 480)), "was drawn on 640x480, so they do not belong together"),
        (xml(NORMAL, frames=999), "1.mkv has 37 frames, .*x.xml describes 999"),
        (xml([still("part", 0, 50)]), "track 0 has a box in frame 50, but the video has only the frames 0 to 36"),
        (xml(NORMAL[:1]), "1 of 1 parts? .*at least 2 are needed"),
        (xml([*NORMAL, still("cap", 180)]), "2 labels besides defect, defective: cap, part; .*--objects"),
        (BOMB, "defines a document type or entities"),
        ("<annotations>", "is no XML file"),
        ("<annotation><folder/></annotation>", "is an XML file of <annotation>: expected .*CVAT for video 1.1"),
        ("<annotations><version>1.1</version><image id='0'/></annotations>", "holds annotations of images"),
        (xml(NORMAL).replace("box", "polygon"), "track 0 .part. has a polygon: only boxes can be read"),
        (xml(NORMAL).replace('xtl="0.00"', 'xtl="nan"'), "track 0, frame 0: xtl: expected a number, got 'nan'"),
        (xml(NORMAL).replace('id="2"', 'id="1"'), "has two tracks with id 1"),
    ],
)
def test_annotations_that_cannot_be_used_are_one_sentence(films, tmp_path, text, sentence):
    assert re.search(sentence, refused(films, text, tmp_path))


def test_an_unknown_label_suggests_the_nearest(films, tmp_path):
    assert "did you mean 'part'?" in refused(films, xml(NORMAL), tmp_path, "--objects", "parts")


def test_a_video_that_is_none_is_one_sentence(tmp_path):
    (tmp_path / "a.avi").write_text("no video")
    (tmp_path / "a.xml").write_text(xml(NORMAL))
    with pytest.raises(DataError, match=r"a\.avi cannot be decoded: Invalid data"):
        make(tmp_path / "a.avi", "--annotations", tmp_path / "a.xml", "--to", tmp_path / "made")


def test_videos_pair_with_annotations_by_name_or_else_by_number():
    names = paired([Path("v/a.avi"), Path("v/b.mp4")], [Path("x/b.xml"), Path("x/a.xml")])
    assert [xml_file.name for _, xml_file in names] == ["a.xml", "b.xml"]
    numbers = paired([Path("video-10.avi"), Path("video-2.avi")], [Path("02.xml"), Path("10.xml")])
    assert [xml_file.name for _, xml_file in numbers] == ["10.xml", "02.xml"]
    with pytest.raises(DataError, match=r"2 videos and 1 annotations do not pair by name or number; .*: b\.avi$"):
        paired([Path("a.avi"), Path("b.avi")], [Path("a.xml")])


@pytest.mark.parametrize("names", [["a/1.avi", "b/1.mp4"], [".1.avi", "2.avi"], ["1 .avi", "2.avi"]])
def test_names_that_crops_could_not_have_are_refused(names):
    with pytest.raises(DataError, match="rename"):
        paired([Path(name) for name in names], [Path("1.xml"), Path("2.xml")])


@pytest.mark.parametrize("label", ["ok", "0", "a;b"])
def test_a_label_that_would_invert_or_divide_the_table_is_refused_at_once(plan, label):
    with pytest.raises(DataError, match="cannot name a defect"):
        plan(still("part", 0), labels=LABELS._replace(defects=(label,)))


def test_a_file_that_is_missing_is_one_sentence_and_exit_status_2(tmp_path):
    words = ["make", "video", "none.avi", "--annotations", "none.xml", "--to", str(tmp_path / "made")]
    done = subprocess.run([sys.executable, "-m", "benchmarks", *words], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.count("\n") == 1 and "none.avi" in done.stderr


def test_without_the_extra_one_sentence_says_how_to_install_it(films, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(DataError, match=r"make video needs av: pip install -e '\.\[video\]'"):
        make(films / "1.mkv", "--annotations", films / "1.xml", "--to", tmp_path / "made")
