"""Display: how a history and a report show themselves where HTML is shown, as in a notebook.

Nothing heavy is loaded before something is shown. A history stands on a lower floor than the report, which draws it, so
it is told here by whom; every room that makes histories imports this one.
"""

from html import escape
from pathlib import Path

from scipy_ae.errors import InputError
from scipy_ae.records import History, RunFolder

__all__ = ["History", "Report"]


class Report:
    """The page of a run, a study or a bench, shown within a notebook; its explorer works there as well.

    Parameters
    ----------
    folder : str or Path
        As the command line writes it, ``"reports/font2-bfgs-1"``. Where it has no page yet, the page is written.
    height : int
        Of the frame in which a notebook shows the page, in pixels.

    Notes
    -----
    The page runs in a frame of its own, whose scripts reach neither the notebook nor the network.
    """

    def __init__(self, folder: str | Path, height: int = 800) -> None:
        if isinstance(height, bool) or not isinstance(height, int) or height < 1:
            raise InputError(f"height: {height!r} is not accepted; a whole number of pixels of at least 1 is")
        self.folder, self.height = Path(folder), height
        if not RunFolder(self.folder).index.is_file():
            from scipy_ae.report import write

            write(self.folder)

    @property
    def page(self) -> Path:
        """The page: one file that a browser opens from disk."""
        return RunFolder(self.folder).index

    def __fspath__(self) -> str:
        return str(self.page)

    def __repr__(self) -> str:
        return f"<Report {self.page}>"

    def _repr_html_(self) -> str:
        from scipy_ae.report.words import Words

        # links within the page would otherwise lead to the notebook's address
        page = self.page.read_text(encoding="utf-8").replace("<head>", '<head><base href="about:srcdoc">', 1)
        title = Words()("notebook.report", name=self.folder.resolve().name)
        return (
            f'<iframe srcdoc="{escape(page)}" title="{escape(title)}" sandbox="allow-scripts allow-downloads" '
            f'style="display: block; width: 100%; height: {self.height}px; border: 0"></iframe>'
        )


def _card(history: History) -> str:
    from scipy_ae.report.card import history_card
    from scipy_ae.report.words import Words

    return history_card(history, Words())


History.drawn_by = staticmethod(_card)
