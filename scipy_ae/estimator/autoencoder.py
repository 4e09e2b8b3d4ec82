"""Autoencoder: an autoencoder as scikit-learn's pipelines and grid searches want it."""

import sys
import time
import warnings
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from scipy_ae.batches import Batch
from scipy_ae.errors import InputError
from scipy_ae.estimator.settings import Settings, rows, spread
from scipy_ae.estimator.versions import validate_data
from scipy_ae.network import Network
from scipy_ae.objective import Objective
from scipy_ae.persistence import Model
from scipy_ae.records import History, Record
from scipy_ae.solvers.base import NON_FINITE
from scipy_ae.training import DIVERGED, train

_FLOATS = (np.float64, np.float32)
#: Root mean square of the data above which the first weights, fit for columns of variance 1, saturate tanh.
LARGE = 30.0


class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """An autoencoder of dense layers, trained by gradient steps with a burst of a solver every few iterations.

    Columns of different units belong behind a scaler, which is not hidden in here:
    ``make_pipeline(StandardScaler(), Autoencoder())``.

    Parameters
    ----------
    layers : str or sequence of int, optional
        Widths from input to output, ``"64-32-8-32-64"``; the narrowest is the code. None: one hidden layer on either
        side of a code of ``n_components``, half as wide as the data, 64 at most, but three times the code at least.
    solver : str or Solver
        Who makes the bursts; see ``scipy_ae.solvers.names()``.
    every : int
        A burst at every so many iterations; 1: at each, 0: never.
    std : float
        Scale of the first weights: a factor on the rule of ``init``, with ``gaussian`` their standard deviation.
    eta : float
        Learning rate of first-order steps.
    iterations : int
        At most; an iteration is a step or a burst.
    n_components : int, optional
        Numbers in a code, where ``layers`` is None. None: 2, or 1 for data of two columns or fewer.
    activation, code : str or Activation
        Of the hidden layers and of the code.
    output : str or Activation, optional
        Of the last layer. None: identity; logistic where ``loss`` is cross-entropy, or is None and every value of the
        (first) data is 0 or 1.
    loss : str or loss, optional
        None: cross-entropy for a logistic output, else squared error.
    l2 : float, optional
        Weight decay. None: 7e-4 of the sum of the columns' variances for the squared error, 1e-4 for cross-entropy.
    penalties : sequence of penalties
        Further terms of the objective.
    init : str
        How weights are drawn: ``fan-in``, ``gaussian``, ``glorot``, ``he`` or ``orthogonal``.
    n_init : int
        Starts; the one of the lowest loss is kept.
    burst : int
        Solver steps in a burst, at most.
    between : str or Solver
        Who takes the steps between bursts, and those of ``partial_fit``.
    carry : {"keep", "reset"}
        Whether the solver's memory is kept from burst to burst.
    guard : bool
        Shorten a first-order step that would raise the loss until it does not.
    solver_options : dict, optional
        Further options of ``solver``, such as ``{"gtol": 1e-8}``.
    batch_size : int, optional
        Rows of a mini-batch for first-order steps; None: all rows. Bursts always see all rows.
    tol : float
        The training ends when the loss fell by less than this part of itself over two cycles of steps and burst (8
        iterations at least).
    precision : {"float64", "float32"}
        Of the sweeps; ``theta_`` is float64.
    warm_start : bool
        Whether ``fit`` goes on from the weights of the last fit.
    random_state : int, RandomState or None
    verbose : int
        1: about ten lines; 2: a line for each iteration.

    Attributes
    ----------
    theta_ : ndarray of shape (n,)
        The weights of lowest loss.
    network_ : Network
    history_ : History
        The records of the last ``fit``, or of all ``partial_fit`` since.
    loss_ : float
        The objective at ``theta_``, penalties included; after ``partial_fit`` on its last batch.
    l2_ : float
        The weight decay in use.
    n_iter_ : int
        Iterations of the last fit; each ``partial_fit`` adds one.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where the columns had names.

    Notes
    -----
    Equal rows are merged and rows are sorted before a training on all rows, so that ``sample_weight`` is the same as
    repeating rows and the order of the rows makes no difference. Rows of weight 0 are left out.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from scipy_ae import Autoencoder
    >>> model = make_pipeline(StandardScaler(), Autoencoder(random_state=0))
    >>> model.fit_transform(load_iris().data).shape
    (150, 2)
    """

    def __init__(
        self,
        layers=None,
        solver="BFGS",
        every=4,
        std=0.73,
        eta=0.0085,
        iterations=220,
        *,
        n_components=None,
        activation="tanh",
        code="identity",
        output=None,
        loss=None,
        l2=None,
        penalties=(),
        init="fan-in",
        n_init=1,
        burst=20,
        between="Adam",
        carry="keep",
        guard=True,
        solver_options=None,
        batch_size=None,
        tol=1e-3,
        precision="float64",
        warm_start=False,
        random_state=None,
        verbose=0,
    ):
        self.layers = layers
        self.solver = solver
        self.every = every
        self.std = std
        self.eta = eta
        self.iterations = iterations
        self.n_components = n_components
        self.activation = activation
        self.code = code
        self.output = output
        self.loss = loss
        self.l2 = l2
        self.penalties = penalties
        self.init = init
        self.n_init = n_init
        self.burst = burst
        self.between = between
        self.carry = carry
        self.guard = guard
        self.solver_options = solver_options
        self.batch_size = batch_size
        self.tol = tol
        self.precision = precision
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    network_: Network
    theta_: np.ndarray
    history_: History

    def fit(self, X, y=None, sample_weight=None):
        """Train on the rows of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            At least two rows.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        settings, goes_on = self._settings(), self.warm_start and hasattr(self, "theta_")
        X = validate_data(self, X, dtype=_FLOATS, ensure_min_samples=2, reset=not goes_on)
        batch = rows(X, self._weight(sample_weight, X), merge=settings.batch_size is None)
        network, rng = settings.network(batch.x), self._rng()
        if goes_on and _differ(network, self.network_):
            change = f"changed from {self.network_.spec} to {network.spec}, or an activation did"
            raise InputError(f"warm_start: the network {change}; warm_start=False starts anew")
        objective = settings.objective(network, batch)
        starts = [self.theta_] if goes_on else []
        starts += [network.initialize(rng, settings.std, settings.init) for _ in range(settings.n_init - len(starts))]
        histories = [self._follow(objective, start, settings, rng) for start in starts]
        history = min(histories, key=_loss)
        self.network_, self.theta_, self.history_ = network, _theta(history), history
        self.loss_, self.n_iter_, self._memory = _loss(history), history[-1].iteration, None
        self.l2_ = settings.decay(objective.loss, batch)
        _warn(history, objective, self.theta_)
        return self

    def partial_fit(self, X, y=None, sample_weight=None):
        """Go once through the rows of X: one step of ``between`` on each ``batch_size`` of them, on all where None.

        The first call makes the network, unless ``fit`` has; ``between`` keeps its memory from call to call.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        settings, first = self._settings(), not hasattr(self, "theta_")
        X = validate_data(self, X, dtype=_FLOATS, reset=first)
        batch = rows(X, self._weight(sample_weight, X), merge=False)
        solver = settings.stepper()
        if not solver.first_order:
            raise InputError(
                f"between: partial_fit takes first-order steps, and {solver.name} takes none; Adam, momentum, "
                "gradient-descent and adaptive-eta are accepted"
            )
        if first:
            self._begin(settings, batch)
        objective = settings.objective(self.network_, batch, self.l2_)
        self._pass(objective, solver, settings.batch_size or len(batch))
        return self

    def transform(self, X):
        """Codes of the rows of X, shape (n_samples, n_components)."""
        check_is_fitted(self, "theta_")
        X = validate_data(self, X, dtype=_FLOATS, reset=False)
        return self.network_.encode(self.theta_, X).astype(X.dtype, copy=False)

    def inverse_transform(self, X):
        """Rows (n_samples, n_features) that the decoder makes of codes X (n_samples, n_components)."""
        check_is_fitted(self, "theta_")
        X = check_array(X, dtype=_FLOATS, estimator=self, input_name="X")
        if X.shape[1] != self.network_.latent_dim:
            raise InputError(f"X: codes of {X.shape[1]} numbers came; {self.network_.latent_dim} are accepted")
        return self.network_.decode(self.theta_, X).astype(X.dtype, copy=False)

    def predict(self, X):
        """The rows of X encoded and decoded again, shape (n_samples, n_features)."""
        check_is_fitted(self, "theta_")
        X = validate_data(self, X, dtype=_FLOATS, reset=False)
        return self.network_.reconstruct(self.theta_, X).astype(X.dtype, copy=False)

    def score_samples(self, X):
        """Minus the squared error of each row of X, summed over its columns; a low score marks an outlier.

        It is the squared error whatever the loss, so that estimators of different losses compare.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self, "theta_")
        X = validate_data(self, X, dtype=_FLOATS, reset=False)
        return -((self.network_.reconstruct(self.theta_, X) - X) ** 2).sum(axis=1)

    def score(self, X, y=None, sample_weight=None):
        """The mean of :meth:`score_samples`: minus the squared error a row; 0 is perfect."""
        scores = self.score_samples(X)
        return float(np.average(scores, weights=self._weight(sample_weight, scores)))

    @property
    def model_(self) -> Model:
        """Network and weights as :func:`scipy_ae.save` writes them."""
        check_is_fitted(self, "theta_")
        names = getattr(self, "feature_names_in_", None)
        return Model(self.network_, self.theta_, {} if names is None else {"columns": [str(name) for name in names]})

    @property
    def _n_features_out(self) -> int:
        return self.network_.latent_dim

    def _settings(self) -> Settings:
        return Settings(**self.get_params(deep=False))

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))

    @staticmethod
    def _weight(sample_weight: Any, X: Any) -> np.ndarray | None:
        return None if sample_weight is None else _check_sample_weight(sample_weight, X, dtype=np.float64)

    def _follow(self, objective: Objective, start: np.ndarray, settings: Settings, rng: np.random.Generator) -> History:
        """Train from one start until the schedule is over or the loss has settled."""
        batch, history = objective.batch, History()
        lowest: list[float] = []
        stream = train(
            objective, start, settings.schedule(batch), iterations=settings.iterations,
            batch_size=settings.batch_size, rng=rng, stop=settings.stop(batch),
        )  # fmt: skip
        with closing(stream):  # type: ignore[type-var]
            for record in stream:
                lowest.append(min(record.loss, lowest[-1]) if lowest else record.loss)
                before = lowest[max(0, len(lowest) - 1 - settings.patience)]
                settled = len(lowest) > settings.patience and before - lowest[-1] < settings.tol * lowest[-1]
                if settled and not record.stop:
                    record = replace(record, stop=f"settled: the loss fell by less than tol = {settings.tol:g}")
                history.add(record)
                self._tell(record, settings)
                if record.stop:
                    break
        return history

    def _tell(self, record: Record, settings: Settings) -> None:
        due = settings.verbose > 1 or record.iteration % max(1, settings.iterations // 10) == 0 or record.stop
        if settings.verbose and due:
            ending = f"  {record.stop}" if record.stop else ""
            line = f"iteration {record.iteration:>4}  loss {record.loss:<12.6g} {record.seconds:8.2f} s"
            sys.stdout.write(f"[Autoencoder] {line}{ending}\n")

    def _begin(self, settings: Settings, batch: Batch) -> None:
        """What the first ``partial_fit`` needs."""
        network, rng = settings.network(batch.x), self._rng()
        objective = settings.objective(network, batch)
        self.l2_ = settings.decay(objective.loss, batch)
        self.theta_ = network.initialize(rng, settings.std, settings.init)
        self.network_, self.history_, self.n_iter_, self._memory = network, History(), 0, None

    def _pass(self, objective: Objective, solver: Any, size: int) -> None:
        """One step on each ``size`` rows, and a record of the last."""
        started, evaluations = time.perf_counter(), 0
        for first in range(0, len(objective.batch), size):
            part = objective.on(objective.batch.rows(slice(first, first + size)))
            result = solver.solve(part, self.theta_, maxiter=1, memory=self._memory)
            if result.status == NON_FINITE:
                raise InputError(f"eta: {DIVERGED}; a smaller one than {self.eta:g}, or guard=True, is accepted")
            self.theta_, self._memory, evaluations = result.x, result.memory, evaluations + result.nfev
        self.n_iter_, self.loss_ = self.n_iter_ + 1, float(result.fun)
        self.history_.add(
            Record(
                self.n_iter_, "step", solver.name, self.loss_, {}, float(np.abs(result.jac).max()),
                time.perf_counter() - started, evaluations,
            )
        )  # fmt: skip

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _more_tags(self) -> dict[str, Any]:  # scikit-learn 1.5
        return {"preserves_dtype": [np.float64, np.float32]}


def _loss(history: History) -> float:
    return (history.best or history[0]).loss


def _theta(history: History) -> np.ndarray:
    best = history.best or history[0]
    assert best.theta is not None, "a training begins at a finite loss, and its best record carries theta"
    return best.theta


def _differ(one: Network, other: Network) -> bool:
    return one.layers != other.layers or len(one.encoder) != len(other.encoder)


def _warn(history: History, objective: Objective, theta: np.ndarray) -> None:
    """Tell of a training whose result should not be used as it is."""
    if history[-1].stop.startswith(DIVERGED):
        warnings.warn(history[-1].stop, ConvergenceWarning, stacklevel=3)
    batch = objective.batch
    error = batch.weight @ ((objective.network.reconstruct(theta, batch.x) - batch.target) ** 2).sum(axis=1)
    size = float(np.sqrt(np.square(batch.x).mean()))
    why = advice = ""
    if size > LARGE:
        why = f"the values of X are large, {size:.4g} in root mean square, so that hidden units saturate"
    elif error > spread(batch) > 1e-12 * size**2:
        why = f"the squared error a row, {error:.4g}, is above that of the column means, {spread(batch):.4g}"
        advice = "more iterations, a smaller l2 or another std may help, and "
    if why:
        advice += "columns of different units or far from 0 belong behind a StandardScaler, pixels within [0, 1]"
        warnings.warn(f"{why}: {advice}", ConvergenceWarning, stacklevel=3)
