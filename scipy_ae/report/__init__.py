"""The report room: a run folder becomes pictures and one self-contained page.

``write(folder)`` makes the whole report. The pictures can also be drawn one by one, from arrays, each as a Matplotlib
figure that :func:`save` writes to a PNG file::

    look = Look.of("image", x, image_shape=(7, 5))
    save(strip(outputs, look, names), "letters.png")

The way of a report: ``reader`` (folder to arrays) → ``figures`` (arrays to PNG, by ``pictures``, ``planes``,
``curves``, ``circles``, ``architecture`` on a ``sheet``) → ``run_page`` (numbers to ``blocks`` and sentences, in the
``words`` of a language) → ``render`` (blocks to HTML by the templates).
"""

from functools import partial
from pathlib import Path

from scipy_ae.errors import InputError
from scipy_ae.records import RunFolder, write_aside
from scipy_ae.report import bench_page, index_page, study_page
from scipy_ae.report.architecture import network
from scipy_ae.report.circles import overlaid, side_by_side
from scipy_ae.report.curves import loss_curve
from scipy_ae.report.figures import draw, look_of
from scipy_ae.report.look import Look
from scipy_ae.report.pictures import heat_map, pairs, strip
from scipy_ae.report.planes import decoded_plane, latent_plane
from scipy_ae.report.reader import read
from scipy_ae.report.render import html
from scipy_ae.report.run_page import page
from scipy_ae.report.sheet import save
from scipy_ae.report.translation import told_run
from scipy_ae.report.words import Words, languages

__all__ = [
    "Look",
    "decoded_plane",
    "heat_map",
    "is_written",
    "languages",
    "latent_plane",
    "loss_curve",
    "network",
    "overlaid",
    "pairs",
    "read",
    "save",
    "side_by_side",
    "strip",
    "write",
]


def is_written(folder: RunFolder, lang: str) -> bool:
    """Whether the folder has its page, in that language."""
    try:
        with folder.index.open(encoding="utf-8") as page:
            return f'<html lang="{lang}">' in page.read(200)
    except OSError:
        return False


def write(folder: RunFolder | str | Path, jobs: int = 1, *, lang: str = "en") -> Path:
    """Write the report of a run folder, its ``figures/*.png`` and ``index.html``; returns the path of the page.

    The folders of a bench and of a study have reports as well, and a folder of reports has an index of them. All is
    drawn before anything is written, and each file is renamed into its place: a report that cannot be made leaves the
    one before it as it was. The pictures of a run are drawn by two processes where ``jobs`` is more than one, see
    :mod:`scipy_ae.report.drawing`. ``lang`` is the language of page and pictures, one of :func:`languages`; a folder
    can be reported in any, whatever it was before.
    """
    words = Words(lang)
    folder = folder if isinstance(folder, RunFolder) else RunFolder(Path(folder))
    if (folder.path / "results.json").exists():  # the folder of a bench
        bench = bench_page.draw(folder.path, words)
        drawn, text = {"curves": bench.picture}, html(bench.page)
    elif (folder.path / "study.json").exists():  # the folder of a study
        study = study_page.draw(folder.path, words)
        drawn, text = study.files, html(study.page)
    elif index_page.is_root(folder.path):
        write_aside(folder.index, partial(Path.write_bytes, data=html(index_page.draw(folder.path, words)).encode()))
        return folder.index
    else:
        run = told_run(read(folder), words)
        look = look_of(run)
        gallery = draw(run, look, words, jobs=jobs)
        drawn, text = gallery.files, html(page(run, look, gallery, words))
    try:
        folder.figures.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder '{folder.figures}': {error.strerror or error}") from None
    files = {folder.figures / f"{name}.png": data for name, data in drawn.items()}
    for path, data in (files | {folder.index: text.encode()}).items():
        write_aside(path, partial(Path.write_bytes, data=data))
    return folder.index
