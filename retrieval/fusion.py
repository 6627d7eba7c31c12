"""Several rankings of the same things become one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fused:
    """A thing, its score over all rankings, and its rank in each that has it (from 1)."""

    id: str
    score: float
    ranks: Mapping[str, int]


def fused(rankings: Mapping[str, Sequence[str]], k: int) -> list[Fused]:
    """Return everything that is ranked, best first, by reciprocal rank fusion.

    Equal scores keep a fixed order: the better best rank first, then the id.
    """
    ranks: dict[str, dict[str, int]] = {}
    for leg, ids in rankings.items():
        for rank, thing in enumerate(ids, start=1):
            ranks.setdefault(thing, {}).setdefault(leg, rank)
    everything = [
        Fused(thing, sum(1 / (k + rank) for rank in of_legs.values()), of_legs)
        for thing, of_legs in ranks.items()
    ]
    return sorted(everything, key=lambda one: (-one.score, min(one.ranks.values()), one.id))
