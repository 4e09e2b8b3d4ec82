"""Corruptions: noise that a denoising autoencoder learns to undo (Vincent et al. 2008).

Each is a small value whose ``corrupt(x, rng)`` draws a noisy copy, and whose ``log_likelihood`` says how likely a noisy
row comes from each clean one: all that the best possible denoiser could know. ``parse("flip:10%")`` makes one from
text.

A pixel is lit where it is above one half.

``Watermark``, ``Grayscale``, ``Downscale`` and ``Noise`` are degradations of whole images (:class:`Degradation`), for
tasks: they may change the shape.
"""

import re
from collections.abc import Callable

from scipy_ae.corruptions.base import Corruption
from scipy_ae.corruptions.flips import FlipChance, FlipCount
from scipy_ae.corruptions.images import Degradation, Downscale, Grayscale, Noise
from scipy_ae.corruptions.neighbourhood import Neighbourhood
from scipy_ae.corruptions.values import Gaussian, Mask, SaltPepper
from scipy_ae.corruptions.watermark import Watermark
from scipy_ae.errors import InputError, unknown

__all__ = [
    "KINDS", "Corruption", "Degradation", "Downscale", "FlipChance", "FlipCount", "Gaussian", "Grayscale", "Mask",
    "Neighbourhood", "Noise", "SaltPepper", "Watermark", "parse",
]  # fmt: skip

#: What each kind does, in a line; the kinds are what ``parse`` takes.
KINDS = {one.kind: one.about for one in (FlipCount, SaltPepper, Mask, Gaussian, Neighbourhood)}


def parse(text: str, image_shape: tuple[int, int] | None = None) -> Corruption:
    """A corruption from ``KIND:AMOUNT``.

    The amount is a number of pixels (``flip:2``), a probability with a point or a percent sign (``flip:10%``,
    ``mask:0.2``), a standard deviation (``gaussian:0.3``) or an intensity (``neighbourhood:0.3``, which needs the
    image's shape).
    """
    kind, colon, amount = text.strip().partition(":")
    if kind not in KINDS:
        raise unknown("noise", kind, KINDS)
    if not colon or not amount:
        raise InputError(f"noise: '{text}' is not accepted; {kind} and an amount are, as in {_EXAMPLES[kind]}")
    if kind == "flip" and re.fullmatch(r"[+-]?\d+", amount):
        return FlipCount(int(amount))
    value = _value(text, kind, amount)
    if kind == "neighbourhood":
        if image_shape is None:
            raise InputError(
                f"noise: {text} is for images, and these data have no image shape; other kinds are accepted"
            )
        return Neighbourhood(value, image_shape)
    made: dict[str, Callable[[float], Corruption]] = {
        "flip": FlipChance, "salt-pepper": SaltPepper, "mask": Mask, "gaussian": Gaussian,
    }  # fmt: skip
    return made[kind](value)


_EXAMPLES = {
    "flip": "flip:2 or flip:10%",
    "salt-pepper": "salt-pepper:0.2",
    "mask": "mask:0.2",
    "gaussian": "gaussian:0.3",
    "neighbourhood": "neighbourhood:0.3",
}


def _value(text: str, kind: str, amount: str) -> float:
    percent = amount.endswith("%")
    try:
        value = float(amount.removesuffix("%"))
    except ValueError:
        raise InputError(
            f"noise: '{text}' is not accepted; a number behind the colon is, as in {_EXAMPLES[kind]}"
        ) from None
    if percent and kind in ("gaussian", "neighbourhood"):
        raise InputError(f"noise: '{text}' is not accepted; a number without % is, as in {_EXAMPLES[kind]}")
    return value / 100 if percent else value
