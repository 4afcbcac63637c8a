"""PatchCore's memory: nearest neighbours against all differences in float64."""

import pytest
import torch

from methods.patchcore import pruned_search
from methods.patchcore.memory import Memory, PlainSearch


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def brute_force(rows, queries, neighbours, without=range(0)):
    distances = torch.stack([(rows.double() - query).square().sum(dim=1) for query in queries.double()])
    distances[:, without.start : without.stop] = torch.inf
    values, indices = distances.sort(stable=True)
    return values[:, :neighbours].float(), indices[:, :neighbours]


def clustered(n, dims, seed=0):
    centres = 100 * numbers(5, dims)
    return centres[torch.arange(n) % 5] + numbers(n, dims, seed=seed)


def copies(n, dims, seed=0):
    return numbers(n, dims, seed=seed)[torch.arange(n) // 4]


def whole(n, dims, seed=0):
    return numbers(n, dims, seed=seed).round()


@pytest.fixture(params=["float32", "bfloat16", "plain"])
def memory(request):
    """A function that makes a memory of each search."""

    def made(rows):
        memory = Memory(rows)
        search = (
            PlainSearch if request.param == "plain" else lambda rows: pruned_search.PrunedSearch(rows, request.param)
        )
        memory.search = search(memory.rows)
        return memory

    return made


@pytest.mark.parametrize("neighbours", [1, 3])
@pytest.mark.parametrize("dims", [1, 7, 63, 300])
@pytest.mark.parametrize("kind", [numbers, clustered, copies, whole])
def test_the_nearest_are_those_of_brute_force(memory, kind, dims, neighbours):
    rows, queries = kind(2500, dims), torch.cat([kind(2500, dims)[5:25], kind(40, dims, seed=1)])
    distances, indices = memory(rows).nearest(queries, neighbours)
    expected, places = brute_force(rows, queries, neighbours)
    torch.testing.assert_close(distances, expected, rtol=1e-6, atol=0)
    assert torch.equal(indices, places)


@pytest.mark.parametrize("without", [range(0, 3), range(2000, 2300), range(0, 2490), range(2495, 2500)])
def test_rows_left_out_are_never_found(memory, without):
    rows = numbers(2500, 20)
    _, indices = memory(rows).nearest(rows[without.start : without.start + 5], 4, without=without)
    assert torch.equal(indices, brute_force(rows, rows[without.start : without.start + 5], 4, without)[1])


def test_a_row_is_at_exactly_0_from_itself_also_far_from_zero(memory):
    rows = numbers(300, 200) + 1000
    distances, indices = memory(rows).nearest(rows)
    assert not distances.any() and torch.equal(indices[:, 0], torch.arange(300))


def test_a_memory_of_one_row_or_of_equal_rows_answers(memory):
    assert memory(torch.ones(1, 5)).nearest(torch.zeros(2, 5))[0].tolist() == [[5.0], [5.0]]
    assert memory(torch.ones(70, 5)).nearest(torch.zeros(1, 5), 3)[1].tolist() == [[0, 1, 2]]


def test_more_neighbours_than_rows_are_refused():
    with pytest.raises(ValueError, match="between 1 and the 7 rows"):
        Memory(numbers(10, 4)).nearest(numbers(1, 4), 8, without=range(3))


def test_rows_stay_as_they_are_and_answers_do_not_depend_on_company(memory):
    rows, queries = numbers(500, 80), numbers(1500, 80, seed=1)
    before, built = rows.clone(), memory(rows)
    together = built.nearest(queries, 2)
    for place in (0, 1024, 1499):
        alone = built.nearest(queries[place : place + 1], 2)
        assert all(torch.equal(a[place : place + 1], b) for a, b in zip(together, alone, strict=True))
    assert torch.equal(rows, before)


def test_a_product_in_lower_precision_changes_no_answer(memory):
    rows, queries = clustered(1000, 100), clustered(50, 100, seed=1)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        found = memory(rows).nearest(queries)[1]
    finally:
        torch.set_float32_matmul_precision(before)
    assert torch.equal(found, brute_force(rows, queries, 1)[1])
