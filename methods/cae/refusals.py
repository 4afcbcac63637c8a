"""Settings that contradict each other."""

from typing import TYPE_CHECKING

from methods.cae.architectures import ARCHITECTURES, input_px

if TYPE_CHECKING:
    from methods.cae import ConvolutionalAutoencoder

MS_SSIM_MIN_PX = 176
"""The window of 11 pixels fits into a sixteenth of it."""
OWN = {setting for architecture in ARCHITECTURES.values() for setting in architecture.takes}
"""The settings that only some architectures know."""


def contradiction(settings: "ConvolutionalAutoencoder") -> str | None:
    """What is wrong with the settings together, as a sentence with what to do; None where nothing is."""
    name, chosen = settings.architecture, ARCHITECTURES[settings.architecture]
    if settings.color_mode not in chosen.color_modes:
        return f"the architecture {name} sees {' or '.join(chosen.color_modes)} only: set color_mode to it"
    if settings.patches and not chosen.patch_px:
        able = ", ".join(other for other, architecture in ARCHITECTURES.items() if architecture.patch_px)
        return f"the architecture {name} sees whole images only: patches are for {able}"
    if settings.loss == "ms_ssim" and input_px(settings) < MS_SSIM_MIN_PX:
        return (
            f"the loss ms_ssim needs sides of {MS_SSIM_MIN_PX} pixels or more, and patches have "
            f"{input_px(settings)}: take the loss ssim, or see images whole"
        )
    return next((_of_others(settings, setting) for setting in sorted(OWN) if _is_ignored(settings, setting)), None)


def _is_ignored(settings: "ConvolutionalAutoencoder", setting: str) -> bool:
    """Whether a setting has been set that the architecture does not know."""
    default = type(settings).__pydantic_fields__[setting].default
    return setting not in ARCHITECTURES[settings.architecture].takes and getattr(settings, setting) != default


def _of_others(settings: "ConvolutionalAutoencoder", setting: str) -> str:
    able = ", ".join(name for name, architecture in ARCHITECTURES.items() if setting in architecture.takes)
    return f"{setting} is a setting of {able}: the architecture {settings.architecture} has none to set"
