"""Which views DifferNet's flow is trained on, and what held-out images say of the training."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from methods import Epoch, MethodError, Preparing, _views
from methods.differnet import DifferNet, flow, held_out, scores
from methods.differnet.held_out import History
from methods.differnet.training_views import Bank, Drawing, Fresh

SPREAD = _views.View(180.0, 0.0, 0.0, 0.0)


class Counted:
    """Stands where the backbone does: a view's only feature is the number of views seen before it."""

    look = SimpleNamespace(backbone="nothing")
    seen = 0

    def extract(self, image, views):
        self.seen += len(views)
        return torch.arange(self.seen - len(views), self.seen, dtype=torch.float32)[:, None]


def bank(*, images: int = 1, size: int, renewal: float = 0.0) -> Bank:
    """A bank that is filled; its features count the views."""
    drawing = Drawing([np.zeros((2, 2, 3), np.uint8)] * images, Counted(), SPREAD, torch.Generator().manual_seed(0))
    made = Bank(drawing, size=size, renewal=renewal)
    list(made.filled())
    return made


def photographs(count: int, side: int = 40) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.integers(0, 256, (side, side, 3), dtype=np.uint8) for _ in range(count)]


def test_an_epoch_shows_views_of_every_image_once():
    made = bank(images=10, size=5)
    batches = list(made.epoch(images=4, views=2))
    assert [len(batch) for batch in batches] == [8, 8, 4]
    images = (torch.cat(batches)[:, 0] // 5).int().tolist()
    assert sorted(images) == sorted([*range(10)] * 2) and images[::2] != list(range(10))


def test_the_oldest_views_are_replaced_first():
    made = bank(size=4, renewal=0.5)
    list(made.renewed())
    assert made.views[0, :, 0].tolist() == [4, 5, 2, 3]
    list(made.renewed())
    assert made.views[0, :, 0].tolist() == [4, 5, 6, 7]


@pytest.mark.parametrize("renewal, shown", [(0.0, 64), (3 / 23, 256), (1 / 23, 128), (1.0, 64 * 24)])
def test_a_bank_has_shown_as_many_views_as_its_renewal_says(renewal, shown):
    made = bank(size=64, renewal=renewal)
    for _ in range(23):
        list(made.renewed())
    assert (
        made.drawing.features.seen == shown == round(DifferNet(bank_views=64, bank_renewal=renewal)._views_seen("cpu"))
    )


def test_a_renewal_is_told_of_where_there_is_one():
    assert [event.what for event in bank(images=2, size=4, renewal=0.5).renewed()] == [
        "new training views through nothing"
    ] * 2
    assert list(bank(size=4).renewed()) == []


def test_fresh_views_are_those_that_a_bank_would_hold():
    """The same draws of order and views give the features that are extracted from each image."""
    method = DifferNet(**DifferNet.quick | {"bank_views": 0, "features_precision": "float32"})
    method._open("cpu")
    images, generator = photographs(3), torch.Generator().manual_seed(5)
    fresh = Fresh(Drawing(images, method._features, SPREAD, generator))
    list(fresh.filled())
    found = torch.cat(list(fresh.epoch(images=2, views=2)))
    generator.manual_seed(5)
    order = torch.randperm(3, generator=generator).tolist()
    views = _views.random_views(6, spread=SPREAD, generator=generator)
    expected = [
        method._features.extract(images[place], views[2 * number : 2 * number + 2])
        for number, place in enumerate(order)
    ]
    torch.testing.assert_close(found, torch.cat(expected), rtol=1e-4, atol=1e-5)


def test_no_view_is_shown_twice_where_views_are_fresh():
    method = DifferNet(**DifferNet.quick | {"bank_views": 0})
    seen = []
    drawn = Drawing.views
    try:
        Drawing.views = lambda self, count: seen.extend(views := drawn(self, count)) or views
        events = list(method.fit(photographs(3), seed=0, device="cpu"))
    finally:
        Drawing.views = drawn
    assert len(seen) == len(set(seen)) == 3 * 4 * 2 * 6
    assert isinstance(events[0], Preparing) and isinstance(events[-1], Epoch)
    assert "trained on fresh views in every epoch" in method.remarks()


def test_views_are_fresh_on_a_gpu_and_from_a_bank_on_a_cpu_unless_said_otherwise():
    assert DifferNet()._bank_size("cpu") == 64 and DifferNet()._bank_size("cuda:1") == 0
    assert DifferNet(bank_views=0)._bank_size("cpu") == 0 and DifferNet(bank_views=9)._bank_size("cuda") == 9
    assert DifferNet(rotation_degrees=0)._bank_size("cuda") == 1
    assert DifferNet(bank_views=0)._views_seen("cpu") == 24 * 8 * 4


@pytest.mark.parametrize("count, held", [(2, 0), (4, 0), (14, 0), (16, 2), (500, 50)])
def test_a_tenth_of_the_images_is_held_out_of_the_flow_where_that_is_two_or_more(count, held):
    fitted, watched = held_out.divided(range(count), 0.1, torch.Generator().manual_seed(0))
    assert len(watched) == held and sorted([*fitted, *watched]) == list(range(count))


def test_two_images_are_always_left_to_train_on():
    fitted, watched = held_out.divided(range(5), 0.9, torch.Generator().manual_seed(0))
    assert len(fitted) == 2 and len(watched) == 3


def test_nothing_is_held_out_and_no_number_drawn_where_the_share_is_zero():
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    fitted, watched = held_out.divided(range(30), 0.0, generator)
    assert list(fitted) == list(range(30)) and not len(watched) and torch.equal(generator.get_state(), before)


def test_the_held_out_loss_is_that_of_images_which_the_flow_never_saw():
    method = DifferNet(**DifferNet.quick)
    images = photographs(20)
    events = [event for event in method.fit(images, seed=0, device="cpu") if isinstance(event, Epoch)]
    generator = torch.Generator().manual_seed(0)
    _, watched = held_out.divided(images, 0.1, generator)
    seen = torch.cat([method._features.extract(image, method._test_views()) for image in watched])
    z = flow.latent(method._flow, seen, precision="float32")
    assert len(watched) == 2
    assert events[-1].held_out_loss == pytest.approx(float(flow.negative_log_likelihood(*z)), rel=1e-5)
    assert [event.kept for event in events] == [1, 2]


def test_the_weights_of_the_lowest_held_out_loss_are_kept_where_they_are_wanted(monkeypatch):
    def fitted(keep: str, losses: list[float]) -> DifferNet:
        told = iter(losses)
        monkeypatch.setattr(held_out.Watch, "_loss", lambda self, network: next(told))
        method = DifferNet(**DifferNet.quick | {"keep": keep, "meta_epochs": len(losses)})
        kept = [event.kept for event in method.fit(photographs(16), seed=0, device="cpu") if isinstance(event, Epoch)]
        return method, kept

    (short, _), (best, kept), (last, _) = (
        fitted("last", [1.0]),
        fitted("held_out", [1.0, math.nan, 2.0]),
        fitted("last", [1.0, math.nan, 2.0]),
    )
    scored = [[score.image for score in method.score(photographs(2))] for method in (short, best, last)]
    assert scored[0] == scored[1] != scored[2] and kept == [1, 1, 1]


@pytest.mark.parametrize(
    "training, watched, parted",
    [
        ((3.0, 2.0, 1.0), (3.0, 2.0, 2.5), True),
        ((3.0, 2.0, 1.0), (3.0, 2.0, 2.01), False),
        ((3.0, 2.0, 2.2), (3.0, 2.0, 2.5), False),
        ((3.0, 2.0, 1.0), (3.0, 2.0, math.nan), True),
        ((3.0, 2.0, 1.0), (), False),
    ],
)
def test_the_losses_have_parted_where_one_falls_and_the_other_rises(training, watched, parted):
    history = History(training, watched, images=2)
    assert history.parted is parted
    assert any("the two losses have parted" in remark for remark in history.remarks()) is parted


def test_remarks_say_when_no_image_could_be_held_out():
    assert History((1.0,)).remarks() == ("no image was held out to see whether the flow overfits",)
    (remark,) = History((1.0,), keeps_best=True).remarks()
    assert remark.endswith("the last weights are kept, although the lowest held-out loss was to choose")


def test_a_loaded_flow_says_how_it_was_trained(tmp_path):
    method = DifferNet(**DifferNet.quick | {"bank_renewal": 0.5})
    list(method.fit(photographs(10), seed=0, device="cpu"))
    method.save(tmp_path)
    remarks = DifferNet.load(tmp_path, device="cpu").remarks()
    assert remarks == method.remarks() and any("of which 0.5 are replaced" in remark for remark in remarks)


def test_a_flow_without_its_history_is_another_file(tmp_path):
    from safetensors.torch import load_file, save_file

    method = DifferNet(**DifferNet.quick)
    list(method.fit(photographs(2), seed=0, device="cpu"))
    method.save(tmp_path)
    file = tmp_path / "flow.safetensors"
    notes = {"backbone": method._weights.digest, "features_in": method._sees_in, "history": "{]"}
    save_file(load_file(file), file, metadata=notes)
    with pytest.raises(MethodError, match="its losses are missing or damaged"):
        DifferNet.load(tmp_path, device="cpu")


def test_the_dimensions_of_a_scale_are_followed_through_the_permutations():
    """A feature of the finest scale that changes moves no other dimension of z than its own, without couplings."""
    network = flow.build(flow.Shape(12, blocks=3, hidden_width=4, clamp=3.0), seed=0)
    permutations = [block for block in network.module_list if isinstance(block, flow.Permutation)]
    x = torch.zeros(1, 12)
    x[0, :4], x[0, 4:8], x[0, 8:] = 1, 2, 3
    for permutation in permutations:
        (x,), _ = permutation((x,))
    places = scores.places_of_scales(network, dims=12, scales=3)
    assert x[0][places].tolist() == [[1] * 4, [2] * 4, [3] * 4]


def test_each_rule_of_the_image_score_is_its_formula():
    z = torch.tensor([[1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 1.0, 1.0]])
    log_det, places = torch.tensor([1.0, 3.0]), torch.tensor([[0, 2], [1, 3]])
    assert scores.mean_z2(z, log_det, places) == pytest.approx(32 / 8)
    assert scores.likelihood(z, log_det, places) == pytest.approx(((30 / 2 - 1) + (2 / 2 - 3)) / 2 / 4)
    assert scores.worst_scale(z, log_det, places) == pytest.approx(((4 + 0) + (16 + 1)) / 4)


@pytest.mark.parametrize("rule", scores.RULES)
def test_each_rule_scores_images_and_says_what_it_is(rule):
    method = DifferNet(**DifferNet.quick | {"image_score": rule})
    list(method.fit(photographs(3), seed=0, device="cpu"))
    assert all(score.is_finite for score in method.score(photographs(2)))
    assert {"mean_z2": "mean of z^2", "likelihood": "negative log-likelihood", "worst_scale": "largest of 2 scales'"}[
        rule
    ] in method.score_rule()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here")
def test_an_epoch_of_fresh_views_on_a_gpu_does_not_wait_for_it():
    method = DifferNet(**DifferNet.quick)
    method._open("cuda")
    fresh = Fresh(Drawing(photographs(8), method._features, SPREAD, torch.Generator().manual_seed(0)))
    list(fresh.filled())
    list(fresh.epoch(images=4, views=2))
    torch.cuda.set_sync_debug_mode("error")
    try:
        found = list(fresh.epoch(images=4, views=2))
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert all(batch.isfinite().all() for batch in found)
