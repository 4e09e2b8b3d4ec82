"""Value, gradient and Hessian products of an objective with terms, by the machine code of ``kernels/terms.py``."""

from functools import partial

import numpy as np

from scipy_ae.kernels import context as C
from scipy_ae.kernels import contractive, native, term_products, terms
from scipy_ae.kernels import sparsity as S
from scipy_ae.kernels import table as T
from scipy_ae.kernels.products import SMALL
from scipy_ae.objective.halves import Halves
from scipy_ae.problem import Native

#: Numbers that a stack of the contractive term may take: what stays in a processor's second cache.
STACK = 1 << 16


class TermWork:
    """Work arrays for as many rows as were ever asked for; objectives of one family share them.

    Which rows of a contractive term are taken together does not depend on how many were asked for before, so that the
    same batch gives the same bits.
    """

    def __init__(self, halves: Halves) -> None:
        self.halves, self._rows, self._drawn = halves, 0, 0
        self.arrays: dict[int, np.ndarray] = {}
        self.half = 0
        self.units = [int(table[:, T.OUTPUTS].sum()) for table in (halves.encoder, halves.decoder)]
        self.direct = int(halves.decoder[0, T.WEIGHT])
        self.chunk = max(8, STACK // max(1, halves.vectors * self.units[0]))

    def of(self, rows: int, drawn: int) -> dict[int, np.ndarray]:
        """The arrays by their place in the context, for so many rows and codes drawn from them."""
        if rows > self._rows or drawn > self._drawn:
            self._rows, self._drawn = max(rows, self._rows), max(drawn, self._drawn)
            self.half = max(self._drawn, self._rows) * self.halves.widest
            self.arrays = self._made()
        return self.arrays

    def with_tangents(self) -> dict[int, np.ndarray]:
        """The same and, from now on, those of tangents."""
        if C.MORE not in self.arrays:
            e, d = (n * units for n, units in zip((self._rows, self._drawn), self.units))
            more = max(self.halves.largest, self.half)
            codes, means = self._drawn * self.halves.latent_dim, self._means
            places = range(C.V_E_BEFORE, C.MORE + 1)
            sizes = (e, e, d, d, codes, 2 * self.half, means, more)
            self.arrays = {**self.arrays, **{place: np.empty(size) for place, size in zip(places, sizes)}}
        return self.arrays

    @property
    def _means(self) -> int:
        return len(self.halves.sparsity) * self.halves.widest

    def _made(self) -> dict[int, np.ndarray]:
        halves = self.halves
        e, d = (n * units for n, units in zip((self._rows, self._drawn), self.units))
        contracts = halves.vectors > 0
        sizes = {
            C.PARTS: C.FIRST_TERM + len(halves.sparsity),
            C.E_BEFORE: e, C.E_AFTER: e, C.D_BEFORE: d, C.D_AFTER: d,
            C.CODES: self._drawn * halves.latent_dim if halves.variational is not None else 0,
            C.DELTAS: 2 * self.half,
            C.SPARE: min(halves.largest, SMALL),
            C.MEANS: self._means,
            C.BENDS: e if contracts else 0,
            C.DIRECT: self.direct if contracts else 0,
        }  # fmt: skip
        if contracts:
            widths = [int(halves.encoder[0, T.INPUTS]), *map(int, halves.encoder[:, T.OUTPUTS])]
            stacks = contractive.room(widths, self.chunk, halves.vectors)
            sizes |= {C.STACKS + k: size for k, size in enumerate(stacks)}
        return {place: np.empty(size) for place, size in sizes.items()}


class Terms:
    """The objective on one batch.

    Parameters
    ----------
    work : TermWork
    loss : int
        The kernels' code.
    x, target, weight : ndarray of shape (n, p), (n, q), (n,)
    eps : ndarray of shape (n, draws, latent_dim), or None
    probes : ndarray of shape (n, count, latent_dim), or None
    decay : ndarray of shape (size,), or None
    """

    def __init__(
        self,
        work: TermWork,
        loss: int,
        x: np.ndarray,
        target: np.ndarray,
        weight: np.ndarray,
        eps: np.ndarray | None,
        probes: np.ndarray | None,
        decay: np.ndarray | None,
    ) -> None:
        halves, draws = work.halves, 1 if eps is None else eps.shape[1]
        self._work, self._rows, self._draws = work, len(x), draws
        self._made_for: dict[int, np.ndarray] | None = None
        numbers = [term.numbers for term in halves.sparsity]
        table = [(term.kind, term.layer, self._units(term.layer)) for term in halves.sparsity]
        self._given = {
            C.ENCODER: halves.encoder, C.ENCODER_COEFS: halves.encoder_coefs,
            C.DECODER: halves.decoder, C.DECODER_COEFS: halves.decoder_coefs,
            C.X: x, C.WEIGHT: weight,
            C.TARGET: target if draws == 1 else np.repeat(target, draws, axis=0),
            C.DRAW_WEIGHT: weight if draws == 1 else np.repeat(weight / draws, draws),
            C.EPS: eps, C.SEEDS: self._seeds(probes), C.DECAY: decay,
            C.SPARSE: np.array(table, dtype=np.int64).reshape(-1, S.COLUMNS),
            C.SPARSE_NUMBERS: np.array(numbers, dtype=np.float64).reshape(-1, S.NUMBERS),
            C.STRENGTHS: np.array([1.0, halves.variational or 0.0, halves.contractive or 0.0]),
        }  # fmt: skip
        self._sizes = {
            C.ROWS: len(x), C.DRAWS: draws, C.INPUTS: x.shape[1], C.LATENT: halves.latent_dim,
            C.OUTPUTS: target.shape[1], C.SIZE: halves.size, C.LOSS: loss,
            C.ENCODERS: len(halves.encoder), C.DECODERS: len(halves.decoder),
            C.WIDEST: halves.widest, C.TERMS: len(table), C.WANTED: 1,
            C.VARIATIONAL: halves.variational is not None, C.VECTORS: halves.vectors,
            C.STEP: 0 if probes is None else int(halves.vectors * halves.encoder[-1, T.OUTPUTS]),
            C.CHUNK: work.chunk, C.DIRECT_SIZE: work.direct,
        }  # fmt: skip

    def _units(self, layer: int) -> int:
        """Units of a layer on which sparsity is counted: of a variational code, the means."""
        encoder, decoder = self._work.halves.encoder, self._work.halves.decoder
        if layer == len(encoder) - 1:
            return self._work.halves.latent_dim
        return int(encoder[layer, T.OUTPUTS] if layer < len(encoder) else decoder[layer - len(encoder), T.OUTPUTS])

    def _seeds(self, probes: np.ndarray | None) -> np.ndarray | None:
        """What the adjoint sweeps of the contractive term start from, (rows, vectors, outputs of the encoder)."""
        halves = self._work.halves
        if halves.contractive is None:
            return None
        d = halves.latent_dim
        first = np.eye(d)[None] if probes is None else probes / np.sqrt(probes.shape[1])
        seeds = np.zeros(
            (self._work.chunk if probes is None else len(probes), halves.vectors, halves.encoder[-1, T.OUTPUTS])
        )
        seeds[:, :, :d] = first
        return seeds

    @property
    def native(self) -> Native:
        arrays = self._work.of(self._rows, self._rows * self._draws)
        if self._made_for is not arrays:
            context = np.zeros(C.CONTEXT_SIZE, dtype=np.intp)
            for place, size in self._sizes.items():
                context[place] = size
            for place, array in (self._given | arrays).items():
                context[place] = native.data_of(array)
            context[C.HALF] = self._work.half
            context[C.CONTRACTIVE_CODE] = contractive.address() if self._work.halves.vectors else 0
            self._made_for = arrays
            held = [self._given, arrays]  # and, once products are wanted, the arrays of the tangents
            product = None if self._work.halves.vectors else partial(_product_code, self._work, context, held)
            self._native = Native(terms.address(), context, held, product=product)
        return self._native

    def _bare(self) -> np.ndarray:
        """The context of the value alone."""
        context = self.native.context.copy()
        context[C.WANTED] = 0
        return context

    def fun(self, theta: np.ndarray) -> float:
        return native.evaluate(self.native.address, self._bare(), theta, theta)  # the gradient is not written

    def fun_and_jac(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        gradient = np.empty(theta.size)
        return native.evaluate(self.native.address, self.native.context, theta, gradient), gradient

    def parts(self, theta: np.ndarray, loss: str) -> dict[str, float]:
        """The loss by its name, and each term by its own."""
        self.fun(theta)
        halves, values = self._work.halves, self._work.arrays[C.PARTS].tolist()
        parts = {loss: values[C.LOSS_PART]}
        if halves.variational is not None:
            parts["KL divergence"] = values[C.DIVERGENCE]
        for term, value in zip(halves.sparsity, values[C.FIRST_TERM :]):
            parts[term.name] = parts.get(term.name, 0.0) + value
        if halves.vectors:
            parts["contractive"] = values[C.CONTRACTIVE]
        return parts


def _product_code(work: TermWork, context: np.ndarray, held: list, name: str) -> int:
    """The address of Hessian products, whose arrays are made when they are first asked for."""
    held[2:] = [work.with_tangents()]
    for place in range(C.V_E_BEFORE, C.MORE + 1):
        context[place] = native.data_of(held[2][place])
    return term_products.address()
