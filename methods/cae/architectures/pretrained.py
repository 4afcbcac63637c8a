"""InceptionResNetV2 with weights from a file or from Keras's download."""

import os
import random
from pathlib import Path
from typing import Any

import keras

from methods import MethodError, first_sentence
from methods._download import Expected, UnreachableError, download, require
from methods.cae.architectures.inception_resnet_v2 import named_file

NAME = "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5"
ORIGIN = f"https://storage.googleapis.com/tensorflow/keras-applications/inception_resnet_v2/{NAME}"
MD5 = Expected("d19885ff4a710c122648d3b5c3b684e4", "md5")


def encoder(weights: str | None, shape: tuple[int, ...]) -> Any:
    """The network without its top for images of that shape. Its weights are frozen.

    Raises MethodError if the weights cannot be found, or belong to another network.
    """
    path = weights_file(weights)
    network = _unseeded(shape)
    try:
        network.load_weights(path)
    except Exception as error:  # h5py and Keras raise errors of many types for damaged files
        sentence = f"{path} holds no weights of InceptionResNetV2 without its top: {first_sentence(error)}"
        raise MethodError(sentence) from None
    network.trainable = False
    return network


def weights_file(weights: str | None, *, cache: Path | None = None) -> Path:
    """The file that the user names, or else Keras's own from its cache or download.

    Raises MethodError if the file does not exist, is damaged, or cannot be downloaded.
    """
    if weights:
        return named_file(weights)
    path = (cache or _keras_home()) / "models" / NAME
    try:
        if path.is_file():
            require(path, MD5, str(path))
        else:
            download(ORIGIN, path, MD5)
    except UnreachableError as reason:
        raise MethodError(
            f"no ImageNet weights for inception_resnet_v2: give their file with the setting `encoder_weights`, or let "
            f"this machine reach Keras's download ({reason}); a damaged file in Keras's cache is to be deleted"
        ) from None
    return path


def _keras_home() -> Path:
    """Where Keras keeps what it downloads."""
    return Path(os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras"))


def _unseeded(shape: tuple[int, ...]) -> Any:
    """The network with weights that are replaced later. Python's global generator, which Keras uses, is restored."""
    state = random.getstate()
    try:
        return keras.applications.InceptionResNetV2(include_top=False, weights=None, input_shape=shape)
    finally:
        random.setstate(state)
