"""Bottlenecks: what happens to the code between encoder and decoder."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plain:
    """The code goes on as it is."""

    name = "plain"
