"""One picture file, read by Pillow: what can be wrong with it before its pixels matter."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from scipy_ae.errors import InputError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm")
PIXEL_LIMIT = 2**26  # of one picture: 8192 x 8192
_GREY, _COLOUR = ("1", "L"), ("RGB", "CMYK", "YCbCr", "P")


def picture_size(path: Path) -> tuple[int, int]:
    """Height and width as the header tells them, turned as the camera was held."""
    with _opened(path) as picture:
        width, height = picture.size
        turned = picture.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    return (width, height) if turned else (height, width)


def read_picture(path: Path, colour: bool | None = None, size: tuple[int, int] | None = None) -> np.ndarray:
    """The bytes of a picture, channel by channel: (1, h, w) of a grey one, (3, h, w) of one in colour.

    Parameters
    ----------
    path : Path
        A picture of at most 2**26 pixels, which is known before they are unpacked, and eight bits a value.
    colour : bool, optional
        True makes grey pictures coloured, False coloured ones grey (ITU-R 601-2 luma); None leaves them.
    size : (int, int), optional
        Height and width to which it is scaled, by Lanczos' filter.
    """
    with _opened(path) as picture:
        turned = ImageOps.exif_transpose(picture)
        plain = _plain(turned, path)
        if colour is not None:
            plain = plain.convert("RGB" if colour else "L")
        if size is not None and (plain.height, plain.width) != size:
            plain = plain.resize((size[1], size[0]), Image.Resampling.LANCZOS)
        pixels = np.asarray(plain)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The picture, of which only the header is read yet; whatever Pillow says of it is said in one sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of oddities within the file: what cannot be read is an error
            with Image.open(path, formats=FORMATS) as picture:
                width, height = picture.size
                if width * height > PIXEL_LIMIT:
                    raise InputError(f"'{path}' has {height} x {width} pixels: at most {PIXEL_LIMIT} are accepted")
                if getattr(picture, "is_animated", False):
                    raise InputError(f"'{path}' holds several pictures: files of one are accepted")
                yield picture
    except InputError:
        raise
    except Image.DecompressionBombError:
        raise InputError(f"'{path}' has more than the {PIXEL_LIMIT} pixels that are accepted") from None
    except UnidentifiedImageError:
        why = "is empty" if path.stat().st_size == 0 else f"is no picture that is read ({', '.join(FORMATS)})"
        raise InputError(f"'{path}' {why}, or a damaged one") from None
    except FileNotFoundError:
        raise InputError(f"'{path}' does not exist") from None
    except PermissionError:
        raise InputError(f"cannot read '{path}': Permission denied") from None
    except Exception as error:  # a damaged file makes Pillow raise a dozen kinds of error
        raise InputError(f"'{path}' is damaged: its pixels cannot be read ({_brief(error)})") from None


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:80] or type(error).__name__


def _plain(picture: Image.Image, path: Path) -> Image.Image:
    """The picture with grey or with red, green and blue values alone."""
    picture.load()
    if picture.mode in ("LA", "RGBA", "PA", "La", "RGBa") or "transparency" in picture.info:
        opaque = picture.convert("RGBA").getchannel("A").getextrema() == (255, 255)
        if not opaque:
            raise InputError(f"'{path}' has transparent pixels: pictures without are accepted")
        return picture.convert("L" if picture.mode in ("1", "L", "LA", "La") else "RGB")
    if picture.mode in _GREY:
        return picture.convert("L")
    if picture.mode in _COLOUR:
        return picture.convert("RGB")
    raise InputError(f"'{path}' has values of mode '{picture.mode}': grey or colour of eight bits a value is accepted")
