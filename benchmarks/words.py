"""Numbers as people read them."""

import math


def quantity(value: float, unit: str) -> str:
    """A value with its unit: 'x' (a ratio), 's', 'MB', '%', or empty for a plain number."""
    if unit == "s":
        return duration(value)
    if math.isinf(value):
        return "never"
    if unit == "x":
        return f"{digits(value)}×"
    return f"{digits(value)} {unit}".strip()


def duration(seconds: float) -> str:
    """Seconds in the unit that suits them; 'never' where infinite."""
    if math.isinf(seconds):
        return "never"
    for factor, unit in ((1.0, "s"), (1e3, "ms")):
        if seconds * factor >= 1.0:
            return f"{digits(seconds * factor)} {unit}"
    return f"{digits(seconds * 1e6)} µs"


def digits(value: float) -> str:
    """Three significant digits, and no exponent from a hundredth up."""
    if value and abs(value) < 0.01:
        return f"{value:.1e}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"
