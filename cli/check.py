"""``scipy-ae check``: are the derivatives of the user's own network right?"""

import click

from scipy_ae.cli.options import data_options, network_options, term_options

_ROWS = 50
#: Standard deviation of what is added to the start before derivatives are checked.
_BESIDE = 0.01


@click.command(short_help="Check the derivatives of your own network.")
@data_options
@network_options
@term_options
@click.pass_context
def check(ctx: click.Context, **settings) -> None:
    """Check gradient, Hessian products and Jacobian of a network on data.

    The error of a right gradient falls as the square of the step, that of a right Hessian as its cube: the slope is
    what is measured, so that no tolerance has to be believed.

    \b
      scipy-ae check
      scipy-ae check --dataset circles --activation elu
      scipy-ae check --layers 35-9-2-9-35 --loss squared-error --output tanh --l2 0.01
      scipy-ae check --l1 0.1 --contractive 0.1 --variational --draws 3

    Exit code 1 if a check fails. relu and other activations with a kink can fail where a step crosses it, and so can
    --l1, whose |activation| has one at 0.
    """
    import numpy as np

    from scipy_ae.checks import check_problem
    from scipy_ae.errors import InputError
    from scipy_ae.experiments.setup import Setup
    from scipy_ae.experiments.spec import Spec

    if settings["precision"] not in (None, "float64"):
        raise InputError("precision: derivatives are checked in float64; the rounding of float32 would hide an error")
    setup = Setup.of(Spec(**settings | {"precision": "float64"}))  # whatever a task on images would take
    rows = setup.objective.batch.rows(slice(_ROWS))  # the Jacobian has a row for each output of each of them
    objective = setup.objective.on(rows)
    rng = np.random.default_rng(setup.spec.seed)
    # beside the start: its biases may be 0, and on black pixels a kink of relu is just there
    theta = setup.theta + _BESIDE * rng.normal(size=setup.theta.size)
    checks = check_problem(objective, theta, rng)
    click.echo(setup.network.describe())
    click.echo(f"{setup.spec.loss} on {len(rows)} rows of {setup.dataset.name}")
    for one in checks:
        click.echo(f"{'pass' if one.passed else 'FAIL'}  {one.name:<28} {one.measured:<12.4g} ({one.expected})")
    ctx.exit(0 if all(one.passed for one in checks) else 1)
