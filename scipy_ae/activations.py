"""Activation functions by name: formula, range, value and derivatives.

The table is the published one: identity, binary step, logistic, tanh, arctan, relu, leaky and parametric relu, elu,
softplus, saturating linear, softmax. Each acts on z = beta * a, ``beta`` being the slope of the activation.
"""

import re
from dataclasses import dataclass, replace

import numpy as np

from scipy_ae.errors import InputError, unknown

_INF = float("inf")


@dataclass(frozen=True)
class _Kind:
    """What is fixed of an activation: its code in ``kernels.activations``, range, default alpha and formula."""

    code: int
    low: float
    high: float
    alpha: float | None
    formula: str


KINDS = {
    "identity": _Kind(0, -_INF, _INF, None, "z"),
    "step": _Kind(1, 0.0, 1.0, None, "1 if z >= 0 else 0 (derivative taken as 0 everywhere)"),
    "logistic": _Kind(2, 0.0, 1.0, None, "1 / (1 + exp(-z))"),
    "tanh": _Kind(3, -1.0, 1.0, None, "tanh(z)"),
    "arctan": _Kind(4, -np.pi / 2, np.pi / 2, None, "arctan(z)"),
    "relu": _Kind(5, 0.0, _INF, None, "max(z, 0) (derivative at 0: 0)"),
    "leaky-relu": _Kind(6, -_INF, _INF, 0.01, "z if z > 0 else alpha z (derivative at 0: alpha)"),
    "parametric-relu": _Kind(7, -_INF, _INF, None, "z if z > 0 else s z, with a trained s for each unit"),
    "elu": _Kind(8, -1.0, _INF, 1.0, "z if z > 0 else alpha (exp(z) - 1)"),
    "softplus": _Kind(9, 0.0, _INF, None, "log(1 + exp(z))"),
    "saturating-linear": _Kind(10, 0.0, 1.0, None, "0 below 0, z to 1, 1 above (derivative at 0: 0, at 1: 1)"),
    "softmax": _Kind(11, 0.0, 1.0, None, "exp(z_j) / sum_k exp(z_k), over the units of the layer"),
}
ALIASES = {
    "linear": "identity",
    "binary-step": "step",
    "heaviside": "step",
    "sigmoid": "logistic",
    "atan": "arctan",
    "leaky_relu": "leaky-relu",
    "prelu": "parametric-relu",
    "parametric_relu": "parametric-relu",
    "satlin": "saturating-linear",
    "saturating_linear": "saturating-linear",
}


def names() -> list[str]:
    """The names in the order of the published table."""
    return list(KINDS)


@dataclass(frozen=True)
class Activation:
    """An activation f(beta a) with its parameters.

    Parameters
    ----------
    name : str
        One of :func:`names` or an alias such as ``sigmoid``; ``leaky-relu(0.1)`` also gives alpha.
    beta : float
        Slope, above 0: the study's tanh(beta z). Its logistic 1 / (1 + exp(-2 beta z)) has twice this beta.
    alpha : float, optional
        Slope of leaky relu below 0 (0.01), or height of elu (1); no other activation has one.
    """

    name: str
    beta: float = 1.0
    alpha: float | None = None

    def __post_init__(self) -> None:
        found = re.fullmatch(r"\s*([A-Za-z_-]+)\s*(?:\(\s*([^()]*?)\s*\))?\s*", str(self.name))
        name = found[1].lower() if found else str(self.name)
        name = ALIASES.get(name, name)
        if name not in KINDS:
            raise unknown("activation", self.name, KINDS)
        alpha = self.alpha
        if found and found[2]:
            alpha = _number("alpha", found[2])
        if alpha is not None and KINDS[name].alpha is None:
            raise InputError(f"alpha: {name} has none; leaky-relu and elu do")
        alpha = KINDS[name].alpha if alpha is None else _number("alpha", alpha)
        beta = _number("beta", self.beta)
        if beta <= 0:
            raise InputError(f"beta: {self.beta} is not accepted; a finite number above 0 is")
        for field, value in (("name", name), ("beta", beta), ("alpha", alpha)):
            object.__setattr__(self, field, value)

    @classmethod
    def of(cls, activation: "str | Activation") -> "Activation":
        """The activation itself, or the one of that name."""
        return activation if isinstance(activation, Activation) else Activation(activation)

    def __str__(self) -> str:
        """As :class:`Activation` reads it; beta is told apart."""
        default = KINDS[self.name].alpha
        return self.name if self.alpha == default else f"{self.name}({self.alpha:g})"

    @property
    def code(self) -> int:
        """Its number in the kernels."""
        return KINDS[self.name].code

    @property
    def trains_slope(self) -> bool:
        """Whether the layer has a trained slope for each unit."""
        return self.name == "parametric-relu"

    @property
    def range(self) -> tuple[float, float]:
        """Lower and upper bound of the output."""
        low = -self.alpha if self.name == "elu" and self.alpha is not None else KINDS[self.name].low
        return low, KINDS[self.name].high

    @property
    def formula(self) -> str:
        return KINDS[self.name].formula

    def with_beta(self, beta: float) -> "Activation":
        return replace(self, beta=beta)

    def value(self, a, slope=None) -> np.ndarray:
        """f(beta a); softmax along the last axis.

        Parameters
        ----------
        a : array_like
        slope : array_like of shape (units,), optional
            The trained slopes of parametric relu.
        """
        from scipy_ae.kernels.activations import activation_forward

        a, flat, coefs = self._prepare(a, slope)
        out = np.empty_like(flat)
        activation_forward(self.code, *coefs, flat, out)
        return out.reshape(a.shape)

    def derivative(self, a, v=1.0, slope=None) -> np.ndarray:
        """The Jacobian at ``a`` times ``v``: elementwise, but for softmax f'(a) v."""
        from scipy_ae.kernels.activations import activation_forward, activation_product

        a, flat, coefs = self._prepare(a, slope)
        value, out = np.empty_like(flat), np.empty_like(flat)
        activation_forward(self.code, *coefs, flat, value)
        v = np.ascontiguousarray(np.broadcast_to(np.asarray(v, a.dtype), a.shape)).reshape(flat.shape)
        activation_product(self.code, *coefs, flat, value, v, out)
        return out.reshape(a.shape)

    def second_derivative(self, a, v=1.0, u=1.0) -> np.ndarray:
        """The change of ``derivative(a, u)`` when ``a`` moves along ``v``: elementwise f''(a) v u, but for softmax."""
        from scipy_ae.kernels.activations import activation_curvature, activation_forward

        a, flat, coefs = self._prepare(a, None)
        value, out = np.empty_like(flat), np.zeros_like(flat)
        activation_forward(self.code, *coefs, flat, value)
        v, u = (
            np.ascontiguousarray(np.broadcast_to(np.asarray(side, a.dtype), a.shape)).reshape(flat.shape)
            for side in (v, u)
        )
        activation_curvature(self.code, coefs[0], coefs[1], coefs[3], flat, value, v, u, out)
        return out.reshape(a.shape)

    def _prepare(self, a, slope) -> tuple[np.ndarray, np.ndarray, tuple]:
        a = np.asarray(a)
        a = a if a.dtype == np.float32 else a.astype(np.float64)
        flat = np.ascontiguousarray(a).reshape(-1)
        units = a.shape[-1] if a.ndim else 1
        number = a.dtype.type
        if self.trains_slope:
            slope = np.full(units, 0.25) if slope is None else np.broadcast_to(slope, (units,))
        slope = np.ascontiguousarray(() if slope is None else slope, dtype=a.dtype)
        return a, flat, (number(self.beta), number(self.alpha or 0.0), slope, units)


def _number(name: str, value) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not np.isfinite(number):
        raise InputError(f"{name}: {value!r} is not accepted; a finite number is")
    return number
