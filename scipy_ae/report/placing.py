"""Where labels go in a crowded plane: each at its point if it can be, else as near as there is room.

The placing is deterministic and never lets two labels overlap: a label that finds no room is left out.
"""

import numpy as np

Bounds = tuple[float, float, float, float]  # left, top, right, bottom

STEP = 6.0  # dots between the places tried
CLEAR = 6.0  # dots between a label and a point that it does not hide


def place(
    anchors: np.ndarray,
    sizes: np.ndarray,
    bounds: Bounds,
    points: np.ndarray | None = None,
    gap: float = 5.0,
    beside: bool = False,
) -> np.ndarray:
    """Centres of the labels, (n, 2); NaN for a label without room.

    Parameters
    ----------
    anchors : (n, 2), dots
        The points that the labels belong to.
    sizes : (n, 2), dots
        Width and height of each label.
    bounds : left, top, right, bottom, dots
        Labels stay inside.
    points : (m, 2), dots, optional
        Points that should stay visible; the anchors by default.
    gap : dots
        Distance kept between two labels.
    beside : bool
        Labels lie beside their anchors, never on them.

    Notes
    -----
    A label whose own place, centred on its anchor, hides no other point stays there; the loneliest choose first.
    The others take the nearest free place, hiding as few points as can be. At last two labels of one size exchange
    their places whenever that shortens their leader lines, which also uncrosses them.
    """
    anchors = np.asarray(anchors, float)
    sizes = np.asarray(sizes, float)
    points = anchors if points is None else np.asarray(points, float)
    centres = np.full(anchors.shape, np.nan)
    loneliest = np.argsort(-_nearest(anchors), kind="stable")
    for i in loneliest[: 0 if beside else None]:
        alone = _hidden(anchors[i : i + 1], sizes[i], points)[0] <= 1
        if alone and _inside(anchors[i], sizes[i], bounds) and _clear(anchors[i], sizes[i], centres, sizes, gap):
            centres[i] = anchors[i]
    moved = loneliest[np.isnan(centres[loneliest, 0])]
    for i in moved:
        centres[i] = _nearest_place(anchors[i], sizes[i], bounds, points, centres, sizes, gap)
    _shorten(anchors, sizes, centres, moved)
    return centres


def spread(points: np.ndarray, count: int) -> np.ndarray:
    """Indices of at most ``count`` points chosen far from each other, the most central one first."""
    if len(points) <= count:
        return np.arange(len(points))
    chosen = [int(np.argmin(((points - np.median(points, axis=0)) ** 2).sum(axis=1)))]
    distance = np.full(len(points), np.inf)
    while len(chosen) < count:
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(np.argmax(distance)))
    return np.array(chosen)


def overlaps(centres: np.ndarray, sizes: np.ndarray) -> int:
    """How many pairs of labels overlap; those without a place count for none."""
    placed = np.isfinite(centres).all(axis=1)
    centres, sizes = centres[placed], sizes[placed]
    apart = np.abs(centres[:, None] - centres[None])
    reach = (sizes[:, None] + sizes[None]) / 2
    return int(np.triu((apart < reach).all(axis=2), 1).sum())


def edge(centre: np.ndarray, size: np.ndarray, anchor: np.ndarray) -> np.ndarray | None:
    """Where the leader line from ``anchor`` meets the label's edge; None if the label lies on its anchor."""
    way = anchor - centre
    with np.errstate(divide="ignore"):
        reach = (size / 2 / np.abs(way)).min()
    return None if reach >= 1 else centre + reach * way


def _nearest(anchors: np.ndarray) -> np.ndarray:
    """Distance of each anchor to the nearest other one."""
    if len(anchors) < 2:
        return np.full(len(anchors), np.inf)
    apart = np.linalg.norm(anchors[:, None] - anchors[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return apart.min(axis=1)


def _inside(centre: np.ndarray, size: np.ndarray, bounds: Bounds) -> bool:
    low, high = np.array(bounds[:2]) + size / 2, np.array(bounds[2:]) - size / 2
    return bool((centre >= low).all() and (centre <= high).all())


def _hidden(centres: np.ndarray, size: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How many points a label of this size would hide at each of the centres (m, 2)."""
    hidden = np.zeros(len(centres), int)
    for chunk in np.array_split(points, max(1, len(points) // 64)):
        apart = np.abs(centres[:, None] - chunk[None])
        hidden += (apart < size / 2 + CLEAR).all(axis=2).sum(axis=1)
    return hidden


def _clear(place: np.ndarray, size: np.ndarray, centres: np.ndarray, sizes: np.ndarray, gap: float) -> bool:
    """Whether a label of this size, at this place, is clear of all labels placed so far."""
    apart = np.abs(place - centres)  # NaN, hence clear, for labels without a place
    return not (apart < (size + sizes) / 2 + gap).all(axis=1).any()


def _nearest_place(
    anchor: np.ndarray,
    size: np.ndarray,
    bounds: Bounds,
    points: np.ndarray,
    centres: np.ndarray,
    sizes: np.ndarray,
    gap: float,
) -> np.ndarray:
    xs, ys = (
        np.arange(low + half, max(high - half, low + half) + 1e-9, STEP)
        for low, high, half in zip(bounds[:2], bounds[2:], size / 2)
    )
    free = np.ones((len(ys), len(xs)), bool)
    for centre, other in zip(centres, sizes):
        if np.isfinite(centre).all():
            reach = (size + other) / 2 + gap
            left, right = np.searchsorted(xs, (centre[0] - reach[0], centre[0] + reach[0]))
            top, bottom = np.searchsorted(ys, (centre[1] - reach[1], centre[1] + reach[1]))
            free[top:bottom, left:right] = False
    row, column = np.nonzero(free)
    if len(row) == 0:
        return np.full(2, np.nan)
    places = np.column_stack([xs[column], ys[row]])
    distance = np.linalg.norm(places - anchor, axis=1)
    near = np.argsort(distance, kind="stable")[:600]
    # hiding a point costs as much as going 200 dots further
    cost = distance[near] + 200.0 * _hidden(places[near], size, points)
    return places[near[np.argmin(cost)]]


def _shorten(anchors: np.ndarray, sizes: np.ndarray, centres: np.ndarray, moved: np.ndarray) -> None:
    """Exchange the places of moved labels, in place, each time the two that gain most."""
    moved = moved[np.isfinite(centres[moved]).all(axis=1)]
    if len(moved) < 2:
        return
    away = np.linalg.norm(anchors[moved][:, None] - centres[moved][None], axis=2)  # label i at the place of j
    same = (sizes[moved][:, None] == sizes[moved][None]).all(axis=2)
    at = np.arange(len(moved))
    for _ in range(20 * len(moved)):
        now = away[:, at]
        own = np.diag(now)
        gain = np.where(same, own[:, None] + own[None] - now - now.T, 0.0)
        i, j = np.unravel_index(np.argmax(gain), gain.shape)
        if gain[i, j] < 1e-9:
            break
        at[[i, j]] = at[[j, i]]
    centres[moved] = centres[moved][at]
