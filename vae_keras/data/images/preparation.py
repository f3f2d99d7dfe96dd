"""How images of any size become images of one size: cropped, resized, laid over a background."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vae_keras._types import Images
from vae_keras.checks import CROPS, one_of, red_green_blue
from vae_keras.errors import ArgumentError, DataError

if TYPE_CHECKING:
    from PIL import Image

# How the line about the images says what `crop` does.
_DONE = {"center": "centre-cropped and resized", "none": "stretched", "pad": "resized and padded"}


@dataclass(frozen=True)
class Preparation:
    """What is done to images before a model sees them.

    Args:
        crop: What happens to an image of another size than the wanted one: `"center"` cuts off what
            the wanted shape has no room for, evenly on both sides, and resizes the rest; `"none"`
            resizes the whole image, which stretches it if its shape is another; `"pad"` resizes the
            whole image until it fits, and fills the rest with the background. Resizing is
            antialiased (Pillow's bicubic filter). `None` refuses images of another size. Defaults
            to `None`.
        background: Colour that lies behind transparent images and fills up padded ones: a name or
            `#rrggbb`. Defaults to `"white"`.

    Raises:
        ArgumentError: If `crop` or `background` is not known.

    Example:
        >>> vae.preparation = Preparation(crop="center")
    """

    crop: str | None = None
    background: str = "white"

    def __post_init__(self) -> None:
        if self.crop is not None:
            one_of("crop", self.crop, CROPS)
        red_green_blue("background", self.background)

    @classmethod
    def of(cls, value: "Preparation | Mapping[str, Any] | None") -> "Preparation":
        """Return a preparation out of the form that the config of a model has.

        Raises:
            ArgumentError: If `value` holds something else.
        """
        if isinstance(value, Preparation):
            return value
        if value is None:
            return cls()
        if not isinstance(value, Mapping) or not set(value) <= {"crop", "background"}:
            raise ArgumentError(
                f"`preparation` must hold `crop` and `background`. Received: preparation={value!r}"
            )
        return cls(**value)

    def to_dict(self) -> dict[str, Any]:
        """Return the form that the config of a model has."""
        return asdict(self)

    @property
    def has_grey_background(self) -> bool:
        """Whether grey images stay grey over the background."""
        return len(set(red_green_blue("background", self.background))) == 1

    def fitted(self, image: "Image.Image", size: tuple[int, int]) -> "Image.Image":
        """Return an image in the wanted size.

        Args:
            image: Grey or RGB, of mode `L`, `RGB` or, with float values, `F`.
            size: `(height, width)`.
        """
        height, width = size
        if image.size == (width, height):
            return image
        from PIL import Image

        filtered = Image.Resampling.BICUBIC
        if self.crop == "none":
            return image.resize((width, height), filtered)
        across, down = width / image.width, height / image.height
        if self.crop == "center":
            kept = width / max(across, down), height / max(across, down)
            # Rounding must not lead out of the image.
            left, top = max(0, image.width - kept[0]) / 2, max(0, image.height - kept[1]) / 2
            box = (left, top, min(left + kept[0], image.width), min(top + kept[1], image.height))
            return image.resize((width, height), filtered, box=box)
        scale = min(across, down)
        inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        fill = Image.new("RGB", (width, height), red_green_blue("background", self.background))
        padded = fill.convert(image.mode)
        place = (width - inner[0]) // 2, (height - inner[1]) // 2
        padded.paste(image.resize(inner, filtered), place)
        return padded

    def over_background(self, image: "Image.Image") -> "Image.Image":
        """Return an image with transparency laid over the background, as RGB."""
        from PIL import Image

        below = Image.new("RGBA", image.size, red_green_blue("background", self.background))
        return Image.alpha_composite(below, image.convert("RGBA")).convert("RGB")

    def fitted_array(self, images: Images, size: tuple[int, int], where: str) -> Images:
        """Return an array of images in the wanted size; itself if it has that already.

        Args:
            images: Shape `(n, height, width, channels)`, uint8 or float32.
            size: `(height, width)`.
            where: For the message: what holds the images.

        Raises:
            DataError: If floats or images of several bands are to be padded: no colour is theirs.
        """
        from PIL import Image

        channels = images.shape[3]
        if images.shape[1:3] == size:
            return images
        plain = images.dtype == np.uint8 and channels in (1, 3)
        if self.crop == "pad" and not plain:
            raise DataError(
                f"{where} must hold bytes of 1 or 3 channels for crop='pad', as the background is "
                "a colour: crop='center' and 'none' need none. "
                f"Received: {channels} channels of {images.dtype}"
            )
        fitted = np.empty((len(images), *size, channels), images.dtype)
        bands = [slice(None)] if plain and channels == 3 else [*range(channels)]
        for before, after in zip(images, fitted, strict=True):
            for band in bands:
                pixels = np.ascontiguousarray(before[..., band])
                resized = np.asarray(self.fitted(Image.fromarray(pixels), size))
                if images.dtype != np.uint8:  # the filter goes a little beyond the values
                    resized = resized.clip(pixels.min(), pixels.max())
                after[..., band] = resized
        return fitted

    def described(self, size: tuple[int, int]) -> str:
        """Return what is done to images of other sizes, in words."""
        height, width = size
        return f"{_DONE[str(self.crop)]} to {height} x {width}"
