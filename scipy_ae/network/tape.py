"""Tape: a network of images as the steps that ``kernels/tape.py`` runs, and the slots that they work on.

A program is a list of stages. Within a stage chunks of the batch go their own ways, on as many threads as there are;
between stages something of all of them comes together, which only batch normalisation needs. The same steps serve
value, gradient and Gauss-Newton products.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from scipy_ae.activations import Activation
from scipy_ae.kernels import linear_steps, norm_steps, output_steps, shape_steps
from scipy_ae.kernels import tape as T
from scipy_ae.kernels.losses import CROSS_ENTROPY_OF_LOGITS

#: Activations whose derivative can be told from the output: A and Y are one slot.
_IN_PLACE = ("relu",)


@dataclass(frozen=True)
class Slot:
    """An array that steps work on.

    ``rows`` have ``size`` numbers for each row of the batch; ``fixed`` ones have that many for each thread, ``shared``
    ones for all of them, or where ``each_chunk`` for each chunk; what is ``given`` is told at each run.
    """

    kind: str
    size: int = 0
    each_chunk: bool = False


@dataclass
class Stage:
    """Steps for each chunk, then those for all of them; ``low`` to ``high`` of the gradient is what they leave."""

    rows: list[list[int]] = field(default_factory=list)
    after: list[list[int]] = field(default_factory=list)
    low: int = 2**62
    high: int = 0


@dataclass
class Node:
    """A layer in its place: shapes, where its parameters lie in theta, and the slots around it."""

    layer: Any
    inside: tuple[int, ...]
    outside: tuple[int, ...]
    places: dict[str, int]
    name: str
    x: int = -1
    a: int = -1
    y: int = -1
    coef: int = 0
    held: dict[str, int] = field(default_factory=dict)

    @property
    def p(self) -> int:
        return prod(self.inside)

    @property
    def q(self) -> int:
        return prod(self.outside)

    @property
    def plane(self) -> tuple[int, int]:
        """Channels and pixels of what leaves the layer."""
        return self.outside[0], prod(self.outside[1:])

    @property
    def work(self) -> int:
        """Multiplications of a forward sweep for one row."""
        for name, shape in self.layer.parameters():
            if name == "weight" and len(shape) > 1:
                passes = prod(self.inside[1:]) if self.layer.kind == "conv-transpose" else prod(self.outside[1:])
                return prod(shape) * passes
        return self.q

    @property
    def trained(self) -> bool:
        return bool(self.places)


class Tape:
    """The programs of a network for one precision.

    Parameters
    ----------
    nodes : list of Node
        Layers from input to output, without slots yet.
    single : bool
        float32 instead of float64.
    loss : int
        The kernels' number of the loss; -1 for none.
    given_statistics : bool
        Whether batch normalisation takes means and inverses that are given, instead of those of its batch.
    raw : (str or None, str or None)
        Type of the numbers of input and target where they are of another than the tape's; each is multiplied by
        ``scale`` as it is read.
    """

    def __init__(
        self,
        nodes: list[Node],
        single: bool,
        loss: int = -1,
        given_statistics: bool = False,
        raw: tuple[str | None, str | None] = (None, None),
        scale: float = 1.0,
    ) -> None:
        self._raw = raw
        self.single, self.loss, self.nodes, self._given = single, loss, nodes, given_statistics
        self.slots = [Slot("given")] * T.FIRST_SLOT
        for slot, kind, width in ((T.INPUT, raw[0], nodes[0].p), (T.TARGET, raw[1], nodes[-1].q)):
            if kind is not None:
                self.slots[slot] = Slot("rows", width)
        self.coefs = [1.0, 0.0]
        self._scaled = self._coef(1.0, scale)
        self._stages: list[Stage] = []
        self._widest = max(max(node.p, node.q) for node in nodes)
        self.scratch = max(64, *(_scratch(node) for node in nodes))
        turned = [np.prod(node.layer.parameters()[0][1]) for node in nodes if node.layer.kind == "conv-transpose"]
        self.turned = int(max(turned, default=1))
        self.deltas = [self._slot("rows", self._widest) for _ in range(2)]
        self.tangents = [self._slot("rows", self._widest) for _ in range(2)]
        self.together = not given_statistics and any(node.layer.kind == "batch-norm" for node in nodes)
        #: The layer whose activation ends the network: a reshape behind it leaves all numbers where they are.
        self._head = max((k for k, node in enumerate(nodes) if node.layer.kind not in RESHAPING), default=0)
        self._place()

    def _slot(self, kind: str, size: int, each_chunk: bool = False) -> int:
        self.slots.append(Slot(kind, int(size), each_chunk))
        return len(self.slots) - 1

    def _coef(self, beta: float, alpha: float | None) -> int:
        self.coefs += [beta, alpha or 0.0]
        return len(self.coefs) // 2 - 1

    def _place(self) -> None:
        """Give each layer its slots: one that does nothing to its input shares the one before it."""
        before = T.INPUT
        for node in self.nodes:
            node.x, act = before, node.layer.activation
            made = node.layer.kind not in (*RESHAPING, "elementwise")
            node.a = self._slot("rows", node.q) if made else node.x
            in_place = act.name in _IN_PLACE and made
            node.y = node.a if _idle(act) or in_place else self._slot("rows", node.q)
            node.coef = self._coef(act.beta, act.alpha)
            double = 2 if self.single else 1  # means and sums are float64 in either precision
            if node.layer.kind == "group-norm":
                node.held = {name: self._slot("rows", double * node.layer.groups) for name in ("means", "inverses")}
            if node.layer.kind == "batch-norm":
                channels, kind = double * node.layer.channels, "given" if self._given else "shared"
                node.held = {name: self._slot(kind, channels) for name in ("means", "inverses")}
                node.held["totals"] = self._slot("shared", 2 * channels)
                node.held["sums"] = self._slot("shared", 2 * channels, each_chunk=True)
            before = node.y
        self.output = before

    def program(self, what: str) -> list[Stage]:
        """The stages of ``forward``, ``value``, ``gradient`` or ``product`` (of Gauss and Newton)."""
        self._stages = [Stage()]
        self._read(target=what != "forward")
        final = what == "forward" or self.loss != CROSS_ENTROPY_OF_LOGITS
        for k, node in enumerate(self.nodes):
            # the loss works out the output with its own value, which a product does not ask for
            self._forward(node, final or what == "product" or k < self._head)
        if what == "forward":
            return self._stages
        last = self.nodes[self._head]
        ends = {T.A: last.a, T.Y: last.y, T.P: last.q, T.ACTIVATION: self.loss, T.COEF: last.coef}
        if what == "product":
            moved = self._tangent(final)
            self._step(output_steps.loss_bend, **_named(ends), DY=moved, DX=self.deltas[0])
        else:
            self._step(output_steps.loss, **_named(ends), DX=self.deltas[0])
            if what == "value":
                return self._stages
            self._step(output_steps.loss_slope, **_named(ends), DX=self.deltas[0])
        self._backward(final)
        return self._stages

    def _step(
        self, code: Callable, node: Node | None = None, geometry: tuple[int, ...] = (), /, **columns: int
    ) -> None:
        row = [0] * T.COLUMNS
        row[T.CODE] = T.code_of(code, self.single)
        if node is not None:
            row[T.X], row[T.A], row[T.Y], row[T.P], row[T.Q] = node.x, node.a, node.y, node.p, node.q
            row[T.COEF], row[T.ACTIVATION] = node.coef, node.layer.activation.code
            for name, column in (("weight", T.WEIGHT), ("bias", T.BIAS), ("slope", T.SLOPE)):
                row[column] = node.places.get(name, 0)
            for name, slot in node.held.items():
                row[getattr(T, name.upper())] = slot
        for name, value in columns.items():
            row[getattr(T, name)] = int(value)
        row[T.GEOMETRY : T.GEOMETRY + len(geometry)] = [int(number) for number in geometry]
        self._stages[-1].rows.append(row)

    def _together(self, code: Callable, node: Node) -> None:
        """End the stage: ``code`` takes what its chunks have left, and another stage goes on."""
        self._step(code, node, **_plane(node))
        self._stages[-1].after.append(self._stages[-1].rows.pop())
        self._stages.append(Stage())

    def _read(self, target: bool) -> None:
        """Bring input and target into the tape's precision."""
        for kind, raw, into, width in (
            (self._raw[0], T.RAW, T.INPUT, self.nodes[0].p),
            (self._raw[1] if target else None, T.RAW_TARGET, T.TARGET, self.nodes[-1].q),
        ):
            if kind is not None:
                self._step(_READING[kind], X=raw, Y=into, P=width, COEF=self._scaled)

    def _forward(self, node: Node, activated: bool) -> None:
        kind = node.layer.kind
        if kind in _LINEAR:
            self._step(_LINEAR[kind][0], node, self._geometry(node))
        elif kind in _SHAPING:
            self._step(_shaping(node)[0], node, self._geometry(node), Y=node.a)
        elif kind == "group-norm":
            self._step(norm_steps.group_forward, node, (node.layer.groups,), **_plane(node))
        elif kind == "batch-norm":
            if not self._given:
                self._step(norm_steps.batch_sums, node, **_plane(node))
                self._together(norm_steps.batch_merge, node)
            self._step(norm_steps.batch_forward, node, **_plane(node))
        if activated and not _idle(node.layer.activation):
            self._step(_ACTIVATION.get(node.layer.activation.name, _ANY)[0], node, **_plane(node))

    def _tangent(self, final: bool) -> int:
        """The tangents of all layers along DIRECTION; returns the slot of that from which the loss is worked."""
        moving, here, other = False, *self.tangents
        for k, node in enumerate(self.nodes):
            kind = node.layer.kind
            moves = moving or node.trained
            if not moves:
                continue
            into = {"VX": here, "VA": other, "VY": other, "DEEPER": moving}
            if kind in _LINEAR:
                self._step(_LINEAR[kind][2], node, self._geometry(node), **into)
            elif kind in ("group-norm", "batch-norm"):
                self._norm_tangent(node, into, moving)
            elif kind not in _STILL:
                forward, _, tangent = _shaping(node)
                columns = into if tangent is not None else {"X": here, "Y": other}
                self._step(tangent or forward, node, self._geometry(node), **columns)
            if kind not in _STILL:
                here, other = other, here
            if not _idle(node.layer.activation) and (final or k < self._head):
                code = _ACTIVATION.get(node.layer.activation.name, _ANY)[2]
                if kind == "elementwise" and not moving:
                    self._step(output_steps.clear, node, **_plane(node), DX=here)
                if node.layer.activation.trains_slope:  # which cannot be done in place
                    self._step(code, node, **_plane(node), DY=here, DX=other)
                    here, other = other, here
                else:
                    self._step(code, node, **_plane(node), DY=here, DX=here)
            moving = True
        return here

    def _norm_tangent(self, node: Node, into: dict[str, int], moving: bool) -> None:
        if not moving:
            self._step(output_steps.clear, node, **_plane(node), DX=into["VX"])
        if node.layer.kind == "group-norm":
            self._step(norm_steps.group_tangent, node, (node.layer.groups,), **_plane(node), **into)
            return
        self._step(norm_steps.batch_tangent_sums, node, **_plane(node), **into)
        self._together(norm_steps.batch_total, node)
        self._step(norm_steps.batch_tangent, node, **_plane(node), **into)

    def _backward(self, final: bool) -> None:
        here, other = self.deltas
        lowest = min(k for k, node in enumerate(self.nodes) if node.trained)
        for k in range(len(self.nodes) - 1, lowest - 1, -1):
            node = self.nodes[k]
            kind, deeper = node.layer.kind, k > lowest
            if not _idle(node.layer.activation) and (final or k < self._head):
                code = _ACTIVATION.get(node.layer.activation.name, _ANY)[1]
                self._step(code, node, **_plane(node), DY=here, DX=here)
                self._touch(node, "slope")
            into = {"DY": here, "DX": other, "DEEPER": deeper}
            if kind in _LINEAR:
                self._step(_LINEAR[kind][1], node, self._geometry(node), **into)
            elif kind == "group-norm":
                self._step(norm_steps.group_backward, node, (node.layer.groups,), **_plane(node), **into)
            elif kind == "batch-norm":
                self._step(norm_steps.batch_backward_sums, node, **_plane(node), **into)
                self._together(norm_steps.batch_total, node)
                self._step(norm_steps.batch_backward, node, **_plane(node), **into)
            elif kind in _STILL:
                continue
            else:
                self._step(_shaping(node)[1], node, self._geometry(node), **into)
            self._touch(node, "weight", "bias")
            here, other = other, here

    def _geometry(self, node: Node) -> tuple[int, ...]:
        if node.layer.kind == "add-input":
            return (*node.inside, *self.nodes[0].inside)
        return _geometry(node)

    def _touch(self, node: Node, *names: str) -> None:
        """The stage leaves these of the node's parts of the gradient."""
        stage = self._stages[-1]
        for name, shape in node.layer.parameters():
            if name in names:
                stage.low = min(stage.low, node.places[name])
                stage.high = max(stage.high, node.places[name] + prod(shape))


def is_compiled(nodes: list[Node], single: bool) -> bool:
    """Whether a gradient of these layers finds its steps on disk, judged by the heaviest step of each."""
    steps: list[Callable] = [output_steps.loss]
    for node in nodes:
        kind = node.layer.kind
        if kind in _LINEAR:
            steps.append(_LINEAR[kind][1])
        elif kind in _SHAPING:
            steps.append(_shaping(node)[0])
        elif kind in ("group-norm", "batch-norm"):
            steps.append(norm_steps.group_backward if kind == "group-norm" else norm_steps.batch_backward)
    return all(T.is_compiled(step, single) for step in steps)


def _named(columns: dict[int, int]) -> dict[str, int]:
    names = {T.A: "A", T.Y: "Y", T.P: "P", T.ACTIVATION: "ACTIVATION", T.COEF: "COEF"}
    return {names[column]: value for column, value in columns.items()}


def _plane(node: Node) -> dict[str, int]:
    channels, pixels = node.plane
    return {"P": channels, "Q": pixels}


def _idle(activation: Activation) -> bool:
    return activation.name == "identity" and activation.beta == 1.0


def _geometry(node: Node) -> tuple[int, ...]:
    """The sizes that the step of a layer reads."""
    layer, inside, outside = node.layer, node.inside, node.outside
    if layer.kind == "conv":
        return (*inside, *outside, layer.kernel, layer.stride, layer.padding)
    if layer.kind == "conv-transpose":
        return (*outside, *inside, layer.kernel, layer.stride, layer.padding)
    if layer.kind in ("max-pool", "avg-pool"):
        return (*inside, layer.size, layer.stride)
    if layer.kind in ("upsample", "pixel-shuffle"):
        return (*inside, layer.factor)
    return ()


def _shaping(node: Node) -> tuple[Callable, Callable, Callable | None]:
    """Forward, backward and tangent of a layer without weights; no tangent where forward will do."""
    found = _SHAPING[node.layer.kind]
    return found[node.layer.mode] if isinstance(found, dict) else found


#: Of each kind of layer: forward, backward, tangent; those that are linear are their own tangents.
_LINEAR = {
    "conv": (linear_steps.conv_forward, linear_steps.conv_backward, linear_steps.conv_tangent),
    "conv-transpose": (
        linear_steps.transposed_forward, linear_steps.transposed_backward, linear_steps.transposed_tangent,
    ),
    "dense": (linear_steps.dense_forward, linear_steps.dense_backward, linear_steps.dense_tangent),
}  # fmt: skip
_SHAPING: dict[str, Any] = {
    "max-pool": (shape_steps.max_pool_forward, shape_steps.max_pool_backward, shape_steps.max_pool_tangent),
    "avg-pool": (shape_steps.avg_pool_forward, shape_steps.avg_pool_backward, None),
    "upsample": {
        "nearest": (shape_steps.nearest_forward, shape_steps.nearest_backward, None),
        "bilinear": (shape_steps.bilinear_forward, shape_steps.bilinear_backward, None),
    },
    "pixel-shuffle": (shape_steps.shuffle_forward, shape_steps.shuffle_backward, None),
    "add-input": (shape_steps.add_input, None, None),
}
#: Layers that give another shape to the same numbers.
RESHAPING = ("flatten", "reshape")
#: Layers that leave deltas and tangents where they are, but for their activation.
_STILL = (*RESHAPING, "elementwise", "add-input")
_READING = {
    "uint8": output_steps.read_bytes,
    "float32": output_steps.read_single,
    "float64": output_steps.read_double,
}
_ANY = (output_steps.activate, output_steps.activate_product, output_steps.activate_product)
_ACTIVATION = {
    "softmax": (output_steps.softmax, output_steps.softmax_product, output_steps.softmax_product),
    "parametric-relu": (output_steps.prelu, output_steps.prelu_backward, output_steps.prelu_tangent),
}


def _scratch(node: Node) -> int:
    if node.layer.kind in ("conv", "conv-transpose"):
        return linear_steps.scratch(np.array(_geometry(node), dtype=np.int64))
    return linear_steps.dense_scratch(node.p, node.q) if node.layer.kind == "dense" else 0
