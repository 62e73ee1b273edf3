"""What ``^name`` in mini-notation stands for."""

from __future__ import annotations

import difflib

from livevae.errors import LivevaeError
from livevae.pattern.core import is_patternable
from livevae.pattern.variables import Names


def variable(name: str, names: Names | None) -> object:
    """What a name stands for. Raises LivevaeError, with the nearest names, where it stands for nothing.

    >>> variable("bpm", {"bpm": 96})
    96
    """
    if names is None:
        raise LivevaeError(f"no variables are known here: give them, as in mini(text, {{{name!r}: ...}}), for ^{name}")
    if name in names:
        return names[name]
    usable = [known for known, value in names.items() if not known.startswith("_") and is_patternable(value)]
    near = " or ".join(f"^{found}" for found in difflib.get_close_matches(name, usable, n=2))
    raise LivevaeError(f"unknown name '^{name}' ({f'did you mean {near}?' if near else f'assign {name} first'})")
