"""report.tex: a document of tables to compile, or to paste table by table into a paper (booktabs)."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from reports import legend
from reports.comparison import TOO_FEW, Cell, few_normal, lines
from reports.files import write_text
from reports.marks import MADE_BY
from reports.printable import printable_lines
from reports.report import Report
from reports.tables import METRICS, decimals, has, headed, means, names

COMPARED = ("image_auroc", "pixel_auroc", "pixel_average_precision", "aupro")
"""The columns that have a table of categories by methods."""
RATES = ("true_positive_rate", "false_positive_rate", "balanced_accuracy")
DOUBT = r"\doubt"
HEAD = (
    f"% {MADE_BY}\n"
    + r"""\documentclass[a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{textcomp}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage{booktabs}
\usepackage{graphicx}
\usepackage[margin=2cm]{geometry}
\newcommand{\interval}[2]{{\scriptsize\,[#1, #2]}}
\newcommand{\seeds}[1]{{\scriptsize\,#1}}
\newcommand{\doubt}{\ensuremath{^{\approx}}}
"""
)
LETTERS = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"\ensuremath{\pm}",
    "≈": r"\ensuremath{\approx}",
    "†": r"\dag{}",
    "·": r"\ensuremath{\cdot}",
    **{character: f"\\{character}" for character in "#$%&_"},
}


def write(folder: Path, report: Report) -> None:
    """Write report.tex."""
    write_text(folder / "report.tex", printable_lines(text(report)))


def text(report: Report) -> str:
    """The whole document."""
    table = report.jobs
    body = [f"\\section*{{Anomaly detection on {escape(', '.join(table['dataset'].unique()))}}}"]
    body += [escape(f"{each.told}{each.command or 'the same call again'}") for each in report.unfinished]
    if table["failure"].isna().any():
        body += [_legend(table)]
        body += [_compared(table, column) for column in COMPARED if has(table, column)]
        body += [_rates(table)] if has(table, "threshold") else []
        body += [_verdicts(report.verdicts)] if len(report.verdicts) else []
    return "\n\n".join([HEAD + r"\begin{document}", *body, r"\end{document}"]) + "\n"


def escape(text: str) -> str:
    """Any text, so that LaTeX prints it; a character that its fonts lack becomes a question mark."""
    return "".join(SPECIAL.get(character) or (character if _is_printed(character) else "?") for character in text)


def _is_printed(character: str) -> bool:
    """Whether the T1 fonts surely have a character; others may stop the compiler."""
    return " " <= character <= "~" or character in LETTERS


def _legend(table: pd.DataFrame) -> str:
    items = [f"\\item[{escape(name)}] {escape(settings)}" for name, settings in legend.lines(table)]
    return "\n".join([r"\begin{description}", *items, r"\end{description}"])


def _compared(table: pd.DataFrame, column: str) -> str:
    """A table of categories by methods: the best bold, the second underlined, intervals small."""
    compared = lines(table, column)
    rows = [
        [f"\\emph{{{escape(line.title)}}}" if line.of_all else escape(line.title), *map(_cell, line.cells)]
        for line in compared
    ]
    rules = [f"Bold: highest of the row; underlined: the second; {DOUBT}: not shown to be better than the second."]
    rules += [escape(TOO_FEW)] if few_normal(table) else []
    caption = " ".join([f"{escape(METRICS[column])}.", *rules])
    of_all = sum(line.of_all for line in compared)
    return _table(["category", *map(escape, names(table))], rows, caption=caption, apart=of_all)


def _cell(cell: Cell) -> str:
    number = escape(cell.number)
    number = f"\\textbf{{{number}}}" if cell.best else f"\\underline{{{number}}}" if cell.second else number
    interval = f"\\interval{{{'}{'.join(cell.interval.strip('[]').split(', '))}}}" if cell.interval else ""
    seeds = f"\\seeds{{{escape(cell.seeds)}}}" if cell.seeds else ""
    return f"{number}{DOUBT if cell.doubtful else ''}{interval}{seeds}"


def _rates(table: pd.DataFrame) -> str:
    found = {column: means(table, column) for column in RATES}
    rows = [
        [escape(name), *(decimals(_mean(mean.by_method.get(name))) for mean in found.values())] for name in names(table)
    ]
    first, headers = headed({METRICS[column]: mean for column, mean in found.items()}, table)
    return _table([escape(first), *map(escape, headers)], rows, caption="At the threshold.")


def _mean(spread: object) -> float | None:
    return spread.mean if spread else None


def _verdicts(verdicts: pd.DataFrame) -> str:
    items = [
        f"\\item {escape(row['name'])} on {escape(row['place'])}: {escape(row['text'])}. "
        f"\\emph{{{escape(row['advice'][:1].upper() + row['advice'][1:])}.}}"
        for row in verdicts.to_dict("records")
    ]
    return "\n".join([r"\subsection*{Verdicts}", r"\begin{itemize}", *items, r"\end{itemize}"])


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str, apart: int = 0) -> str:
    """A table with booktabs; the last `apart` rows are set apart by a rule. Wide ones shrink to the page."""
    rows = list(rows)
    text = [f"{' & '.join(row)} \\\\" for row in rows]
    if 0 < apart < len(text):
        text.insert(len(text) - apart, r"\midrule")
    columns = "l" + "r" * (len(headers) - 1)
    return "\n".join(
        [
            r"\begin{table}[ht]",
            r"\centering",
            f"\\caption{{{caption}}}",
            r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            f"\\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            f"{' & '.join(headers)} \\\\",
            r"\midrule",
            *text,
            r"\bottomrule",
            r"\end{tabular}}",
            r"\end{table}",
        ]
    )
