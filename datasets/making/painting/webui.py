"""Paint defects with Stable Diffusion in AUTOMATIC1111's web UI, through its API, as DSAII was painted by hand."""

import base64
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

import numpy as np

from datasets import DataError
from datasets.making.painting import PaintError, Prompted, Task
from datasets.making.painting.frame import fitted, restored

TIMES = 5
"""Attempts after one that was not answered or that the server was too busy for."""
BUSY = (429, 502, 503, 504)
CONNECT_SECONDS, ANSWER_SECONDS = 10, 900
MASKED_ORIGINAL = 1
"""`inpainting_fill`: begin with the image itself, not with noise."""


@dataclass(frozen=True)
class WebUI(Prompted):
    """Sends each image with its mask to `/sdapi/v1/img2img`.

    DSAII names no setting but the prompts, so these are the ones that the web UI begins with.
    """

    url: str = "http://127.0.0.1:7860"
    steps: int = 20
    sampler: str = "Euler a"
    strength: float = 0.75
    """Denoising strength: 0 keeps the image, 1 forgets it."""
    guidance: float = 7.0
    size_px: int = 512
    """Longer side of the image that the model sees."""
    mask_blur_px: int = 4
    wait_seconds: float = 1.0
    """Before the second attempt; twice as long before each further one."""

    libraries: ClassVar = ("requests", "pillow")

    def settings(self) -> Mapping[str, Any]:
        """The fields, without what is no matter of pixels or of nobody else: the waiting, and a password."""
        address = urlsplit(self.url)
        public = urlunsplit(address._replace(netloc=address.netloc.rpartition("@")[2]))
        kept = {name: value for name, value in asdict(self).items() if name != "wait_seconds"}
        return {**kept, "url": public}

    def loaded(self) -> Mapping[str, str]:
        """The checkpoint that the server has loaded."""
        try:
            return {"model": str(self._answer("GET", "options").get("sd_model_checkpoint") or "unknown")}
        except PaintError as error:
            raise DataError(f"{self.url}: {error}") from None

    def paint(self, task: Task) -> np.ndarray:
        """See `Painter`."""
        image, mask = fitted(task.image, self.size_px), fitted(task.mask, self.size_px)
        return restored(self._img2img(image, mask, task.prompt, self.strength, task.seed), task.image.shape)

    def recode(self, image: np.ndarray, seed: int) -> np.ndarray:
        """With a denoising strength of 0, an image is encoded and decoded only."""
        return restored(self._img2img(fitted(image, self.size_px), None, "", 0.0, seed), image.shape)

    def _img2img(
        self, image: np.ndarray, mask: np.ndarray | None, prompt: str, strength: float, seed: int
    ) -> np.ndarray:
        height, width = image.shape[:2]
        asked = {
            "init_images": [_as_text(image)],
            "prompt": prompt,
            "negative_prompt": self.negative_prompt,
            "steps": self.steps,
            "sampler_name": self.sampler,
            "cfg_scale": self.guidance,
            "denoising_strength": strength,
            "seed": seed,
            "width": width,
            "height": height,
            "batch_size": 1,
            "n_iter": 1,
        }
        if mask is not None:
            asked |= {
                "mask": _as_text(np.where(mask, 255, 0).astype(np.uint8)),
                "mask_blur": self.mask_blur_px,
                "inpainting_fill": MASKED_ORIGINAL,
                "inpaint_full_res": False,
                "inpainting_mask_invert": 0,
            }
        try:
            return _as_image(self._answer("POST", "img2img", asked)["images"][0])
        except (KeyError, IndexError, TypeError, ValueError, OSError) as error:
            if isinstance(error, DataError | PaintError):
                raise
            raise PaintError(f"the answer of {self.url} holds no image") from None

    def _answer(self, verb: str, name: str, asked: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """The JSON that the server answers. Raises DataError where it does not, PaintError where it fails."""
        import requests

        address = f"{self.url.rstrip('/')}/sdapi/v1/{name}"
        try:
            answer = self._session.request(verb, address, json=asked, timeout=(CONNECT_SECONDS, ANSWER_SECONDS))
            if answer.status_code >= 500:
                raise PaintError(f"the server failed with status {answer.status_code}: {_detail(answer)}")
            if not answer.ok:
                raise DataError(
                    f"{address} refuses with status {answer.status_code}: {_detail(answer)}; is the web UI started "
                    "with --api, and does it have this sampler?"
                )
            return answer.json()
        except requests.exceptions.JSONDecodeError:
            raise DataError(f"{address} answers no JSON: is that the web UI, started with --api?") from None
        except requests.exceptions.RequestException as error:
            raise DataError(
                f"nothing answers at {address} after {TIMES + 1} attempts ({type(error).__name__}): start the web UI "
                "with --api, or give its address with --url"
            ) from None

    @cached_property
    def _session(self):
        """Connections that are tried again, more slowly each time."""
        import requests
        from urllib3.util import Retry

        again = Retry(
            total=TIMES,
            backoff_factor=self.wait_seconds,
            status_forcelist=BUSY,
            allowed_methods=None,
            raise_on_status=False,
        )
        session = requests.Session()
        for scheme in ("http://", "https://"):
            session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=again))
        return session


def _detail(answer: Any) -> str:
    """What a server says of an error, in one short line."""
    try:
        body = answer.json()
        text = str(body.get("detail") or body.get("errors") or body.get("error") or body)
    except (ValueError, AttributeError):
        text = answer.text
    return " ".join(text.split())[:200] or "no reason given"


def _as_text(pixels: np.ndarray) -> str:
    """A PNG in base64."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")


def _as_image(text: str) -> np.ndarray:
    """Out of a picture in base64, (h, w, 3) uint8."""
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(text.rpartition(",")[2]))) as picture:
        return np.asarray(picture.convert("RGB"))
