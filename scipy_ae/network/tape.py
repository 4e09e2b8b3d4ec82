"""Tape: a network of images as the steps that ``kernels/tape.py`` runs, and the slots that they work on.

A program is a list of stages. Within a stage chunks of the batch go their own ways, on as many threads as there are;
between stages something of all of them comes together, which only batch normalisation needs. The same steps serve
value, gradient and Gauss-Newton products.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod

import numpy as np

from scipy_ae.kernels import norm_steps, output_steps
from scipy_ae.kernels import tape as T
from scipy_ae.kernels.losses import CROSS_ENTROPY_OF_LOGITS
from scipy_ae.network.nodes import (
    ACTIVATION,
    ANY,
    LINEAR,
    READING,
    RESHAPING,
    SHAPING,
    STILL,
    Node,
    geometry,
    idle,
    plane,
    scratch,
    shaping,
)  # fmt: skip

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
        self.scratch = max(64, *(scratch(node) for node in nodes))
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
            node.y = node.a if idle(act) or in_place else self._slot("rows", node.q)
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
        ends = {"A": last.a, "Y": last.y, "P": last.q, "ACTIVATION": self.loss, "COEF": last.coef}
        if what == "product":
            moved = self._tangent(final)
            self._step(output_steps.loss_bend, **ends, DY=moved, DX=self.deltas[0])
        else:
            self._step(output_steps.loss, **ends, DX=self.deltas[0])
            if what == "value":
                return self._stages
            self._step(output_steps.loss_slope, **ends, DX=self.deltas[0])
        self._backward(final)
        return self._stages

    def _step(self, code: Callable, node: Node | None = None, sizes: tuple[int, ...] = (), /, **columns: int) -> None:
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
        row[T.GEOMETRY : T.GEOMETRY + len(sizes)] = [int(number) for number in sizes]
        self._stages[-1].rows.append(row)

    def _together(self, code: Callable, node: Node) -> None:
        """End the stage: ``code`` takes what its chunks have left, and another stage goes on."""
        self._step(code, node, **plane(node))
        self._stages[-1].after.append(self._stages[-1].rows.pop())
        self._stages.append(Stage())

    def _read(self, target: bool) -> None:
        """Bring input and target into the tape's precision."""
        for kind, raw, into, width in (
            (self._raw[0], T.RAW, T.INPUT, self.nodes[0].p),
            (self._raw[1] if target else None, T.RAW_TARGET, T.TARGET, self.nodes[-1].q),
        ):
            if kind is not None:
                self._step(READING[kind], X=raw, Y=into, P=width, COEF=self._scaled)

    def _forward(self, node: Node, activated: bool) -> None:
        kind = node.layer.kind
        if kind in LINEAR:
            self._step(LINEAR[kind][0], node, self._geometry(node))
        elif kind in SHAPING:
            self._step(shaping(node)[0], node, self._geometry(node), Y=node.a)
        elif kind == "group-norm":
            self._step(norm_steps.group_forward, node, (node.layer.groups,), **plane(node))
        elif kind == "batch-norm":
            if not self._given:
                self._step(norm_steps.batch_sums, node, **plane(node))
                self._together(norm_steps.batch_merge, node)
            self._step(norm_steps.batch_forward, node, **plane(node))
        if activated and not idle(node.layer.activation):
            self._step(ACTIVATION.get(node.layer.activation.name, ANY)[0], node, **plane(node))

    def _tangent(self, final: bool) -> int:
        """The tangents of all layers along DIRECTION; returns the slot of that from which the loss is worked."""
        moving, here, other = False, *self.tangents
        for k, node in enumerate(self.nodes):
            kind = node.layer.kind
            moves = moving or node.trained
            if not moves:
                continue
            into = {"VX": here, "VA": other, "VY": other, "DEEPER": moving}
            if kind in LINEAR:
                self._step(LINEAR[kind][2], node, self._geometry(node), **into)
            elif kind in ("group-norm", "batch-norm"):
                self._norm_tangent(node, into, moving)
            elif kind not in STILL:
                forward, _, tangent = shaping(node)
                columns = into if tangent is not None else {"X": here, "Y": other}
                self._step(tangent or forward, node, self._geometry(node), **columns)
            if kind not in STILL:
                here, other = other, here
            if not idle(node.layer.activation) and (final or k < self._head):
                code = ACTIVATION.get(node.layer.activation.name, ANY)[2]
                if kind == "elementwise" and not moving:
                    self._step(output_steps.clear, node, **plane(node), DX=here)
                if node.layer.activation.trains_slope:  # which cannot be done in place
                    self._step(code, node, **plane(node), DY=here, DX=other)
                    here, other = other, here
                else:
                    self._step(code, node, **plane(node), DY=here, DX=here)
            moving = True
        return here

    def _norm_tangent(self, node: Node, into: dict[str, int], moving: bool) -> None:
        if not moving:
            self._step(output_steps.clear, node, **plane(node), DX=into["VX"])
        if node.layer.kind == "group-norm":
            self._step(norm_steps.group_tangent, node, (node.layer.groups,), **plane(node), **into)
            return
        self._step(norm_steps.batch_tangent_sums, node, **plane(node), **into)
        self._together(norm_steps.batch_total, node)
        self._step(norm_steps.batch_tangent, node, **plane(node), **into)

    def _backward(self, final: bool) -> None:
        here, other = self.deltas
        lowest = min(k for k, node in enumerate(self.nodes) if node.trained)
        for k in range(len(self.nodes) - 1, lowest - 1, -1):
            node = self.nodes[k]
            kind, deeper = node.layer.kind, k > lowest
            if not idle(node.layer.activation) and (final or k < self._head):
                code = ACTIVATION.get(node.layer.activation.name, ANY)[1]
                self._step(code, node, **plane(node), DY=here, DX=here)
                self._touch(node, "slope")
            into = {"DY": here, "DX": other, "DEEPER": deeper}
            if kind in LINEAR:
                self._step(LINEAR[kind][1], node, self._geometry(node), **into)
            elif kind == "group-norm":
                self._step(norm_steps.group_backward, node, (node.layer.groups,), **plane(node), **into)
            elif kind == "batch-norm":
                self._step(norm_steps.batch_backward_sums, node, **plane(node), **into)
                self._together(norm_steps.batch_total, node)
                self._step(norm_steps.batch_backward, node, **plane(node), **into)
            elif kind in STILL:
                continue
            else:
                self._step(shaping(node)[1], node, self._geometry(node), **into)
            self._touch(node, "weight", "bias")
            here, other = other, here

    def _geometry(self, node: Node) -> tuple[int, ...]:
        if node.layer.kind == "add-input":
            return (*node.inside, *self.nodes[0].inside)
        return geometry(node)

    def _touch(self, node: Node, *names: str) -> None:
        """The stage leaves these of the node's parts of the gradient."""
        stage = self._stages[-1]
        for name, shape in node.layer.parameters():
            if name in names:
                stage.low = min(stage.low, node.places[name])
                stage.high = max(stage.high, node.places[name] + prod(shape))
