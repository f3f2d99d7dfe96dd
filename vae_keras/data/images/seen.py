"""What is seen of image files while they are looked at, and the line that says what is done."""

from pathlib import Path

from vae_keras.data.images.one_image import Header, brightest
from vae_keras.data.images.preparation import Preparation

_LOOKED_AT = 20  # files of more than 8 bits whose brightest value is looked for
_DARK = 1 / 16  # of what the depth allows: 12 bits in a file of 16


class Seen:
    """Counts of what was found in image files.

    Attributes:
        images: Number of files.
        grey: How many have one channel.
        turned: How many are turned by Exif.
        transparent: How many have transparency.
        deep: How many have more than 8 bits a channel, floats included.
        sizes: The sizes, `(height, width)`.
    """

    def __init__(self) -> None:
        self.images = self.grey = self.turned = self.transparent = self.deep = 0
        self.sizes: set[tuple[int, int]] = set()
        self._some_deep: list[Path] = []

    def add(self, header: Header, file: Path) -> None:
        """Count a file."""
        self.images += 1
        self.grey += header.grey
        self.turned += header.turned
        self.transparent += header.alpha
        self.deep += header.depth > 8
        self.sizes.add(header.size)
        if 8 < header.depth <= 16 and len(self._some_deep) < _LOOKED_AT:
            self._some_deep.append(file)

    @property
    def channels(self) -> int:
        """1 if all images are grey, otherwise 3."""
        return 1 if self.grey == self.images else 3

    def line(self, image_shape: tuple[int, ...], preparation: Preparation) -> str | None:
        """Return what is done to the images, in one line; `None` if that is nothing.

        Args:
            image_shape: `(height, width, channels)` that they get.
            preparation: How they get it.
        """
        done = [
            (self.turned, "turned by Exif orientation"),
            (self.transparent, f"with transparency, laid over {preparation.background}"),
            (self.deep, "of more than 8 bits, scaled to 8"),
        ]
        if image_shape[2] == 1:
            done.append((self.images - self.grey, "in colour, made grey"))
        else:
            done.append((self.grey, "grey, given three equal channels"))
        parts = [f"{number:,} {what}" for number, what in done if number]
        size = (image_shape[0], image_shape[1])
        resized = self.sizes != {size}
        if not self.images or not (parts or resized):
            return None
        height, width = size
        sizes = f"{height} x {width}"
        if resized and len(self.sizes) == 1:
            sizes = "{} x {}, ".format(*next(iter(self.sizes))) + preparation.described(size)
        elif resized:
            sizes = f"{len(self.sizes):,} sizes, " + preparation.described(size)
        counted = "1 image" if self.images == 1 else f"{self.images:,} images"
        return "; ".join([f"{counted} of {sizes}", *parts])

    def dark(self) -> str | None:
        """Return a notice if some images of more than 8 bits use little of their range."""
        if not self._some_deep:
            return None
        value, most, file = max(
            ((*brightest(one), one) for one in self._some_deep), key=lambda one: one[0] / one[1]
        )
        if value >= most * _DARK:
            return None
        return (
            f"Images of 16 bits are dark: the brightest value that was found is {value:,} of "
            f"{most:,}, in {file.name}. Stretch their values before training."
        )
