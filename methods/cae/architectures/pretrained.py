"""InceptionResNetV2 with weights from a file or from Keras's download."""

import random
from contextlib import redirect_stdout
from pathlib import Path
from sys import stderr
from typing import Any

import keras

from methods import MethodError, first_sentence
from methods.cae.architectures.inception_resnet_v2 import named_file

NAME = "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5"
ORIGIN = f"https://storage.googleapis.com/tensorflow/keras-applications/inception_resnet_v2/{NAME}"
MD5 = "d19885ff4a710c122648d3b5c3b684e4"


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

    Raises MethodError if the file does not exist, or cannot be downloaded.
    """
    if weights:
        return named_file(weights)
    try:
        with redirect_stdout(stderr):
            return Path(keras.utils.get_file(NAME, ORIGIN, cache_dir=cache, cache_subdir="models", file_hash=MD5))
    except Exception as error:  # Keras raises Exception itself
        raise MethodError(
            f"no ImageNet weights for inception_resnet_v2: give their file with the setting `encoder_weights`, or let "
            f"this machine reach Keras's download ({first_sentence(error)})"
        ) from None


def _unseeded(shape: tuple[int, ...]) -> Any:
    """The network with weights that are replaced later. Python's global generator, which Keras uses, is restored."""
    state = random.getstate()
    try:
        return keras.applications.InceptionResNetV2(include_top=False, weights=None, input_shape=shape)
    finally:
        random.setstate(state)
