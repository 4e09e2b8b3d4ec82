"""Autoencoder: an autoencoder as scikit-learn's pipelines and grid searches want it."""

import time

import numpy as np
from sklearn.utils import check_random_state

from scipy_ae.display import History
from scipy_ae.errors import InputError
from scipy_ae.estimator.fitted import FLOATS, weights_of
from scipy_ae.estimator.fitting import best_of, follow, one_pass, warn
from scipy_ae.estimator.settings import Settings
from scipy_ae.estimator.shown import Shown, few
from scipy_ae.estimator.versions import validate_data
from scipy_ae.network import Network
from scipy_ae.objective import Objective
from scipy_ae.records import Record
from scipy_ae.solvers import Solver
from scipy_ae.solvers.base import NON_FINITE
from scipy_ae.training import DIVERGED


class Autoencoder(Shown):
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
    l1, kl : float, optional
        Sparse: weight of the L1 norm of activations, and of the KL divergence of their means from ``rho``, in nats; see
        :class:`~scipy_ae.L1Sparsity` and :class:`~scipy_ae.KLSparsity`.
    rho : float
        The mean activation that ``kl`` asks for.
    sparse_layers : str or sequence of str
        On which layers ``l1`` and ``kl`` are: ``code``, ``all``, or names such as ``encoder.0,decoder.0``.
    contractive : float, optional
        Contractive: weight of the squared derivative of the code, see :class:`~scipy_ae.Contractive`.
    probes : int, optional
        Random signs a row that estimate it; fewer than the code has numbers. None: exact.
    variational : bool
        Variational: a code that is drawn, of which ``transform`` gives the mean.
    kl_beta : float
        Weight of the divergence of that code from N(0, 1), in nats.
    draws : int
        Codes drawn for each row.
    noise : str or Corruption, optional
        Denoising: train on noisy rows to give back the clean ones. ``flip:2``, ``flip:10%``, ``salt-pepper:0.2``,
        ``mask:0.2``, ``gaussian:0.3``, or one of ``scipy_ae.corruptions``, such as ``Neighbourhood(0.3, (7, 5))``.
    copies : int
        Noisy copies of each row in the bank, which is drawn once and which the loss is about.
    redraw : {"burst", "step"}, optional
        Draw noise, codes and signs anew before each burst, or before each first-order step as well.
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

    Noise, drawn codes and signs are drawn by ``random_state``, apart from the first weights. ``partial_fit`` draws them
    anew at each call. Whatever a parameter is about that is not asked for, such as ``copies`` without ``noise``, it is
    without effect, so that a grid may go over ``noise=[None, "mask:0.2"]``.

    In a notebook a fitted estimator shows its network, its training and some rows, for which it keeps up to 40 rows in
    memory; pickles and clones do not have them. A :class:`~scipy_ae.datasets.Dataset` is accepted wherever X is.

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
        l1=None,
        kl=None,
        rho=0.05,
        sparse_layers="code",
        contractive=None,
        probes=None,
        variational=False,
        kl_beta=1.0,
        draws=1,
        noise=None,
        copies=20,
        redraw=None,
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
        self.l1 = l1
        self.kl = kl
        self.rho = rho
        self.sparse_layers = sparse_layers
        self.contractive = contractive
        self.probes = probes
        self.variational = variational
        self.kl_beta = kl_beta
        self.draws = draws
        self.noise = noise
        self.copies = copies
        self.redraw = redraw
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
        given, X = X, validate_data(self, X, dtype=FLOATS, ensure_min_samples=2, reset=not goes_on)
        clean = settings.rows(X, weights_of(sample_weight, X), merge=settings.batch_size is None)
        network, seed = settings.network(clean.x), self._seed()
        if goes_on:
            _refuse_other(network, self.network_)
        decay, rng = settings.decay(network, clean), np.random.default_rng(seed)
        objective = settings.objective(network, settings.kind.batch(clean, network, seed), decay)
        starts = [self.theta_] if goes_on else []
        starts += [network.initialize(rng, settings.std, settings.init) for _ in range(settings.n_init - len(starts))]
        histories = [follow(objective, clean, start, settings, rng) for start in starts]
        history = min(histories, key=lambda one: best_of(one)[1])
        self.network_, self.history_, self.l2_ = network, history, decay
        self.theta_, self.loss_ = best_of(history)
        self.n_iter_, self._memory, self._few = history[-1].iteration, None, few(given, X)
        warn(history, objective, self.theta_)
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
        given, X = X, validate_data(self, X, dtype=FLOATS, reset=first)
        clean = settings.rows(X, weights_of(sample_weight, X), merge=False)
        solver = settings.stepper()
        if not solver.first_order:
            raise InputError(
                f"between: partial_fit takes first-order steps, and {solver.name} takes none; Adam, momentum, "
                "gradient-descent and adaptive-eta are accepted"
            )
        seed = self._seed() if first or settings.kind.draws_anything else 0
        network = settings.network(clean.x) if first else self.network_
        decay = settings.decay(network, clean) if first else self.l2_
        batch = settings.kind.batch(clean, network, (seed, 0 if first else self.n_iter_))
        objective = settings.objective(network, batch, decay)
        if first:
            self.theta_ = network.initialize(np.random.default_rng(seed), settings.std, settings.init)
            self.network_, self.l2_, self.history_, self.n_iter_, self._memory = network, decay, History(), 0, None
        copies = len(batch) // len(clean)
        self._pass(objective, solver, copies * (settings.batch_size or len(clean)))
        self._few = few(given, X)
        return self

    def _settings(self) -> Settings:
        return Settings(**self.get_params(deep=False))

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _pass(self, objective: Objective, solver: Solver, size: int) -> None:
        """One step on each ``size`` rows, and a record of the last."""
        started = time.perf_counter()
        last = one_pass(objective, solver, size, self.theta_, self._memory)
        if last.status == NON_FINITE:
            raise InputError(f"eta: {DIVERGED}; a smaller one than {self.eta:g}, or guard=True, is accepted")
        self.theta_, self._memory = last.x, last.memory
        self.n_iter_, self.loss_ = self.n_iter_ + 1, float(last.fun)
        gradient, seconds = float(np.abs(last.jac).max()), time.perf_counter() - started
        self.history_.add(Record(self.n_iter_, "step", solver.name, self.loss_, {}, gradient, seconds, last.nfev))


def _refuse_other(network: Network, before: Network) -> None:
    """Refuse to go on from the weights of a network of other layers."""
    if before.layers != network.layers or len(before.encoder) != len(network.encoder):
        change = f"changed from {before.spec} to {network.spec}, or an activation or the bottleneck did"
        raise InputError(f"warm_start: the network {change}; warm_start=False starts anew")
