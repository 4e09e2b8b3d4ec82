"""What a field of a spec takes, and how the command line spells it."""

import math
from typing import Any

from scipy_ae.errors import InputError, unknown

#: The least value of each number, and those of which it is not accepted itself.
LEAST = {
    "beta": 0, "l2": 0, "std": 0, "every": 0, "burst": 1, "eta": 0, "iterations": 1, "batch_size": 1,
    "target_loss": 0, "target_pixels": 0, "gtol": 0, "seconds": 0, "seed": 0,
    "restarts": 1, "l1": 0, "kl": 0, "rho": 0, "contractive": 0, "probes": 1, "kl_beta": 0, "draws": 1, "copies": 1,
    "validation": 0, "test": 0, "patience": 1, "burst_rows": 1, "burst_growth": 0, "opacity": 0, "factor": 2,
    "code_bits": 1,
}  # fmt: skip
_ABOVE = ("beta", "rho", "opacity")


def option(name: str) -> str:
    """A field as the command line spells it."""
    return "solver-option" if name == "solver_options" else name.replace("_", "-")


def one_of(name: str, value: str | None, accepted: tuple[str, ...]) -> None:
    """Refuse a word that is none of those accepted."""
    if value is not None and value not in accepted:
        raise unknown(name, value, accepted)


def check_type(name: str, value: Any, annotation: Any) -> None:
    """Refuse a value whose type is not the field's; a whole number will do for a real one."""
    if value is None:
        return
    words = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,), "tuple[str, ...]": (tuple,)}
    expected = (annotation.__name__ if type(annotation) is type else str(annotation)).replace(" | None", "")
    kinds = words[expected]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        word = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}
        raise InputError(f"{option(name)}: {value!r} is not accepted; {word.get(expected, 'a list of texts')} is")
    for text in (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ():
        if not isinstance(text, str) or not text.isprintable():
            raise InputError(f"{option(name)}: {text!r} is not accepted; text of printable characters is")


def check_range(name: str, value: float | None) -> None:
    """Refuse a number that is not finite or below what the field takes."""
    least = LEAST[name]
    if value is None or (math.isfinite(value) and value >= least and (name not in _ABOVE or value > least)):
        return
    kind = "a whole number" if isinstance(value, int) else "a finite number"
    span = f"above {least}" if name in _ABOVE else f"of at least {least}"
    raise InputError(f"{option(name)}: {value} is not accepted; {kind} {span} is")
