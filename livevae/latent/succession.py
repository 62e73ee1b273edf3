"""Maps that follow one another while they are played."""

from __future__ import annotations

from typing import Final

import numpy as np

from livevae.latent.maps import Map, Values

FADE_SECONDS: Final = 0.25
"""In which what plays goes over to a map that was trained meanwhile."""

Installed = tuple[tuple[float, Map], ...]
"""Maps, each with the second from which it is heard, in order."""


def blended(installed: Installed, x: Values, seconds: Values, dims: int, held: bool) -> Values:
    """What maps give at inputs `(n, I)` and seconds `(n,)`: each faded in from its second on, or, of codes, cut in."""
    out = np.full((len(x), dims), np.nan)
    shares = [np.clip((seconds - second) / FADE_SECONDS, 0.0, 1.0) for second, _ in installed]
    # What lies below a map that is there alone is not heard.
    first = max((index for index, share in enumerate(shares) if (share == 1.0).all()), default=0)
    for (second, made), share in list(zip(installed, shares, strict=True))[first:]:
        begun = seconds >= second
        if not begun.any():
            continue
        found = made(x)
        if held:
            out = np.where((share >= 0.5)[:, None] | (np.isnan(out) & begun[:, None]), found, out)
            continue
        weight = (share * share * (3.0 - 2.0 * share))[:, None]
        mixed = np.where(np.isnan(out) | (weight == 1.0), found, out + weight * (found - out))
        out = np.where(begun[:, None], mixed, out)
    return out
