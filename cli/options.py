"""Options that several verbs share."""

from collections.abc import Callable
from pathlib import Path

import click

from scipy_ae import errors

FOLDER = click.Path(path_type=Path)
FILE = click.Path(path_type=Path, dir_okay=False)
#: The languages of reports: there is a catalogue for each, looked for here since the report's room is heavy to load.
LANGUAGES = sorted(path.stem for path in Path(errors.__file__).parent.joinpath("report", "templates").glob("*.toml"))


def together(*options: Callable) -> Callable:
    """Several options as one decorator, in the order in which the help shows them."""

    def decorate(command: Callable) -> Callable:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


lang_option = click.option(
    "--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="The language of the report."
)

data_options = together(
    click.option(
        "--dataset",
        default="font2",
        show_default=True,
        metavar="NAME|FILE",
        help="font1 (signs and digits), font2 (uppercase), font3 (lowercase), circles, logos (40 of 20x20 pixels), or a"
        " file: .h (a C header of 5x7 letters, FILE.h:ARRAY where it has several), .npy, .npz[:KEY] or .csv.",
    ),
    click.option(
        "--letters",
        metavar="CHOICE",
        help="Which rows: a count (10), a range (A-J), a list (A,B,C) or all. 10 for the built-in fonts, else all.",
    ),
)

term_options = together(
    click.option(
        "--l1", type=float, metavar="WEIGHT",
        help="Sparse code: WEIGHT times the sum of |activation| over the units, mean over the rows.",
    ),
    click.option(
        "--kl", type=float, metavar="WEIGHT",
        help="Sparse code: WEIGHT times KL(rho || mean activation) over the units, for logistic or tanh ones.",
    ),
    click.option("--rho", type=float, help="The mean activation that --kl asks for, tanh mapped to [0, 1]. [0.05]"),
    click.option(
        "--sparse-layers", metavar="NAMES",
        help="Where --l1 and --kl look: code, all (but the output), or a list such as encoder.0,encoder.1. [code]",
    ),
    click.option(
        "--contractive", type=float, metavar="WEIGHT",
        help="A code that input noise moves little: WEIGHT times the squared derivatives of the code by the input,"
        " summed, exact through the whole encoder.",
    ),
    click.option(
        "--probes", type=int, metavar="M",
        help="Estimate --contractive by M random signs a row in place of one sweep for each code number.",
    ),
    click.option(
        "--variational", is_flag=True, default=None,
        help="A code that is drawn: the encoder gives its mean and variance, pressed towards N(0, 1).",
    ),
    click.option("--kl-beta", type=float, metavar="B", help="Weight of that pressure, in nats; 1 is the ELBO. [1]"),
    click.option("--draws", type=int, metavar="M", help="Codes drawn for each row, fixed by the seed. [1]"),
)  # fmt: skip

task_options = together(
    click.option(
        "--task", metavar="NAME",
        help="What to make of images: compress (the image again, through a small code), denoise (of --noise), colorize"
        " (colours from their grey, 0.299 R + 0.587 G + 0.114 B), unwatermark (without the text laid over it) or"
        " super-resolution (the large image from a small one). The network sees the spoilt image and is held against"
        " the clean one; the report puts baselines beside it: PCA and JPEG, a median filter, grey, or bicubic. Unless"
        " told otherwise a task takes --validation 0.2 --test 0.15 --init he --between adam --eta 0.002 --batch-size 32"
        " --every 5 --solver L-BFGS --burst 10 --burst-rows 512 --iterations 40. [compress where --layers are on"
        " images]",
    ),
    click.option(
        "--watermark", metavar="TEXT", help="For unwatermark: the text, white, as large as its place allows. [SAMPLE]"
    ),
    click.option(
        "--opacity", type=float, metavar="SHARE",
        help="For unwatermark: how much of the white shows, above 0; at 1 nothing is left of what is beneath. [0.5]",
    ),
    click.option(
        "--place", metavar="NAME",
        help="For unwatermark: centre, top-left, top-right, bottom-left, bottom-right, tiled (all over), or random"
        " (another place on each image, drawn by the seed; much harder). [centre]",
    ),
    click.option(
        "--factor", type=int, metavar="K",
        help="For super-resolution: what height and width are divided by, both without a rest. [2]",
    ),
    click.option(
        "--downscale", metavar="KERNEL",
        help="For super-resolution: how the small image is made. bicubic, bilinear and box average over what they leave"
        " out; nearest takes every K-th pixel. [bicubic]",
    ),
    click.option(
        "--code-bits", type=int, metavar="BITS",
        help="For compress: bits in which each number of the code is kept, 1 to 64. Below 32 it is rounded to 2^BITS"
        " levels before it is decoded; PCA beside it as well, and JPEG may take as many bits in all. [32]",
    ),
)  # fmt: skip

network_options = together(
    click.option(
        "--layers",
        metavar="WIDTHS|CHAIN",
        help="Widths from input to output; the narrowest is the code. 35-28-23-2-23-28-35 for letters,"
        " 42-25-15-9-3-2-3-9-15-25-42 for circles. Or layers on images, joined by '-', such as"
        " conv16k3-relu-pool2-dense32; the decoder is their mirror image, or what stands behind ':'. Words:"
        " conv16k3s1p1 (channels, kernel, stride, padding), convt16k4s2, pool2, avgpool2, upsample2, bilinear2,"
        " shuffle2, bn, gn4, dense32, flatten, reshape8x7x7, activations, and at the end input, which adds the"
        " network's own.",
    ),
    click.option(
        "--activation",
        default="tanh",
        show_default=True,
        metavar="NAME",
        help="Of the hidden layers: identity, step, logistic, tanh, arctan, relu, leaky-relu, parametric-relu, elu,"
        " softplus, saturating-linear or softmax. leaky-relu(0.1) and elu(0.5) set alpha.",
    ),
    click.option(
        "--output",
        metavar="NAME",
        help="Activation of the last layer. Logistic for data within [0, 1], else identity; the study used tanh.",
    ),
    click.option("--code", metavar="NAME", help="Activation of the code; that of the hidden layers by default."),
    click.option(
        "--beta", type=float, default=1.0, show_default=True, help="Slope of the hidden activations: tanh(beta z)."
    ),
    click.option(
        "--loss",
        metavar="NAME",
        help="cross-entropy (for a logistic output; the default there) or squared-error.",
    ),
    click.option(
        "--l2", type=float, default=1e-4, show_default=True, help="Weight decay: l2 * sum of squared weights."
    ),
    click.option(
        "--init",
        metavar="NAME",
        help="How weights are drawn: gaussian (as published), fan-in (advised), glorot, he or orthogonal."
        " [gaussian; fan-in for circles]",
    ),
    click.option(
        "--std",
        type=float,
        help="Standard deviation for gaussian (0.73), a factor on the rule's own for the others (1).",
    ),
    click.option(
        "--precision",
        type=click.Choice(["float64", "float32"]),
        help="Of the sweeps; theta stays float64. float32 carries some 6 digits. [float64; float32 with --task]",
    ),
    click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same run."),
)
