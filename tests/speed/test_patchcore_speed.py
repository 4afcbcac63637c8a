"""What PatchCore's coreset and memory cost, beside the published loop and beside the backbone, on one core.

Seconds are the processor's, not the clock's: other programs then weigh little. Features are random with variances that
fall about as those of a real network's patches. The numbers are printed by `pytest -m slow -s`.
"""

import pytest
import torch

from methods.patchcore import coreset
from methods.patchcore.memory import Memory
from tests.speed import published_patchcore
from tests.speed.timing import processor_seconds

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def features(n: int, dims: int, seed: int) -> torch.Tensor:
    """Clouds around 500 centres. The variance of axis i falls as 1/i, as in features of a network within a factor."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(500, dims, generator=torch.Generator().manual_seed(0))
    cloud = centres[torch.randint(500, (n,), generator=generator)] + 0.5 * torch.randn(n, dims, generator=generator)
    return cloud / (1 + torch.arange(dims)) ** 0.5


def test_the_coreset_of_320_images_takes_a_tenth_of_the_published_loop():
    n, count, measured, starts = 320 * 32 * 32, 32 * 32 * 32, 200, torch.arange(10)
    points = features(n, 1024, 1) @ coreset.projection(1024, 128, torch.Generator().manual_seed(0)).T
    one = processor_seconds(lambda: published_patchcore.picks(points, measured, starts), 1) / measured
    ours = processor_seconds(lambda: list(coreset.picks(points, count=count, starts=starts)), 1)
    print(
        f"\npublished {one * count:.0f} s, extrapolated from {measured} picks; "
        f"ours {ours:.0f} s: {one * count / ours:.1f} times faster"
    )
    assert one * count >= 10 * ours


def test_a_search_in_32768_rows_takes_less_than_the_network():
    from torchvision.models import wide_resnet50_2

    network = wide_resnet50_2().eval().to(memory_format=torch.channels_last)
    upto = torch.nn.Sequential(*list(network.children())[:-3])
    image = torch.rand(1, 3, 256, 256).contiguous(memory_format=torch.channels_last)
    memory, queries = Memory(features(32768, 1024, 1)), features(1024, 1024, 2)
    with torch.inference_mode():
        upto(image)
        memory.nearest(queries)
        search, backbone = (
            processor_seconds(work, 5) for work in (lambda: memory.nearest(queries), lambda: upto(image))
        )
    print(f"\nsearch {1e3 * search:.0f} ms, network {1e3 * backbone:.0f} ms: {search / backbone:.2f}")
    assert search < backbone
