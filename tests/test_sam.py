"""Segments found by segment-anything, with a model of a few random weights."""

import numpy as np
import pytest
from PIL import Image

from datasets import DataError
from datasets.making import sam, segments


@pytest.mark.parametrize(
    ("name", "given", "model"), [("sam_vit_h_4b.pth", "", "vit_h"), ("mine.pth", "vit_l", "vit_l")]
)
def test_the_model_is_told_or_stands_in_the_name_of_the_checkpoint(tmp_path, name, given, model):
    assert sam.model_of(tmp_path / name, given) == model


def test_a_model_that_nobody_names_or_that_is_none_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match="add --sam-model"):
        sam.model_of(tmp_path / "mine.pth", "")
    with pytest.raises(DataError, match="expected vit_b, vit_l, vit_h"):
        sam.model_of(tmp_path / "mine.pth", "huge")


def test_segments_are_written_as_they_are_read(tmp_path):
    found = [sam.Segment(np.eye(4, dtype=bool), (0, 4, 0, 0, 4, 4, 0.9, 0.95))]
    Image.fromarray(found[0].mask).save(tmp_path / "0.png")
    (tmp_path / segments.METADATA).write_text(sam.table(found))
    assert segments.are_in(tmp_path) and segments.files(tmp_path) == [tmp_path / "0.png"]


@pytest.fixture
def package():
    return pytest.importorskip("segment_anything", reason="segment-anything is not installed")


def tiny(checkpoint=None):
    """A model as small as its classes allow."""
    import torch
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

    torch.manual_seed(0)
    encoder = ImageEncoderViT(img_size=64, embed_dim=16, depth=1, num_heads=2, out_chans=16, global_attn_indexes=(0,))
    prompts = PromptEncoder(embed_dim=16, image_embedding_size=(4, 4), input_image_size=(64, 64), mask_in_chans=4)
    transformer = TwoWayTransformer(depth=1, embedding_dim=16, mlp_dim=16, num_heads=2)
    decoder = MaskDecoder(transformer=transformer, transformer_dim=16, iou_head_depth=2, iou_head_hidden_dim=16)
    return Sam(encoder, prompts, decoder).eval()


def test_the_package_finds_segments_at_the_size_of_the_image(package, tmp_path, monkeypatch):
    monkeypatch.setitem(package.sam_model_registry, "vit_b", tiny)
    monkeypatch.setattr(
        package,
        "SamAutomaticMaskGenerator",
        lambda model, make=package.SamAutomaticMaskGenerator: make(
            model, points_per_side=3, pred_iou_thresh=-9, stability_score_thresh=-1
        ),
    )
    (tmp_path / "sam.pth").touch()
    find = sam.segmenter(tmp_path / "sam.pth", "vit_b", "cpu")
    found = find(np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8))
    assert found and all(segment.mask.shape == (40, 60) and segment.mask.dtype == bool for segment in found)
    assert all(len(segment.row) == len(segments.FIELDS) for segment in found)


def test_a_checkpoint_that_is_none_is_one_sentence(package, tmp_path):
    with pytest.raises(DataError, match="there is no such file"):
        sam.segmenter(tmp_path / "absent.pth", "vit_b", "cpu")
