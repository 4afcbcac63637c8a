"""The painters: the suite's generator, and the web UI over a server that speaks its API."""

import sys
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from datasets import DataError, defect_kinds
from datasets.making import change
from datasets.making.painting import PaintError, Task, choice
from datasets.making.painting.blend import Blend
from datasets.making.painting.frame import fitted, restored
from datasets.making.painting.webui import WebUI
from tests.webui_server import decoded, serving

IMAGE = np.random.default_rng(0).integers(90, 160, (48, 64, 3), dtype=np.uint8)
MASK = np.zeros((48, 64), bool)
MASK[10:30, 20:40] = True


def task(shape="crack", seed=1, image=IMAGE):
    return Task(image, MASK, shape, "broken", seed)


@pytest.fixture
def server():
    with serving() as running:
        yield running


def webui(server, **settings):
    return WebUI(url=server.url, size_px=64, wait_seconds=0.001, **settings)


@pytest.mark.parametrize("kind", [*defect_kinds(), "some/file.png"])
def test_a_blended_defect_is_seen_and_leaves_all_else_to_the_last_bit(kind):
    painted = Blend().paint(task(kind))
    assert (painted[~MASK] == IMAGE[~MASK]).all()
    assert change.is_there(change.changed(IMAGE, painted, MASK), MASK)


def test_the_same_seed_blends_the_same_and_another_one_something_else():
    assert (Blend().paint(task()) == Blend().paint(task())).all()
    assert (Blend().paint(task("f.png", 1)) != Blend().paint(task("f.png", 2))).any()


def test_gray_images_stay_gray_when_they_are_blended_into():
    gray = np.repeat(IMAGE[..., :1], 3, axis=2)
    for kind in defect_kinds():
        assert (np.ptp(Blend().paint(task(kind, image=gray)).astype(int), axis=2) == 0).all()


def test_a_misplaced_piece_of_a_plain_surface_becomes_a_stain_that_is_seen():
    plain = np.full_like(IMAGE, 120)
    assert change.is_there(change.changed(plain, Blend().paint(task("misplaced", image=plain)), MASK), MASK)


def test_an_image_too_small_to_blend_into_fails_alone():
    with pytest.raises(PaintError, match="fewer than 32 pixels"):
        Blend().paint(Task(IMAGE[:20, :20], MASK[:20, 15:35], "crack", "", 0))


def test_only_what_differs_inside_the_mask_has_changed():
    after = IMAGE.copy()
    after[12:20, 22:30] = 255
    after[40:, :] = 255
    after[25, 35] = 255  # a single pixel
    expected = np.zeros_like(MASK)
    expected[12:20, 22:30] = True
    assert (change.changed(IMAGE, after, MASK) == expected).all()
    assert not change.changed(IMAGE, IMAGE + 5, MASK).any()


@pytest.mark.parametrize(("rows", "seen"), [(slice(10, 19), False), (slice(10, 21), True)])
def test_a_defect_of_which_less_than_half_changed_is_not_there(rows, seen):
    after = IMAGE.copy()
    after[rows, 20:40] = 255
    assert change.is_there(change.changed(IMAGE, after, MASK), MASK) is seen


def test_a_gap_of_a_pixel_is_closed():
    after = IMAGE.copy()
    after[12:20, 22:30] = 255
    after[12:20, 26] = IMAGE[12:20, 26]
    assert change.changed(IMAGE, after, MASK)[13:19, 26].all()


def test_images_are_sent_at_the_size_that_the_model_sees_and_come_back_at_their_own():
    assert fitted(np.zeros((30, 100, 3), np.uint8), 512).shape == (152, 512, 3)
    mask = fitted(MASK, 128)
    assert mask.dtype == bool and mask.shape == (96, 128) and mask.mean() == pytest.approx(MASK.mean(), rel=0.05)
    assert restored(np.zeros((152, 512, 3), np.uint8), (30, 100, 3)).shape == (30, 100, 3)


def test_the_web_ui_is_asked_with_image_mask_and_every_setting(server):
    painted = webui(server, steps=7, sampler="DDIM", strength=0.5, guidance=4, mask_blur_px=2).paint(task(seed=9))
    asked = server.asked[0]
    assert {name: asked[name] for name in ("prompt", "steps", "sampler_name", "denoising_strength", "seed")} == {
        "prompt": "broken",
        "steps": 7,
        "sampler_name": "DDIM",
        "denoising_strength": 0.5,
        "seed": 9,
    }
    assert (asked["cfg_scale"], asked["mask_blur"], asked["width"], asked["height"]) == (4, 2, 64, 48)
    assert (np.asarray(decoded(asked["init_images"][0])) == IMAGE).all()
    assert ((np.asarray(decoded(asked["mask"]))[..., 0] == 255) == MASK).all()
    assert painted[MASK][:, 0].mean() > 200


def test_a_recoded_image_is_sent_without_mask_and_without_noise(server):
    changed = webui(server).recode(IMAGE, 0)
    assert "mask" not in server.asked[0] and server.asked[0]["denoising_strength"] == 0
    assert changed.shape == IMAGE.shape and (changed != IMAGE).any()


def test_a_busy_server_is_asked_again(server):
    server.refusals = [503, 502, 429]
    assert webui(server).paint(task()).shape == IMAGE.shape


def test_a_server_that_fails_with_one_image_fails_that_defect_alone(server):
    server.refusals = [500]
    with pytest.raises(PaintError, match="failed with status 500: no room"):
        webui(server).paint(task())


def test_a_request_that_is_refused_is_one_sentence_for_all(server):
    server.refusals = [422]
    with pytest.raises(DataError, match="refuses with status 422: no room; is the web UI started"):
        webui(server).paint(task())


def test_a_server_that_is_not_there_is_one_sentence():
    with pytest.raises(DataError, match=r"nothing answers at http://127.0.0.1:9/sdapi/v1/options after 6 attempts"):
        WebUI(url="http://127.0.0.1:9", wait_seconds=0.001).loaded()


def test_the_record_names_the_model_and_keeps_no_password(server):
    assert webui(server).loaded() == {"model": "tiny.safetensors [0123abcd]"}
    assert "secret" not in str(WebUI(url="http://me:secret@host:1/").settings())


def test_settings_that_a_backend_does_not_have_are_refused():
    with pytest.raises(DataError, match="--steps: blend has no such setting"):
        choice.chosen("blend", {"steps": 3, "url": None})
    with pytest.raises(DataError, match="--mask-blur: diffusers has no such setting"):
        choice.chosen("diffusers", {"model": "m", "mask_blur_px": 3})
    with pytest.raises(DataError, match="needs --model"):
        choice.chosen("diffusers", {})
    with pytest.raises(DataError, match="did you mean webui"):
        choice.chosen("webiu", {})


def test_without_diffusers_one_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(DataError, match=r"needs diffusers: pip install -e '.\[diffusers\]'"):
        choice.chosen("diffusers", {"model": "m"}).loaded()


def test_a_picture_with_the_header_of_a_link_is_read():
    import base64

    from datasets.making.painting.webui import _as_image

    file = BytesIO()
    Image.fromarray(IMAGE).save(file, format="PNG")
    text = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    assert (_as_image(text) == IMAGE).all()
