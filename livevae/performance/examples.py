"""Examples of a gesture: where the inputs were, and where the sound should be then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from livevae.latent.fitting import Score
from livevae.performance.layers import Floats

_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Example:
    """Inputs `x` `(I,)`, the latents `z` `(D,)` they should give, and where those were taken from."""

    x: Floats
    z: Floats
    source: str

    def __repr__(self) -> str:
        first = ", ".join(f"{value:.2f}" for value in self.z[:_SHOWN])
        more = " ..." if len(self.z) > _SHOWN else ""
        return f"({', '.join(f'{value:.3g}' for value in self.x)}) -> {self.source}  [{first}{more}]"


class ExampleList(tuple[Example, ...]):
    """Examples in the order in which they were added, shown one a line with their numbers."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self:
            return "no examples: add((x, y)) takes where the voice is now"
        return "\n".join(f"{index:3}  {example!r}" for index, example in enumerate(self))


class Scores(tuple[Score, ...]):
    """How well each kind of map does, shown as a table; the one that plays comes first."""

    __slots__ = ()

    @classmethod
    def of(cls, scores: Sequence[Score], chosen: str) -> Scores:
        """Scores with that of the kind that was chosen first, the others by their error between examples."""
        worst = float("inf")
        return cls(
            sorted(scores, key=lambda one: (one.kind != chosen, worst if one.between is None else one.between, one.at))
        )

    def __repr__(self) -> str:
        lines = ["      between  at the examples"]
        for score in self:
            between = "        -" if score.between is None else f"{score.between:9.3f}"
            lines.append(f"{score.kind:4}{between}{score.at:17.3f}")
        return "\n".join(lines) if self else "nothing was trained yet"

    def __str__(self) -> str:
        def told(score: Score) -> str:
            between = "" if score.between is None else f"{score.between:.2f} between and "
            return f"{score.kind}, error {between}{score.at:.2f} at the examples"

        others = ", ".join(f"{s.kind} {s.at if s.between is None else s.between:.2f}" for s in self[1:])
        return f"{told(self[0])}{f' ({others})' if others else ''}" if self else ""
