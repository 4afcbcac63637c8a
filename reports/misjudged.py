"""How many images of a row are misjudged at its threshold."""

from typing import NamedTuple, Self

from reports.rows import Row


class Misjudged(NamedTuple):
    """Numbers of test images; a mean over seeds need not be whole. None: there is no threshold, or no such image."""

    missed: float | None
    defective: int
    false_alarms: float | None
    normal: int

    @classmethod
    def of(cls, row: Row) -> Self:
        """The numbers of a row, out of its rates."""
        defective, normal = row["test_defective"], row["test_normal"]
        found, alarms = row["true_positive_rate"], row["false_positive_rate"]
        return cls(
            None if found is None else round((1 - found) * defective),
            defective,
            None if alarms is None else round(alarms * normal),
            normal,
        )


def share(number: float | None, of: int) -> str:
    """`3/14`, `2.5/14` or, where there is no number, `n/a`."""
    return "n/a" if number is None else f"{number:.3g}/{of}"


def in_words(row: Row) -> str:
    """`AUROC .956, missed 30/32, false alarms 0/14`, as far as there are numbers."""
    found = Misjudged.of(row)
    auroc = "no AUROC" if row["image_auroc"] is None else f"AUROC {without_zero(row['image_auroc'])}"
    if row["threshold"] is None:
        return f"{auroc}, no threshold"
    missed, alarms = share(found.missed, found.defective), share(found.false_alarms, found.normal)
    return f"{auroc}, missed {missed}, false alarms {alarms}"


def without_zero(value: float, decimals: int = 3) -> str:
    """A share without the zero before its point: `.956`; `1.000` as it is."""
    return f"{value:.{decimals}f}".removeprefix("0")
