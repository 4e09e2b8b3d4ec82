"""Shown: what a fitted autoencoder shows of itself, as pictures in Matplotlib's axes and as HTML in a notebook.

All of it is drawn by the report room, which is loaded when something is shown and not before.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from scipy_ae.datasets import Dataset
from scipy_ae.display import History
from scipy_ae.errors import InputError, unknown
from scipy_ae.estimator.fitted import FLOATS, Fitted
from scipy_ae.estimator.versions import validate_data

if TYPE_CHECKING:
    from scipy_ae.report.look import Look
    from scipy_ae.report.pane import Axes

#: Rows that are drawn at most, by their kind, evenly chosen where there are more; and on the card of an estimator.
MOST = {"image": 40, "circles": 12, "table": 200}
FEW = {"image": 10, "circles": 8, "table": 40}


@dataclass(frozen=True)
class Rows:
    """Rows x (n, p) of a kind of data, with a name each; those of a table may be empty."""

    x: np.ndarray
    names: tuple[str, ...]
    kind: str
    image_shape: tuple[int, int] | None

    @classmethod
    def of(cls, x: np.ndarray, labels: Any, image_shape: Any, kind: str | None) -> "Rows":
        """Rows as a caller describes them, checked."""
        if kind is None:
            kind = "table" if image_shape is None else "image"
        if kind not in MOST:
            raise unknown("kind", str(kind), MOST)
        shape = _checked_shape(image_shape, kind, x.shape[1])
        if kind == "circles" and x.shape[1] % 2:
            raise InputError(f"kind: circles are pairs x1, y1, x2, y2..., and {x.shape[1]} columns came")
        if labels is None:
            names = ("",) * len(x) if kind == "table" else tuple(str(i) for i in range(len(x)))
        else:
            names = tuple(str(label) for label in np.asarray(labels, dtype=object).reshape(-1))
        if len(names) != len(x):
            raise InputError(f"labels: {len(names)} came for {len(x)} rows; one for each row is accepted")
        return cls(x, names, kind, shape)

    def at_most(self, count: int) -> "Rows":
        """So many rows, evenly chosen."""
        chosen = np.unique(np.linspace(0, len(self.x) - 1, min(count, len(self.x))).round().astype(int))
        return Rows(self.x[chosen], tuple(self.names[i] for i in chosen), self.kind, self.image_shape)

    def look(self, output: np.ndarray) -> "Look":
        """How they are drawn, beside such outputs."""
        from scipy_ae.report.look import Look

        return Look.around(self.x, output) if self.kind == "circles" else Look.of(self.kind, self.x, self.image_shape)


def few(given: Any, x: np.ndarray) -> Rows:
    """Some of the rows x (n, p) of a training for a card; ``given`` tells of itself if it is a data set."""
    told = given if isinstance(given, Dataset) and len(given.x) == len(x) else None
    rows = Rows.of(x, None, None, None) if told is None else Rows.of(x, told.labels, told.image_shape, told.kind)
    chosen = rows.at_most(FEW[rows.kind])
    return Rows(chosen.x.copy(), chosen.names, chosen.kind, chosen.image_shape)


class Shown(Fitted):
    """Plots of a fitted autoencoder and its card; each plot returns Matplotlib's axes, drawn as in the reports.

    Where ``ax`` is None a new figure of pyplot's is made, which obeys the backend in use.
    """

    history_: History

    def plot_latent(self, X, labels=None, *, image_shape=None, kind=None, ax=None) -> "Axes":
        """The plane of the codes: where each row of X lies, with its picture or its label.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or Dataset
            A data set brings its labels, its kind and the shape of its images along.
        labels : array-like of shape (n_samples,), optional
            A name for each row; where a few of them repeat, the dots of a table are coloured by them.
        image_shape : (int, int), optional
            Height and width where a row is a picture, ``(7, 5)``.
        kind : {"image", "circles", "table"}, optional
            What a row is; ``circles`` are points x1, y1, x2, y2... of a closed curve. None: an image where
            ``image_shape`` is given, else a row of a table.
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        matplotlib.axes.Axes
            The first two numbers of the codes in their own coordinates; codes of one number lie on a line.
        """
        rows = self._rows(X, labels, image_shape, kind)
        codes = self.network_.encode(self.theta_, rows.x)
        from scipy_ae.report.pane import checked, head, new_axes, plane_on
        from scipy_ae.report.words import Words

        words, look = Words(), rows.look(rows.x)
        numbers = words("code.numbers", n=codes.shape[1], count=words.count(codes.shape[1]))
        axes = new_axes() if ax is None else checked(ax)
        plane_on(axes, codes, rows.x, look, rows.names, words.group("figure.latent")["axis"])
        return head(axes, words("notebook.latent", n=len(codes), numbers=numbers))

    def plot_reconstruction(self, X, labels=None, *, image_shape=None, kind=None, ax=None) -> "Axes":
        """Rows of X beside what comes back for them.

        Pictures of 0 and 1 are shown once more cut at one half, with wrong pixels outlined and counted; circles are
        drawn over each other, the one that went in dashed; rows of a table are lines of two heat maps. Of many rows
        some are shown, evenly chosen; the title tells of all.

        Parameters
        ----------
        X, labels, image_shape, kind, ax
            As of :meth:`plot_latent`.

        Returns
        -------
        matplotlib.axes.Axes
            Without axis lines; the pictures in it hold the values, those of a table are in axes within it.
        """
        rows = self._rows(X, labels, image_shape, kind)
        output = self.network_.reconstruct(self.theta_, rows.x)
        from scipy_ae.report import pictures
        from scipy_ae.report.card import reconstruction_title, states_of
        from scipy_ae.report.pane import checked, head, pane
        from scipy_ae.report.words import Words

        words, look = Words(), rows.look(output)
        title = reconstruction_title(rows.x, output, look, self.network_.latent_dim, words)
        rows = rows.at_most(MOST[rows.kind])
        states, wrong = states_of(rows.x, self.network_.reconstruct(self.theta_, rows.x), look, words)
        axes: Any = pictures.pairs(states, look, rows.names, wrong, pane(None if ax is None else checked(ax)))
        return head(axes, title)

    def plot_history(self, *, over="iteration", show="loss", ax=None) -> "Axes":
        """How the training went: the loss, with the bursts of the solver told apart from single steps.

        Parameters
        ----------
        over : {"iteration", "seconds"}
        show : {"loss", "wrong_pixels"}
            Wrong pixels are counted where the data are all 0 or 1.
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        matplotlib.axes.Axes
        """
        check_is_fitted(self, "theta_")
        for name, value, known in (
            ("over", over, ("iteration", "seconds")),
            ("show", show, ("loss", "wrong_pixels")),
        ):
            if value not in known:
                raise unknown(name, str(value), known)
        from scipy_ae.report.curves import CurveWords, counts_pixels
        from scipy_ae.report.pane import checked, curve_on, head, new_axes
        from scipy_ae.report.words import Words

        history, words = self.history_, Words()
        if show == "wrong_pixels" and not counts_pixels(history.records):
            raise InputError(
                "show: the training counted no wrong pixels, since its data are not all 0 or 1; 'loss' is accepted"
            )
        best = history.best or history[-1]
        values = {"loss": words.number(best.loss), "n": best.wrong_pixels, "time": words.seconds(history[-1].seconds)}
        lettering = CurveWords(**words.group("figure.curve.words"))
        axes = new_axes() if ax is None else checked(ax)
        curve_on(axes, history.records, over, show, best.iteration, lettering)
        return head(axes, words(f"notebook.{show}", **values))

    @property
    def _repr_html_(self):
        html = super()._repr_html_  # AttributeError where scikit-learn is told to display text
        return lambda: html() + self._card()

    def _repr_mimebundle_(self, **kwargs):
        shown = super()._repr_mimebundle_(**kwargs)
        if "text/html" in shown:
            shown["text/html"] += self._card()
        return shown

    def _card(self) -> str:
        """HTML of what was learned; empty before anything was."""
        if not hasattr(self, "theta_"):
            return ""
        from scipy_ae.report.card import Glimpse, Learned, model_card
        from scipy_ae.report.words import Words

        network, rows, glimpse = self.network_, getattr(self, "_few", None), None
        if rows is not None:
            output = network.reconstruct(self.theta_, rows.x)
            glimpse = Glimpse(rows.x, output, rows.look(output), rows.names)
        activations = [str(layer.activation) for layer in network.layers]
        return model_card(
            Learned(network.spec, activations, network.latent_dim, network.size), self.history_, glimpse, Words()
        )

    def __getstate__(self):
        """All but the rows kept for the card: a model that is handed on brings no data along."""
        return {key: value for key, value in super().__getstate__().items() if key != "_few"}

    def _rows(self, X: Any, labels: Any, image_shape: Any, kind: str | None) -> Rows:
        """The rows of a plot, with what a data set tells of them where the caller does not."""
        check_is_fitted(self, "theta_")
        x = np.asarray(validate_data(self, X, dtype=FLOATS, reset=False), float)
        if isinstance(X, Dataset):
            labels = X.labels if labels is None else labels
            if kind is None and image_shape is None:
                kind, image_shape = X.kind, X.image_shape
        return Rows.of(x, labels, image_shape, kind)


def _checked_shape(image_shape: Any, kind: str, columns: int) -> tuple[int, int] | None:
    """The height and width of an image of so many columns; None where rows are not images."""
    if image_shape is None:
        if kind == "image":
            raise InputError(f"image_shape: images need one, such as (7, 5) for 35 columns; {columns} columns came")
        return None
    if kind != "image":
        raise InputError(f"image_shape and kind contradict each other: {kind} have no image_shape")
    try:
        height, width = (int(side) for side in image_shape)
    except (TypeError, ValueError):
        raise InputError(
            f"image_shape: {image_shape!r} is not accepted; height and width, such as (7, 5), are"
        ) from None
    if height < 1 or width < 1 or height * width != columns:
        raise InputError(f"image_shape: {height} x {width} pixels do not fit rows of {columns} columns")
    return height, width
