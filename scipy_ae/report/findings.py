"""What the numbers of a study say, in the words of a language: from keys and values to sentences."""

from collections.abc import Sequence
from typing import Any

from scipy_ae.report.image_quality import decibels
from scipy_ae.report.words import Words, sentence

#: Values that a sentence names, at most, of those that the starts do not tell apart.
MOST_NAMED = 4


def tell(found: Sequence[dict[str, Any]], words: Words) -> list[str]:
    """The sentences of ``finding`` or ``verdict`` in ``study.json``."""
    return [_sentence(said, words) for said in found]


def _sentence(said: dict[str, Any], words: Words) -> str:
    values = _worded(said["values"], words)
    text = words(f"finding.{said['key']}", **values)
    if said["scope"]:
        text = words(f"finding.scope.{said['scope']}", text=text, **_worded(said["of"], words))
    return sentence(text)


def _worded(values: dict[str, Any], words: Words) -> dict[str, Any]:
    """Times and decibels with their unit, baselines by name, and names in a list with how often each was beaten."""
    worded = dict(values)
    for name in ("seconds", "other_seconds"):
        if name in values:
            worded[name] = words.seconds(values[name])
    for name in ("elbo", "other_elbo"):
        if name in values:
            worded[name] = words.number(None) if values[name] is None else words.fixed(values[name], 1)
    for name in ("psnr", "margin", "least", "most"):
        if name in values:
            worded[name] = decibels(values[name], words)
    if "than" in values:
        known = words.has(f"images.called.{values['than']}")
        worded["than"] = words(f"images.called.{values['than']}") if known else values["than"]
    if "others" in values:
        both = list(zip(values["others"], values["wins"]))
        told = [words("finding.other", name=name, wins=str(wins)) for name, wins in both[:MOST_NAMED]]
        more = len(both) - len(told)
        told += [words("finding.more", n=more)] if more else []
        worded["others"] = ("; " if any("," in name for name in values["others"]) else ", ").join(told)
    return worded
