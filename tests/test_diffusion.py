"""Defects painted by diffusers, with a pipeline of a few random weights."""

import json

import numpy as np
import pytest

from datasets import DataError
from datasets.making.painting import Task
from datasets.making.painting.diffusion import Diffusion

IMAGE = np.random.default_rng(0).integers(60, 190, (60, 80, 3), dtype=np.uint8)
MASK = np.zeros((60, 80), bool)
MASK[10:30, 10:40] = True


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A folder with an inpainting pipeline as small as its classes allow."""
    diffusers = pytest.importorskip("diffusers", reason="diffusers is not installed")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    import torch

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("model")
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)] + [","]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: index for index, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=32)
    text = transformers.CLIPTextConfig(
        hidden_size=16,
        intermediate_size=16,
        num_attention_heads=2,
        num_hidden_layers=1,
        vocab_size=len(words),
        max_position_embeddings=32,
        bos_token_id=len(words) - 2,
        eos_token_id=len(words) - 1,
        pad_token_id=1,
    )
    unet = diffusers.UNet2DConditionModel(
        sample_size=32,
        block_out_channels=(8, 16),
        layers_per_block=1,
        cross_attention_dim=16,
        attention_head_dim=2,
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )
    codec = diffusers.AutoencoderKL(
        block_out_channels=(8, 16),
        norm_num_groups=4,
        down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
    )
    diffusers.StableDiffusionInpaintPipeline(
        vae=codec,
        text_encoder=transformers.CLIPTextModel(text),
        tokenizer=tokenizer,
        unet=unet,
        scheduler=diffusers.DDIMScheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder / "pipeline")
    return str(folder / "pipeline")


def painter(model, **settings):
    return Diffusion(model=model, device="cpu", steps=2, size_px=64, **settings)


def test_a_pipeline_paints_the_same_for_a_seed_and_other_things_for_others(model):
    task = Task(IMAGE, MASK, "crack", "broken, cracked", 3)
    painted = painter(model).paint(task)
    assert painted.shape == IMAGE.shape and painted.dtype == np.uint8
    assert (painter(model).paint(task) == painted).all()
    assert (painter(model).paint(task._replace(seed=4)) != painted).any()


def test_an_image_goes_through_the_codec_of_the_pipeline_and_keeps_its_size(model):
    recoded = painter(model).recode(IMAGE, 0)
    assert recoded.shape == IMAGE.shape and (recoded != IMAGE).any()
    assert (painter(model).recode(IMAGE, 1) == recoded).all()


def test_the_record_names_pipeline_and_scheduler(model):
    assert painter(model, sampler="EulerAncestralDiscreteScheduler").loaded() == {
        "pipeline": "StableDiffusionInpaintPipeline",
        "scheduler": "EulerAncestralDiscreteScheduler",
    }


def test_a_scheduler_or_a_folder_that_is_none_is_one_sentence(model, tmp_path):
    with pytest.raises(DataError, match="--sampler Fast: diffusers has no such scheduler"):
        painter(model, sampler="Fast").loaded()
    with pytest.raises(DataError, match="cannot be loaded as an inpainting pipeline"):
        painter(str(tmp_path)).loaded()
