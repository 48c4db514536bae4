"""What counts as an image: numpy arrays, PIL images, `runstone.Image`; and the files they become. Knows nothing of runs."""

from __future__ import annotations

import os
from io import BytesIO
from typing import TYPE_CHECKING, Any

from runstone.errors import InvalidParameter
from runstone.warning import warn

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


class Image:
    """An image to log.

    Args:
        image: a numpy array (H x W, or H x W x 1, 3 or 4; floats in 0..1 or integers in 0..255), nested lists of such
            numbers, a PIL image, or the path of an image file.
    """

    def __init__(self, image: Any) -> None:
        if isinstance(image, str | os.PathLike):
            self.image = _pillow().open(image)
        elif isinstance(image, list):
            import numpy

            self.image = to_pil(numpy.array(image))
        else:
            self.image = to_pil(image)
        self.size = self.image.size

    def to_pil(self) -> Any:
        """As a PIL image."""
        return self.image

    def to_array(self) -> NDArray[numpy.uint8]:
        """As a numpy array."""
        import numpy

        return numpy.array(self.image)

    def to_list(self) -> list[Any]:
        """As a list of pixels, row after row: a tuple of numbers each, or a number where there is one channel."""
        return list(self.image.getdata())

    def save(self, path: str) -> None:
        """Write it to a file here."""
        self.image.save(path)

    def resize(self, size: tuple[int, int]) -> Image:
        """Another of this width and height."""
        return Image(self.image.resize(size))


def is_image(value: Any) -> bool:
    """Whether a value is an image, as a cell of a table may be."""
    # Without Pillow there is nothing that could be one, and nothing is imported to find that out.
    return isinstance(value, Image) or hasattr(value, "getpixel")


def to_pil(image: Any) -> Any:
    """The image as Pillow has it. Raises InvalidParameter for what is none."""
    pillow = _pillow()
    if isinstance(image, Image):
        return image.image
    if isinstance(image, pillow.Image):
        return image
    import numpy

    if not isinstance(image, numpy.ndarray):
        raise InvalidParameter(
            f"An image is a numpy array, a PIL image or a runstone.Image, not {type(image).__name__}. Convert it first."
        )
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    if image.dtype.kind not in "buif" or image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (3, 4)):
        raise InvalidParameter(
            f"An image has numbers in the shape H x W, or H x W x 1, 3 or 4; this has {image.shape} of {image.dtype}."
        )
    return pillow.fromarray(_bytes(image))


def _bytes(array: Any) -> Any:
    """The values as 0..255. Floats outside 0..1 are stretched to it with a warning, as in MLflow; integers outside are a mistake."""
    if array.dtype.kind == "f":
        import numpy

        array = numpy.nan_to_num(array.astype("float64"))
        low, high = (array.min(), array.max()) if array.size else (0.0, 1.0)
        if low < 0 or high > 1:
            warn(f"An image of floats is in {low}..{high}: it was stretched to 0..1.")
            array = (array - low) / ((high - low) or 1.0)
        return (array * 255).astype("uint8")
    if array.dtype.kind == "b":
        return array.astype("uint8") * 255
    if array.size and not (array.min() >= 0 and array.max() <= 255):
        raise InvalidParameter(f"An image of integers has them in 0..255; these are in {array.min()}..{array.max()}.")
    return array.astype("uint8")


def encoded(picture: Any, ending: str) -> bytes:
    """A PIL image as a file of the kind that the ending names."""
    out = BytesIO()
    kind = {"jpg": "JPEG"}.get(ending.lower(), ending.upper())
    if kind == "JPEG" and picture.mode not in ("RGB", "L"):
        picture = picture.convert("RGB")
    try:
        picture.save(out, format=kind)
    except KeyError:
        raise InvalidParameter(f"Pillow writes no images that end in .{ending}. Use .png, .jpg or .webp.") from None
    return out.getvalue()


def thumbnail(picture: Any) -> Any:
    """A copy of 256 x 256 at the most."""
    small = picture.convert("RGBA" if picture.mode == "RGBA" else "RGB")
    small.thumbnail((256, 256))
    return small


def _pillow() -> Any:
    try:
        from PIL import Image as pillow  # noqa: N813 - a module, which ours and its own class are named after
    except ImportError as error:
        raise ImportError("Images need Pillow: `pip install pillow`.") from error
    return pillow
