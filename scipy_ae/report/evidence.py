"""How a page tells the evidence of a variational network: one number that matters, and its parts."""

from scipy_ae.report.blocks import KeyFigure
from scipy_ae.report.reader import Run
from scipy_ae.report.words import Words

#: The keys of what a run says of its evidence, in the order in which they are told.
PARTS = ("elbo", "reconstruction", "divergence", "bound")


def evidence_key(run: Run, words: Words) -> list[KeyFigure]:
    """The ELBO; nothing where the network is not variational."""
    if run.evidence is None:
        return []
    remark = words("evidence.key_remark", n=run.evidence["draws"])
    return [KeyFigure(words.number(run.evidence["elbo"]), words("evidence.elbo"), remark)]


def evidence_lines(run: Run, words: Words) -> list[tuple[str, str]]:
    """The bound and its parts, and how they were estimated."""
    evidence = run.evidence
    if evidence is None:
        return []
    lines = [(words(f"evidence.{name}"), words("evidence.nats", x=words.number(evidence[name], 4))) for name in PARTS]
    return [
        *lines,
        (words("evidence.draws"), words("evidence.draws_are", n=evidence["draws"], seed=str(evidence["seed"]))),
    ]
