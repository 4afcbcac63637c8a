"""Verdicts in words: what a reader must know of a method on a category before using its numbers, and what to do.

Pure functions of the rows of a report. Every form of the report and the terminal show the same verdicts.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from benchmarks.evaluation import calibration, mixed_data
from benchmarks.evaluation.pixel_metrics import NO_MAPS
from benchmarks.naming import plural
from reports.rows import IDENTITY, Row, variant
from reports.statistics import FEWEST_NORMAL

KINDS = {
    "rejects": "red",
    "misses": "red",
    "chance": "red",
    "other_images": "yellow",
    "other_regions": "yellow",
    "set_alone": "yellow",
    "learned_little": "yellow",
    "near_copies": "yellow",
    "no_threshold": "yellow",
    "few_calibration": "yellow",
    "mixed_rules": "yellow",
    "few_normal": "yellow",
}
"""Every kind of verdict, the gravest first, and its light: red, do not use it so; yellow, look at it first."""
ONLY_OF_TEST_SET = {"few_normal"}
"""Kinds that concern the test images of a category, and no method."""
MOST = 0.5
"""A method misses or rejects images if it does so with at least this share of them."""
LEARNED_LITTLE = "the network has learned little"
NEAR_COPIES = re.compile(r"(\d+) of (\d+) (held-out|training) images?\b.*so may the threshold be")
"""What remarks say that are verdicts."""
GAIN = 0.2
"""One image sets a threshold alone if without it at least this share more defects are found, net of false alarms."""
BETTER = 0.1
"""Another threshold would help if it raised the balanced accuracy by at least this much."""


def verdicts(rows: Iterable[Row], setters: Iterable[Row] = (), contradictions: Iterable[Row] = ()) -> list[Row]:
    """A row for each verdict on a method and category, over all its seeds; the gravest first.

    Takes the fields of `reports.rows.Tables` of the same names. A row has the columns of IDENTITY (the seed is the
    first one) and:

    - `seeds`: the seeds as text, such as "0, 1"
    - `kind`: a key of KINDS; `light`: its light, "red" or "yellow"
    - `text`: the verdict, a phrase about the method, without its name, category or a final stop
    - `advice`: what to do, a phrase in the imperative, without a final stop

    Nothing is chosen by the verdicts. Some look at test labels: they say what happened on the test images.
    """
    by_method, set_by = _by_variant(rows), _by_variant(setters)
    mixed = mixed_data.told(by_method)
    broken = _by_variant(contradictions)
    found = [
        _row(jobs, kind, text, advice)
        for key, jobs in by_method.items()
        for kind, text, advice in (*mixed[key], *_told(jobs, set_by.get(key, ()), broken.get(key, ())))
    ]
    order = list(KINDS)
    return sorted(found, key=lambda row: order.index(row["kind"]))


Told = tuple[str, str, str]
"""Kind, text, advice."""


def _by_variant(rows: Iterable[Row]) -> dict[tuple, list[Row]]:
    groups = defaultdict(list)
    for row in rows:
        groups[variant(row)].append(row)
    return groups


def _row(jobs: Sequence[Row], kind: str, text: str, advice: str) -> Row:
    first = {column: jobs[0][column] for column in IDENTITY}
    seeds = ", ".join(str(seed) for seed in sorted({job["seed"] for job in jobs}))
    return {**first, "seeds": seeds, "kind": kind, "light": KINDS[kind], "text": text, "advice": advice}


def _told(jobs: Sequence[Row], setters: Sequence[Row], broken: Sequence[Row]) -> Iterator[Told]:
    judged = [job for job in jobs if job["threshold"] is not None]
    yield from _rejects(judged, broken)
    yield from _misses(judged)
    yield from _chance(jobs)
    yield from _set_alone(jobs, setters)
    yield from _learned_little(jobs)
    yield from _near_copies(judged)
    yield from _no_threshold(jobs, judged)
    yield from _few_calibration(judged)
    yield from _mixed_rules(judged)
    yield from _few_normal(jobs)


def _rejects(judged: Sequence[Row], broken: Sequence[Row]) -> Iterator[Told]:
    known = [job for job in judged if job["test_normal"]]
    if not known or not (broken or _share(known, "false_alarms", "test_normal") >= MOST):
        return
    called = f"calls {_of(known, 'false_alarms', 'test_normal')} normal test images defective at its threshold"
    text = f"{called}{_beside_the_promise(known)}"
    if broken:
        chance = min(row["p_value"] for row in broken)
        yield (
            "rejects",
            f"{text} (p = {chance:.1g} if calibration and test images were of one kind)",
            "hold out images that are like those to be judged: the calibration images are not like the test images, "
            "or are nearly copies of training images",
        )
    else:
        yield "rejects", text, _another_threshold(known)


def _beside_the_promise(judged: Sequence[Row]) -> str:
    """The false-positive rate that was promised, or expected after leave-one-out, as the end of a sentence."""
    for what, words in (("promised", "a false-positive rate of at most"), ("expected", "a false-positive rate of")):
        column = f"{what}_false_alarm_share"
        if told := _span(judged, column):
            highest = max(job[column] for job in judged if job[column] is not None)
            is_kept = _share(judged, "false_alarms", "test_normal") <= highest
            return f", {'and' if is_kept else 'though'} {words} {told} was {what}"
    return ""


def _misses(judged: Sequence[Row]) -> Iterator[Told]:
    known = [job for job in judged if job["test_defective"]]
    if known and _share(known, "missed", "test_defective") >= MOST:
        text = f"misses {_of(known, 'missed', 'test_defective')} defective test images at its threshold"
        yield "misses", text, _another_threshold(known)


def _another_threshold(judged: Sequence[Row]) -> str:
    """What to do where decisions are bad: set the threshold in another way, or choose another method."""
    known = [job for job in judged if job["oracle_balanced_accuracy"] is not None]
    if known and _mean(known, "oracle_balanced_accuracy") - _mean(known, "balanced_accuracy") < BETTER:
        return "choose another method or other settings: hardly any other threshold would do better"
    if 0 < min(job["calibration_images"] for job in judged) < calibration.ENOUGH:
        return _more_calibration(judged)
    has_maps = any(job["why_no_pixel_metrics"] != NO_MAPS for job in judged)
    return f"set another threshold: {'finetune --apply, or ' if has_maps else ''}predict --threshold"


def _more_calibration(judged: Sequence[Row]) -> str:
    """How to have enough images set the threshold."""
    first = judged[0]  # the same of every seed
    way = calibration.Way(first["calibration"] == "loo", not first["why_no_leave_one_out"], first["shots"])
    return calibration.advice(min(job["trained_on"] + job["calibration_images"] for job in judged), way)


def _chance(jobs: Sequence[Row]) -> Iterator[Told]:
    low, high = jobs[0]["image_auroc_mean_low"], jobs[0]["image_auroc_mean_high"]
    if low is not None and low <= 0.5:
        known = [job for job in jobs if job["image_auroc"] is not None]
        auroc = f"{_mean(known, 'image_auroc'):.3f} [{low:.2f}, {high:.2f}]"
        yield (
            "chance",
            f"is not shown to be better than chance: image AUROC {auroc}",
            "test on more images, or choose another method",
        )


def _set_alone(jobs: Sequence[Row], setters: Sequence[Row]) -> Iterator[Told]:
    """Judged by what happens to detection without the image that set the threshold, and not by how far it is off."""
    by_seed = {job["seed"]: job for job in jobs}
    gains = [(_gain(by_seed[row["seed"]], row), index) for index, row in enumerate(setters)]
    gain, index = max(gains, default=(0.0, 0))
    if gain < GAIN:
        return
    row = setters[index]
    job = by_seed[row["seed"]]
    of_seed = f" in seed {row['seed']}" if len(by_seed) > 1 else ""
    yield (
        "set_alone",
        f"{row['set_by']} alone sets the threshold{of_seed}, {_height(row)}: without it {row['missed_of_rest']} "
        f"instead of {job['missed']} of {job['test_defective']} defective test images would be missed, with "
        f"{row['false_alarms_of_rest']} instead of {job['false_alarms']} false alarms",
        "look at the image: if it is not normal, take it out; else hold more images out",
    )


def _gain(job: Row, setter: Row) -> float:
    """The share of defects found without the image that set the threshold, less the share of false alarms it adds."""
    missed, alarms = setter["missed_of_rest"], setter["false_alarms_of_rest"]
    if missed is None or not job["test_defective"]:
        return 0.0
    found = (job["missed"] - missed) / job["test_defective"]
    return found - (alarms - job["false_alarms"]) / job["test_normal"] if job["test_normal"] else found


def _height(setter: Row) -> str:
    """How high an image stands above the next one, as a phrase."""
    threshold, rest = setter["threshold"], setter["threshold_of_rest"]
    if rest > 0:
        return f"with {threshold / rest:.2g} times the score of the next"
    return f"with {threshold:.3g}, where the next has {rest:.3g}"


def _remarks(job: Row) -> list[str]:
    return (job.get("remarks") or "").split("\n")


def _learned_little(jobs: Sequence[Row]) -> Iterator[Told]:
    told = [remark for job in jobs for remark in _remarks(job) if remark.startswith(LEARNED_LITTLE)]
    if told:
        yield "learned_little", f"is trained, but {told[0]}", "train longer, or choose another method or other settings"


def _near_copies(judged: Sequence[Row]) -> Iterator[Told]:
    """A threshold that images set which are nearly what was learned from."""
    told = [found for job in judged for remark in _remarks(job) if (found := NEAR_COPIES.match(remark))]
    if told:
        number, among = (_ends(int(found[group]) for found in told) for group in (1, 2))
        text = f"has near-duplicates of training images among those that set its threshold ({number} of {among})"
        advice = "keep images of one origin together: run --groups PATTERN"
        yield "near_copies", f"{text}: it may be too low", advice


def _no_threshold(jobs: Sequence[Row], judged: Sequence[Row]) -> Iterator[Told]:
    if len(judged) < len(jobs):
        yield "no_threshold", "has no threshold: no normal image was held out", "run --calibration 0.1"


def _few_calibration(judged: Sequence[Row]) -> Iterator[Told]:
    """A threshold that the user gave rests on no image and is none of these."""
    known = [job for job in judged if job["calibration_images"]]
    fewest = min((job["calibration_images"] for job in known), default=calibration.ENOUGH)
    if fewest >= calibration.ENOUGH:
        return
    images = plural(fewest, "left-out image" if known[0]["calibration"] == "loo" else "held-out image")
    text = f"has a threshold that rests on {images}: {calibration.rate(fewest)}"
    yield "few_calibration", text, _more_calibration(known)


def _mixed_rules(judged: Sequence[Row]) -> Iterator[Told]:
    with_point = [str(job["seed"]) for job in judged if job["min_area_px"] is not None]
    without = [str(job["seed"]) for job in judged if job["min_area_px"] is None]
    if with_point and without:
        yield (
            "mixed_rules",
            f"mixes two rules in its rates: an operating point for {_seeds(with_point)}, the calibrated threshold for "
            f"{_seeds(without)}",
            "run finetune --apply for every seed, or delete operating_point.json of those that have one",
        )


def _few_normal(jobs: Sequence[Row]) -> Iterator[Told]:
    fewest = min(job["test_normal"] for job in jobs)
    if fewest < FEWEST_NORMAL:
        text = f"is tested on {plural(fewest, 'normal image')} only, so no method is called the best"
        yield "few_normal", text, f"test on {FEWEST_NORMAL} normal images or more"


def _seeds(seeds: Sequence[str]) -> str:
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}"


def _mean(jobs: Sequence[Row], column: str) -> float:
    return sum(job[column] for job in jobs) / len(jobs)


def _share(jobs: Sequence[Row], part: str, whole: str) -> float:
    return sum(job[part] for job in jobs) / sum(job[whole] for job in jobs)


def _of(jobs: Sequence[Row], part: str, whole: str) -> str:
    """`30 of 32`, or `28 to 30 of 32` where seeds differ."""
    return f"{_ends(job[part] for job in jobs)} of {_ends(job[whole] for job in jobs)}"


def _ends(numbers: Iterable[int]) -> str:
    return " to ".join(map(str, dict.fromkeys((min(numbers := list(numbers)), max(numbers)))))


def _span(jobs: Sequence[Row], column: str) -> str:
    """`0.333`, or `0.250 to 0.333` where seeds differ; empty where no job has the number."""
    known = [job[column] for job in jobs if job[column] is not None]
    return " to ".join(dict.fromkeys(f"{end:.3f}" for end in (min(known), max(known)))) if known else ""
