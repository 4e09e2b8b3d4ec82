"""``scipy-ae train``: train, and write the run folder with its report."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from scipy_ae.cli.options import (
    FOLDER,
    data_options,
    lang_option,
    network_options,
    task_options,
    term_options,
    together,
)

_solver_options = together(
    click.option(
        "--solver", metavar="NAME",
        help="Who makes the bursts; see scipy-ae solvers. BFGS is ours (SciPy's iterates at a fraction of the cost),"
        " scipy.BFGS is SciPy's own. [BFGS]",
    ),
    click.option(
        "--solver-option", "solver_options", multiple=True, metavar="KEY=VALUE",
        help="An option of the solver, such as gtol=1e-8; may be given several times.",
    ),
    click.option(
        "--every", type=int, metavar="K",
        help="A burst of the solver at every K-th iteration: 1 at each, 0 never. [4]",
    ),
    click.option("--burst", type=int, metavar="STEPS", help="Solver steps in a burst, at most. [5]"),
    click.option(
        "--between", metavar="NAME",
        help="Who takes the steps between bursts: gradient-descent, momentum, adaptive-eta or Adam. [gradient-descent]",
    ),
    click.option("--eta", type=float, help="Learning rate of first-order steps. [0.0085]"),
    click.option(
        "--carry", type=click.Choice(["keep", "reset"]),
        help="Keep the solver's memory from burst to burst, or reset it at each. [keep]",
    ),
    click.option(
        "--guard/--no-guard", default=None,
        help="Shorten a first-order step that would raise the loss until it does not. [guard; not in a --schedule]",
    ),
    click.option(
        "--schedule", metavar="PHASES",
        help="One solver after another in place of bursts, e.g. 'adam:500 bfgs:300'.",
    ),
    click.option(
        "--batch-size", type=int, metavar="ROWS",
        help="Mini-batches for first-order steps: an iteration goes through all rows once, shuffled.",
    ),
    click.option(
        "--burst-rows", type=int, metavar="ROWS",
        help="With mini-batches: bursts, and the loss told, are on so many rows, drawn once; steps see all rows. [all]",
    ),
    click.option(
        "--burst-growth", type=float, metavar="FACTOR",
        help="Multiply --burst-rows by FACTOR before each burst but the first, until they are all rows. A loss on more"
        " rows is another function: it is not compared with those before. [1]",
    ),
)  # fmt: skip
_row_options = together(
    click.option(
        "--validation", type=float, metavar="PART",
        help="Hold out this part of the rows, such as 0.2: the model kept is the best on them and not on the rows"
        " trained on. The same rows for every seed; rows of one group stay together; 0 holds"
        " out none where a task would.",
    ),
    click.option(
        "--test", type=float, metavar="PART",
        help="Hold out this part as well, which nothing is chosen by: the loss on it is told once, at the end.",
    ),
    click.option(
        "--mapped", is_flag=True, default=None,
        help="Leave the rows of a .npy file in it and read them in chunks, so that they may be more than memory holds;"
        " bytes are divided by 255.",
    ),
)  # fmt: skip
_noise_options = together(
    click.option(
        "--noise", metavar="KIND:AMOUNT",
        help="Train on noisy copies, to give back the clean rows. flip inverts pixels of 0 and 1: flip:2 two pixels of"
        " each row, flip:10% each pixel with that probability; salt-pepper:0.2 sets each pixel with that probability to"
        " 0 or 1 at random, whatever it was; mask:0.2 sets each pixel with that probability to 0; gaussian:0.3 adds"
        " N(0, 0.3²) to each value and cuts nothing off; neighbourhood:0.3 is the published one: N(1, 1) · 0.3 / 2 is"
        " added to each pixel next to a lit one, diagonals included. With --task denoise the noise of the task, one"
        " noisy copy of each image. [gaussian:0.1 with --task denoise]",
    ),
    click.option(
        "--copies", type=int, metavar="M",
        help="Noisy copies of each row in the bank, which is drawn once and which the loss is about. [20 with noise]",
    ),
    click.option(
        "--redraw", type=click.Choice(["burst", "step"]),
        help="Fresh noise before each burst, or before each first-order step as well; of --variational and --probes,"
        " fresh codes and signs. The loss told, and what stops the training, stay those of the first draws. [never]",
    ),
    click.option(
        "--compare", metavar="NOISES",
        help="Noises under which the same training is repeated, for the report's table of training by test noise, e.g."
        " 'none,flip:2,flip:20%'; nothing to repeat none. [none: without noise]",
    ),
)  # fmt: skip
_stop_options = together(
    click.option("--iterations", type=int, help="Iterations at most. [220; 1000 for circles]"),
    click.option("--target-loss", type=float, help="Stop once the loss is at or under this."),
    click.option("--target-pixels", type=int, help="Stop once no row has more wrong pixels than this."),
    click.option(
        "--gtol", type=float, help="Stop once no entry of the gradient is above this. [1e-5; 3e-4 for circles]",
    ),
    click.option("--seconds", type=float, help="Stop when this time is used up."),
    click.option(
        "--patience", type=int, metavar="N",
        help="With --validation: stop after N iterations without a lower loss on the rows held out (early stopping).",
    ),
)  # fmt: skip
_start_options = together(
    click.option(
        "--restarts", type=int, metavar="M",
        help="Train M starts, of seeds SEED, SEED + 1, ..., and keep the best: fewest wrong pixels, then lowest loss.",
    ),
    click.option(
        "--halving/--no-halving", default=None,
        help="Of the starts, let the better half go on with twice the iterations until one is left. [from 4 starts]",
    ),
    click.option("--jobs", type=int, metavar="N", help="Starts trained at once, a process each. [all cores]"),
)  # fmt: skip


@click.command(short_help="Train, and write model, records, pictures and report.")
@data_options
@task_options
@_row_options
@network_options
@term_options
@_solver_options
@_noise_options
@_stop_options
@_start_options
@click.option("--out", type=FOLDER, help="The run folder. [reports/DATASET-SOLVER-NUMBER]")
@click.option(
    "--resume",
    type=FOLDER,
    metavar="RUN",
    help="Go on with a run that was interrupted or killed, with the settings it has, to the same bytes.",
)
@lang_option
@click.option("--quiet", "-q", is_flag=True, help="No progress; the report's path alone.")
@click.option("--json", "as_json", is_flag=True, help="No progress; the result as one JSON object.")
@click.pass_context
def train(
    ctx: click.Context, out: Path | None, resume: Path | None, lang: str, quiet: bool, as_json: bool, jobs: int | None,
    **settings,
) -> None:  # fmt: skip
    """Train an autoencoder and write a run folder: model, records, pictures and a report.

    \b
    The published run, ten letters through two numbers:
      scipy-ae train --solver BFGS --every 4 --std 0.73
    All 32 lowercase letters with the advised settings:
      scipy-ae train --dataset font3 --letters all --init fan-in --code identity --solver Rprop --burst 50
    One hand-over in place of alternation:
      scipy-ae train --schedule 'adam:500 bfgs:300' --letters 32
    The best of 16 starts, the hopeless ones left early:
      scipy-ae train --letters all --init fan-in --restarts 16
    A denoiser near the limit of what can be done, and one by bursts of BFGS:
      scipy-ae train --dataset font3 --letters all --layers 35-128-20-35 --activation softmax --code identity
        --init fan-in --l2 0 --noise flip:12% --copies 16 --redraw step --schedule adam:3000 --eta 0.02
        --precision float32
      scipy-ae train --dataset font3 --letters all --layers 35-25-20-25-35 --init fan-in --code identity
        --noise flip:3 --copies 40 --redraw burst --burst 20 --iterations 200
    As published to the letter, stalling included:
      scipy-ae train --output tanh --loss squared-error --carry reset --no-guard --l2 0
    Other autoencoders, which combine: sparse, contractive, variational:
      scipy-ae train --letters all --init fan-in --l1 0.01 --sparse-layers encoder.0
      scipy-ae train --letters all --init fan-in --contractive 0.1
      scipy-ae train --letters all --init fan-in --variational --kl-beta 0.5 --draws 8 --schedule 'L-BFGS:500'
    Stop when rows that are held out get no better, and tell the loss on others at the end:
      scipy-ae train --dataset measurements.csv --validation 0.2 --test 0.2 --patience 20
    Many rows: Adam on mini-batches of all, and every 5th iteration a burst of L-BFGS on 1000 of them:
      scipy-ae train --dataset many.npy --mapped --between Adam --eta 0.001 --batch-size 64 --every 5 --solver L-BFGS
        --burst-rows 1000 --burst-growth 2
    Your own letters and numbers:
      scipy-ae train --dataset font.h:Font3
      scipy-ae train --dataset measurements.csv --layers 12-8-2-8-12
    Images: letters through a small code; photographs without the text laid over them; your folder in colour:
      scipy-ae train --dataset glyphs --layers conv16k3-relu-pool2-conv8k3-relu-pool2-dense32
      scipy-ae train --dataset photographs --task unwatermark --watermark SAMPLE
      scipy-ae train --dataset photos:patch32,limit2000 --task colorize
    On with a run that was interrupted, or whose machine went down:
      scipy-ae train --resume reports/font2-bfgs-1
    A report in Spanish (es) or Portuguese (pt):
      scipy-ae train --lang es

    Ctrl-C ends after the current step; the model is saved and the report written all the same.
    """
    from scipy_ae.errors import InputError
    from scipy_ae.experiments.report_process import ReportProcess

    if resume is not None:
        _refuse_others(ctx)
    many = (settings["restarts"] or 1) > 1
    if jobs is not None and not many:
        raise InputError("jobs: it is for restarts, and there is one start; --restarts of at least 2 is accepted")

    if quiet and as_json:
        raise InputError(
            "quiet and json contradict each other: one prints the report's path alone, the other the result"
        )
    with ReportProcess(lang) as reporter:
        from scipy_ae.cli.display import Display, announce, listening
        from scipy_ae.experiments.resume import resumable
        from scipy_ae.experiments.run import Interrupt, new_folder, run
        from scipy_ae.experiments.setup import Setup
        from scipy_ae.experiments.spec import Spec

        setup = Setup.of(Spec(**settings)) if resume is None else resumable(resume)
        path = resume or out or new_folder(setup.spec, Path("reports"))
        interrupt = Interrupt()
        if not (quiet or as_json):
            announce(setup)
        display = Display(setup.iterations, silent=quiet or as_json)
        with display, listening(interrupt):
            seen: dict[str, Any] = {
                "reader": display.record,
                "pulse": display.pulse,
                "interrupt": interrupt,
                "comparing": display.comparing,
            }
            if many:
                from scipy_ae.experiments.starts import run_starts

                outcome = run_starts(setup, path, jobs=jobs, watch=display.rung, **seen)
            else:
                outcome = run(setup, path, resume=resume is not None, **seen)
        index = reporter.write(outcome.folder)
    display.conclude(outcome, index, quiet=quiet, as_json=as_json)
    if outcome.result["interrupted"]:
        ctx.exit(130)
    if outcome.diverged:
        click.echo(f"Error: {outcome.result['stop']}", err=True)
        ctx.exit(1)


def _refuse_others(ctx: click.Context) -> None:
    """A run is resumed with the settings it began with."""
    from scipy_ae.errors import InputError
    from scipy_ae.experiments.fields import option

    for name in ctx.params:
        given = ctx.get_parameter_source(name) is not ParameterSource.DEFAULT
        if given and name not in ("resume", "lang", "quiet", "as_json"):
            raise InputError(
                f"{option(name)} and resume contradict each other: a run is resumed with the settings it began with"
            )
