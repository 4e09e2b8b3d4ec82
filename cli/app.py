"""The command ``scipy-ae``: one verb, one file. Nothing heavy is imported before a verb does its work."""

import click

from scipy_ae import __version__
from scipy_ae.cli.bench import bench
from scipy_ae.cli.check import check
from scipy_ae.cli.dataset import dataset
from scipy_ae.cli.experiment import experiment
from scipy_ae.cli.export import export
from scipy_ae.cli.info import info
from scipy_ae.cli.reconstruct import reconstruct
from scipy_ae.cli.report import report
from scipy_ae.cli.sample import sample
from scipy_ae.cli.solvers import solvers
from scipy_ae.cli.sweep import sweep
from scipy_ae.cli.train import train
from scipy_ae.errors import ScipyAEError


class _BadInput(click.ClickException):
    exit_code = 2


class _Verbs(click.Group):
    """Shows what is wrong with the input as one sentence, exit code 2; all else is a bug and keeps its traceback."""

    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            sentence = error.format_message()
        except ScipyAEError as error:
            sentence = str(error)
        except MemoryError as error:
            sentence = f"not enough memory for this: {error or 'fewer rows or narrower layers may fit'}"
        raise _BadInput(sentence)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order in which one meets them, not by the alphabet


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="scipy-ae")
def main() -> None:
    """Train autoencoders as functions of one flat vector, with SciPy's solvers.

    Ten letters pass through two numbers and come back, in a report that explains itself:

    \b
      scipy-ae train --solver BFGS --every 4 --std 0.73

    Then draw what was never seen, and look at other data:

    \b
      scipy-ae sample reports/font2-bfgs-1 --walk A J
      scipy-ae train --dataset circles
      scipy-ae train --dataset font.h:Font3 --letters 32 --init fan-in

    Each verb has its own --help with examples.
    """


for verb in (train, experiment, sweep, sample, reconstruct, report, info, export, dataset, solvers, bench, check):
    main.add_command(verb)

if __name__ == "__main__":
    main()
