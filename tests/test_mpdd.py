"""MPDD: its published numbers."""

from datasets.mpdd import MPDD


def test_the_counts_add_up_to_the_published_totals():
    assert [sum(column) for column in zip(*MPDD.counts.values(), strict=True)] == [888, 176, 282]
    assert len(MPDD.counts) == 6
