"""Refusal of settings that contradict each other."""

from methods._refusals import Use, idle, is_set
from methods.cae.architectures import ARCHITECTURES, input_px
from methods.cae.hyperparameters import AutoencoderSettings
from methods.cae.scores import OF_LOSS, difference_shown

MS_SSIM_MIN_PX = 176
"""The smallest side for MS-SSIM: at its last scale, a sixteenth of it holds the window of 11 pixels."""
OWN = {setting for architecture in ARCHITECTURES.values() for setting in architecture.takes}
"""The settings that only some architectures have."""
USES = {
    "data_range": Use(lambda own: "ssim" in (OF_LOSS[own.loss], difference_shown(own)), "SSIM in the loss or the map"),
    "map_color": Use(lambda own: own.color_mode == "rgb", "color_mode=rgb"),
    "patch_stride_px": Use(lambda own: own.patches, "patches=true"),
    "patch_average": Use(lambda own: own.patches, "patches=true"),
    "top_share": Use(lambda own: own.image_score == "top_mean", "image_score=top_mean"),
    "learning_rate": Use(lambda own: not own.find_learning_rate, "find_learning_rate=false"),
    "finder_drop": Use(lambda own: own.find_learning_rate, "find_learning_rate=true"),
    "learning_rate_decay": Use(lambda own: own.learning_rate_schedule == "decay", "learning_rate_schedule=decay"),
    "plateau_patience": Use(lambda own: own.learning_rate_schedule == "plateau", "learning_rate_schedule=plateau"),
    "plateau_factor": Use(lambda own: own.learning_rate_schedule == "plateau", "learning_rate_schedule=plateau"),
    "fill": Use(lambda own: own.rotation_degrees > 0 or own.shift_share > 0, "rotation_degrees or shift_share above 0"),
    "patience": Use(lambda own: own.learning_rate_schedule != "one_cycle", "a schedule other than one_cycle"),
}
"""Settings that have an effect only together with others."""


def contradiction(settings: AutoencoderSettings) -> str | None:
    """What is wrong with the combination of settings and what to do, in a sentence; None if nothing is wrong."""
    name, chosen = settings.architecture, ARCHITECTURES[settings.architecture]
    if settings.color_mode not in chosen.color_modes:
        modes = " or ".join(chosen.color_modes)
        return f"the architecture {name} works with color_mode={modes} only, not {settings.color_mode}: set that"
    if settings.patches and not chosen.patch_px:
        able = ", ".join(other for other, architecture in ARCHITECTURES.items() if architecture.patch_px)
        return f"the architecture {name} works on whole images only: set patches=false, or architecture={able}"
    if settings.loss == "ms_ssim" and input_px(settings) < MS_SSIM_MIN_PX:
        return (
            f"the loss ms_ssim needs sides of {MS_SSIM_MIN_PX} pixels or more, and patches have "
            f"{input_px(settings)}: set loss=ssim, or patches=false"
        )
    if settings.learning_rate_schedule == "plateau" and settings.plateau_patience >= settings.patience:
        return (
            f"training stops after {settings.patience} epochs without a lower held-out loss (patience), before "
            f"{settings.plateau_patience} of them (plateau_patience) reduce the rate: make patience larger"
        )
    return _other_architectures(settings) or idle(settings, USES)


def _other_architectures(settings: AutoencoderSettings) -> str | None:
    """A sentence on a changed setting that only other architectures have; None if there is none."""
    for setting in sorted(OWN - set(ARCHITECTURES[settings.architecture].takes)):
        if is_set(settings, setting):
            able = ", ".join(name for name, architecture in ARCHITECTURES.items() if setting in architecture.takes)
            return f"{setting} is a setting of {able}, not of the architecture {settings.architecture}: leave it out"
    return None
