"""The report of a run, drawn by a process of its own.

Matplotlib takes as long to import as ten letters take to learn. A process that begins with the training and waits for
the run folder has that behind it when the folder is there.
"""

import subprocess
import sys
from pathlib import Path
from types import TracebackType

from scipy_ae.records import RunFolder


class ReportProcess:
    """Begins on entry; ``write`` has the report written in that language, here if the other process cannot."""

    def __init__(self, lang: str = "en") -> None:
        self._lang = lang

    def __enter__(self) -> "ReportProcess":
        try:
            self._process: subprocess.Popen[str] | None = subprocess.Popen(
                # -P: a file in the user's folder must not stand in for a library
                [sys.executable, "-P", "-m", "scipy_ae.report", self._lang],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                start_new_session=True,  # Ctrl-C is for the training
            )
        except OSError:
            self._process = None
        return self

    def write(self, folder: RunFolder) -> Path:
        """The page of that run; raises what :func:`scipy_ae.report.write` raises."""
        if self._process is not None:
            try:
                written, _ = self._process.communicate(f"{folder.path.absolute()}\n")
            except OSError:
                written = ""
            if self._process.returncode == 0 and written:
                return folder.index
        from scipy_ae import report

        return report.write(folder, lang=self._lang)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
