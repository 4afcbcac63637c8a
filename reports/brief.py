"""The first numbers of a job in a phrase, and how numbers of misjudged images are written."""

from reports.rows import Row


def in_words(row: Row) -> str:
    """`AUROC .956, missed 30/32, false alarms 0/14`, as far as there are numbers."""
    auroc = "no AUROC" if row["image_auroc"] is None else f"AUROC {without_zero(row['image_auroc'])}"
    if row["threshold"] is None:
        return f"{auroc}, no threshold"
    missed = share(row["missed"], row["test_defective"])
    return f"{auroc}, missed {missed}, false alarms {share(row['false_alarms'], row['test_normal'])}"


def share(number: float | None, of: float) -> str:
    """`3/14`, `2.5/14` or, where there is no number, `n/a`."""
    return "n/a" if number is None or not of else f"{number:.4g}/{of:.4g}"


def without_zero(value: float, decimals: int = 3) -> str:
    """A share without the zero before its point: `.956`; `1.000` as it is."""
    return f"{value:.{decimals}f}".removeprefix("0")


def seconds(value: float) -> str:
    """`0.21 s`, `140 s` or `25 min`."""
    if value >= 600:
        return f"{value / 60:,.0f} min"
    return f"{value:.0f} s" if value >= 10 else f"{value:.2g} s"
