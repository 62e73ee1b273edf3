"""Mini-notation: a cycle of steps written as a string. docs/mini-notation.md shows every sign with its timeline.

a b c         steps that share the cycle           a*2 a/2      faster, slower, also a*<2 3>
[a b] c       a group is one step                  a!3  a !     the step again, as steps of its own
a b . c d     groups without brackets              a@3  a _ _   a longer step
a ~ b -       rests                                a? a?0.3     left out by chance
<a b>         one in each cycle                    a(3,8,2)     Euclidean rhythm: beats, steps, turn
{a b c}%4     four steps a cycle                   0 .. 3       a range of numbers, as one step
[a b, c]      at the same time                     bell:2       part 2 of 8 of a recording
[a b | c]     one of them by chance in each cycle  ^melody      what the variable ``melody`` holds
"""

from __future__ import annotations

from functools import lru_cache

from livevae.errors import LivevaeError
from livevae.pattern.core import Pattern
from livevae.pattern.mini_reader import read
from livevae.pattern.variables import Names, known_variables


def mini(text: str, names: Names | None = None) -> Pattern:
    """The pattern that a string of mini-notation means.

    ``^name`` stands for ``names[name]``; without ``names`` for a variable of the performer's, as it is now: what is
    played does not change when the variable does. Raises LivevaeError that names the column and points at it where the
    text makes no sense.

    >>> show(mini("bell [choir drum] <1 2>(3,8)"), 1)
    |bell───────────|choir──|drum───|1    |1    |1  |
    >>> show(mini("^melody drum", {"melody": "bell choir"}), 1)
    |bell─|choir|drum───────|
    """
    if not isinstance(text, str):
        raise LivevaeError(f"mini() reads a text such as 'bell choir', not {type(text).__name__}.")
    if "^" not in text:
        return _known(text)
    return read(text, known_variables() if names is None else names)


@lru_cache(maxsize=512)
def _known(text: str) -> Pattern:
    return read(text, None)
