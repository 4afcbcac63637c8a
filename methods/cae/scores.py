"""The difference that an anomaly map shows, and the image score made from the map."""

import numpy as np

from methods._maps import top_mean
from methods.cae.hyperparameters import AutoencoderSettings

OF_LOSS = {"mse": "l2", "mae": "l1", "l2": "l2", "ssim": "ssim", "ms_ssim": "ssim"}
"""The difference that each loss minimises."""
IN_WORDS = {"l1": "absolute difference", "l2": "squared difference", "ssim": "1 - SSIM"}


def difference_shown(settings: AutoencoderSettings) -> str:
    """The difference that anomaly maps show: l1, l2 or ssim."""
    return OF_LOSS[settings.loss] if settings.map == "auto" else settings.map


def image_score(map: np.ndarray, settings: AutoencoderSettings) -> float:
    """The maximum of a map, its mean, or the mean of the share `top_share` of its pixels that are highest."""
    if settings.image_score == "max":
        return float(map.max())
    if settings.image_score == "mean":
        return float(map.mean(dtype=np.float64))
    return top_mean(map, settings.top_share)


def rule(settings: AutoencoderSettings) -> str:
    """The image score and the map, in words for the report."""
    share = f"mean of the highest pixels of the map, a share of {settings.top_share:.3g}"
    of_map = {"max": "maximum of the map", "mean": "mean of the map", "top_mean": share}[settings.image_score]
    shown = IN_WORDS[difference_shown(settings)]
    averaged = f", with the {settings.patch_average} of overlapping patches averaged" if settings.patches else ""
    return f"{of_map}; map: {shown} of the image ({settings.color_mode}) and its reconstruction{averaged}"
