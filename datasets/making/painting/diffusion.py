"""Paint defects with an inpainting pipeline of the library diffusers, on this machine."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from datasets import DataError
from datasets.making import device as devices
from datasets.making.extras import library
from datasets.making.painting import PaintError, Prompted, Task
from datasets.making.painting.frame import fitted, restored


@dataclass(frozen=True)
class Diffusion(Prompted):
    """Any inpainting pipeline that diffusers loads, by the folder that holds it or by its name on a model hub."""

    model: str
    device: str = "auto"
    steps: int = 20
    sampler: str = ""
    """Class of the scheduler, such as EulerAncestralDiscreteScheduler; empty: the model's own."""
    strength: float = 0.75
    guidance: float = 7.0
    size_px: int = 512

    libraries: ClassVar = ("diffusers", "torch", "transformers")

    def settings(self) -> Mapping[str, Any]:
        """The fields but the device, which changes no more than rounding."""
        return {name: value for name, value in asdict(self).items() if name != "device"}

    def loaded(self) -> Mapping[str, str]:
        """The classes of the pipeline and of its scheduler."""
        return {"pipeline": type(self.pipeline).__name__, "scheduler": type(self.pipeline.scheduler).__name__}

    @cached_property
    def pipeline(self) -> Any:
        """The pipeline on its device."""
        diffusers = library("diffusers", extra="diffusers", wanted_for="--backend diffusers")
        try:
            loaded = diffusers.AutoPipelineForInpainting.from_pretrained(self.model)
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise DataError(
                f"--model {self.model} cannot be loaded as an inpainting pipeline of diffusers: {_first_line(error)}"
            ) from None
        if self.sampler:
            scheduler = getattr(diffusers, self.sampler, None)
            if scheduler is None or not hasattr(scheduler, "from_config"):
                raise DataError(f"--sampler {self.sampler}: diffusers has no such scheduler, see its documentation")
            loaded.scheduler = scheduler.from_config(loaded.scheduler.config)
        loaded.set_progress_bar_config(disable=True)
        return loaded.to(devices.found(self.device))

    def paint(self, task: Task) -> np.ndarray:
        """See `Painter`. Raises PaintError where the model's filter withholds the result."""
        import torch
        from PIL import Image

        image, mask = fitted(task.image, self.size_px), fitted(task.mask, self.size_px)
        made = self.pipeline(
            prompt=task.prompt,
            negative_prompt=self.negative_prompt or None,
            image=Image.fromarray(image),
            mask_image=Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)),
            height=image.shape[0],
            width=image.shape[1],
            strength=self.strength,
            guidance_scale=self.guidance,
            num_inference_steps=self.steps,
            generator=torch.Generator("cpu").manual_seed(task.seed),
        )
        if any(getattr(made, "nsfw_content_detected", None) or ()):
            raise PaintError("the content filter of the model withheld the result")
        return restored(np.asarray(made.images[0].convert("RGB")), task.image.shape)

    def recode(self, image: np.ndarray, seed: int) -> np.ndarray:
        """Through the encoder of the pipeline and its decoder. The mode is taken, so that no seed is needed."""
        import torch

        pipeline = self.pipeline
        small = np.asarray(fitted(image, self.size_px), np.float32)
        pixels = torch.from_numpy(small / 127.5 - 1).permute(2, 0, 1)[None]
        with torch.no_grad():
            latent = pipeline.vae.encode(pixels.to(pipeline.vae.device, pipeline.vae.dtype)).latent_dist.mode()
            decoded = pipeline.vae.decode(latent).sample[0].float().cpu().permute(1, 2, 0).numpy()
        return restored(np.rint(np.clip(decoded * 127.5 + 127.5, 0, 255)).astype(np.uint8), image.shape)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
