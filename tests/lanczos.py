"""The Lanczos kernel on a matrix that is given by its products, for tests."""

import numpy as np

from scipy_ae.kernels import krylov as kernel
from scipy_ae.kernels.machine import DONE


class Lanczos:
    """The Krylov space of A, known by ``product(v)``, and g; it grows by one product at a time."""

    def __init__(self, product, g, room=99):
        self._product, self._n = product, g.size
        self._vectors, self._basis = np.zeros((kernel.LANCZOS_VECTORS, g.size + 32)), np.empty((room, g.size))
        self._space, self._reals = np.zeros((kernel.SPACE_ROWS, room)), np.zeros(kernel.LANCZOS_REALS)
        self._whole = np.zeros(kernel.WHOLE, dtype=np.int64)
        self._reals[kernel.LENGTH] = np.linalg.norm(g)
        self._vectors[kernel.ROOT], self._basis[0] = 1.0, g / np.linalg.norm(g)

    @property
    def size(self):
        return int(self._whole[kernel.SIZE])

    def grow(self):
        """One product more; False where the space holds all that it will."""
        own = self._basis, self._space, self.size + 1, self._vectors, self._reals, self._whole, self._n, 0
        nothing = np.zeros(0, dtype=np.intp)
        while (verdict := kernel.lanczos(0, nothing, *own)) == kernel.PRODUCT:
            v = self._vectors[self._whole[kernel.ASKED], : self._n].copy()
            self._vectors[kernel.IMAGE, : self._n] = self._product(v)
        return verdict == DONE

    def within(self, radius):
        """Coordinates of the best step within the radius, and how far the model falls."""
        self._reals[kernel.RADIUS] = radius
        kernel.within(self._space, self._reals, self.size)
        self._reals[kernel.RADIUS] = 0.0
        return self._space[kernel.H, : self.size].copy(), self._reals[kernel.FALL]

    def vector(self, h):
        out = np.empty(self._n)
        kernel.combined(self._basis, h, out)
        return out
