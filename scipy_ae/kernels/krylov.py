"""Conjugate gradients and the Lanczos process as machines that make their products themselves, or ask for them.

Where the matrix is machine code (``second_order.py``) they run from product to product; else they stop at each one
(``PRODUCT``) and are called again once the product of row ``whole[ASKED]`` of ``vectors`` stands in row ``IMAGE``. The
logic is the same for both. Each vector is followed by room that nobody uses, so that they lie apart from each other.
"""

import math

from numba import njit

from scipy_ae.kernels import second_order
from scipy_ae.kernels.machine import DONE, at
from scipy_ae.kernels.quasi_newton import REORDER, dot
from scipy_ae.kernels.tridiagonal import space_minimum

#: Why a machine stopped, beside DONE: a product is wanted; the products allowed at once are made; the curvature along
#: the direction is not positive; the space holds all that it will, or its curvature is not finite; the basis has no
#: room for more. READY is none: the product is there.
PRODUCT, PAUSE, DOWNWARD, EXHAUSTED, FULL, READY = range(10, 16)
#: Whole numbers: what comes next; whether an answer is awaited; whether theta is new to the machine code; products
#: made; the row whose product is asked for; iterations done, or the size of the space.
PHASE, WAITING, FRESH, PRODUCTS, ASKED, SIZE = range(6)
WHOLE = 6
#: Vectors: the place, and the product; then of conjugate gradients the right side, the inverse of the preconditioner's
#: diagonal, x, the residual, the direction; of Lanczos the root of the preconditioner's diagonal and what
#: the matrix is to be multiplied with.
THETA, IMAGE, B, W, X, R, P = range(7)
CG_VECTORS = 7
ROOT, V = 2, 3
LANCZOS_VECTORS = 4
#: Reals of conjugate gradients: the damping, the rules' numbers (0 for a rule that is off), the squared length
#: of the residual, where that may stop, and that of the direction.
MU, PROGRESS, ETA, RZ, TARGET, LENGTH_P = range(6)
CG_REALS = 6
#: Reals of Lanczos: the norm of g; the radius, 0 for none; the part of g's norm that may be left; how far the model
#: falls within the radius, and the shift that goes with it.
LENGTH, RADIUS, FORCING, FALL, SHIFT = range(5)
LANCZOS_REALS = 5
#: Rows of what Lanczos keeps of its space: diagonal and off-diagonal; pivots; the step in its coordinates.
ALPHA, BETA, PIVOT, H = range(4)
SPACE_ROWS = 4
#: Part of its radius from which a step counts as at the edge.
EDGE = 0.99
#: Of the last step, what the next search for one begins from (Martens 2010, section 4.8, takes all of it).
KEPT = 0.95
BEGIN, GO = range(2)


@njit(cache=True)
def place(theta, vectors, whole):
    """Take another place."""
    row = at(vectors, THETA, theta.size)
    for i in range(theta.size):
        row[i] = theta[i]
    whole[FRESH] = 1


@njit(cache=True)
def downhill(theta, g, vectors, whole):
    """Take another place, and let conjugate gradients look downhill from there."""
    place(theta, vectors, whole)
    b, p = at(vectors, B, g.size), at(vectors, P, g.size)
    for i in range(g.size):
        b[i] = -g[i]
        p[i] = g[i]


@njit(cache=True, nogil=True, error_model="numpy")
def imaged(address, context, vectors, row, whole, size, allowed):
    """READY once the matrix times that row stands in ``IMAGE``; else why it does not."""
    if address == 0:
        whole[ASKED], whole[WAITING] = row, 1 - whole[WAITING]
        return PRODUCT if whole[WAITING] == 1 else READY
    if whole[PRODUCTS] >= allowed:
        return PAUSE
    second_order.call(
        address, context, whole[FRESH], at(vectors, THETA, size), at(vectors, row, size), at(vectors, IMAGE, size)
    )
    whole[PRODUCTS] += 1
    whole[FRESH] = 0
    return READY


@njit(cache=True, nogil=True, error_model="numpy")
def conjugate_gradients(address, context, falls, vectors, reals, whole, size, allowed):
    """(A + mu) x = b from x, preconditioned; at most as many iterations as ``falls`` has numbers.

    ``allowed`` products are made at once.
    """
    b, w, x = at(vectors, B, size), at(vectors, W, size), at(vectors, X, size)
    r, p, image = at(vectors, R, size), at(vectors, P, size), at(vectors, IMAGE, size)
    if whole[PHASE] == BEGIN:
        moved = dot(x, x) != 0.0
        if moved:
            verdict = imaged(address, context, vectors, X, whole, size, allowed)
            if verdict != READY:
                return verdict
        for i in range(size):
            r[i] = b[i] - (image[i] + reals[MU] * x[i]) if moved else b[i]
            p[i] = r[i] * w[i]
        _, square = _sums(x, b, b, w)
        reals[TARGET] = reals[ETA] ** 2 * square
        _, reals[RZ] = _sums(x, b, r, w)
        reals[LENGTH_P] = reals[RZ]
        whole[PHASE] = GO
    while whole[SIZE] < falls.size:
        if not reals[RZ] > 0.0 or reals[RZ] <= reals[TARGET]:
            return DONE
        verdict = imaged(address, context, vectors, P, whole, size, allowed)
        if verdict != READY:
            return verdict
        bend = _bend(p, image, reals[MU])
        if not math.isfinite(bend):
            return DONE
        if bend <= 1e-15 * reals[LENGTH_P]:
            return DOWNWARD
        alpha = reals[RZ] / bend
        for i in range(size):
            x[i] += alpha * p[i]
            r[i] -= alpha * (image[i] + reals[MU] * p[i])
        model, square = _sums(x, b, r, w)
        falls[whole[SIZE]] = -0.5 * model
        whole[SIZE] += 1
        if reals[PROGRESS] > 0.0 and _settled(falls, whole[SIZE], reals[PROGRESS]):
            return DONE
        factor = square / reals[RZ]
        reals[RZ] = square
        reals[LENGTH_P] = square + factor * factor * reals[LENGTH_P]  # p' M p, since r and the last p are orthogonal
        for i in range(size):
            p[i] = r[i] * w[i] + factor * p[i]
    return DONE


@njit(cache=True, error_model="numpy")
def fall(verdict, mu, g, vectors):
    """How far g's + s'As/2 falls to what conjugate gradients have found from b = -g, ending so; NaN for no minimum."""
    s, r = at(vectors, X, g.size), at(vectors, R, g.size)
    length = dot(s, s)
    if verdict == DOWNWARD or not math.isfinite(length) or length == 0.0:
        return math.nan
    found = 0.5 * (dot(s, r) + mu * length - dot(s, g))
    return found if math.isfinite(found) else math.nan


@njit(cache=True, fastmath=REORDER, error_model="numpy")
def _bend(p, image, mu):
    """p . (A + mu) p."""
    total, square = 0.0, 0.0
    for i in range(p.size):
        total += p[i] * image[i]
        square += p[i] * p[i]
    return total + mu * square


@njit(cache=True, fastmath=REORDER, error_model="numpy")
def _sums(x, b, r, w):
    """x . (r + b), and r . r with the weights w."""
    model, square = 0.0, 0.0
    for i in range(x.size):
        model += x[i] * (r[i] + b[i])
        square += r[i] * r[i] * w[i]
    return model, square


@njit(cache=True)
def _settled(falls, done, eps):
    """Whether the model fell by less than k eps of itself over the last k = max(10, done / 10) iterations."""
    k, last = max(10, done // 10), falls[done - 1]
    return done > k and last < 0.0 and last - falls[done - 1 - k] > k * eps * last


@njit(cache=True, nogil=True, error_model="numpy")
def lanczos(address, context, basis, space, most, vectors, reals, whole, size, allowed):
    """Grow the space to ``most`` vectors, or until the best step within the radius is good enough.

    ``basis`` is (any, n), ``space`` (SPACE_ROWS, any).
    """
    root, v, image = at(vectors, ROOT, size), at(vectors, V, size), at(vectors, IMAGE, size)
    while whole[SIZE] < most:
        k = whole[SIZE]
        if k > 0 and space[BETA, k - 1] <= 1e-12 * _largest(space, k):
            return EXHAUSTED
        if k + 1 >= basis.shape[0]:
            return FULL
        q = basis[k]
        for i in range(size):
            v[i] = q[i] / root[i]
        verdict = imaged(address, context, vectors, V, whole, size, allowed)
        if verdict != READY:
            return verdict
        for i in range(size):
            image[i] /= root[i]
        alpha = dot(q, image)
        if not math.isfinite(alpha):
            return EXHAUSTED
        space[ALPHA, k], space[BETA, k] = alpha, _orthogonalised(basis, space, k, alpha, image)
        beta, following = space[BETA, k], basis[k + 1]
        for i in range(size):
            following[i] = image[i] / beta if beta > 0.0 else 0.0
        whole[SIZE] = k + 1
        if reals[RADIUS] > 0.0 and _good(space, reals, k + 1):
            return DONE
    return DONE


@njit(cache=True)
def _largest(space, k):
    top = 0.0
    for i in range(k):
        top = max(top, abs(space[ALPHA, i]))
    return top


@njit(cache=True, error_model="numpy")
def _orthogonalised(basis, space, k, alpha, image):
    """Take the whole basis out of ``image``: first, by the recurrence, what there is, then what rounding has left."""
    for i in range(image.size):
        image[i] -= alpha * basis[k, i]
    if k > 0:
        for i in range(image.size):
            image[i] -= space[BETA, k - 1] * basis[k - 1, i]
    for j in range(k + 1):
        space[PIVOT, j] = dot(basis[j], image)
    for j in range(k + 1):
        part, q = space[PIVOT, j], basis[j]
        for i in range(image.size):
            image[i] -= part * q[i]
    return math.sqrt(dot(image, image))


@njit(cache=True, error_model="numpy")
def _good(space, reals, k):
    """Whether the best step in the space so far leaves little to be gained."""
    before = reals[FALL]
    size, left = within(space, reals, k)
    if left <= reals[FORCING] * reals[LENGTH]:
        return True
    # on the boundary more of the space changes little: stop where the model has stopped to fall as well
    return k > 10 and reals[FALL] - before < 1e-3 * reals[FALL] and size > EDGE * reals[RADIUS]


@njit(cache=True, error_model="numpy")
def within(space, reals, k):
    """The minimum of g's + s'As/2 over |s| <= radius in the space, as coordinates in its row H.

    Returns their norm and that of the gradient left outside the space; ``reals[FALL]`` is how far the model falls.
    """
    reals[SHIFT], reals[FALL] = space_minimum(
        space[ALPHA, :k], space[BETA, :k], reals[LENGTH], reals[RADIUS], reals[SHIFT], space[PIVOT, :k], space[H, :k]
    )
    size = math.sqrt(dot(space[H, :k], space[H, :k]))
    return size, space[BETA, k - 1] * abs(space[H, k - 1])


@njit(cache=True)
def combined(basis, h, out):
    """out = h' basis, the vector of those coordinates."""
    for i in range(out.size):
        out[i] = 0.0
    for j in range(h.size):
        part, q = h[j], basis[j]
        for i in range(out.size):
            out[i] += part * q[i]
