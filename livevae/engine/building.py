"""Building a chain of effects in the engine's process: every pyo object that comes to be is held until it is let go of.

pyo lets the objects of an expression die while they sound, so those made by builders and by the performer's functions
are noted as they are made.
"""

from __future__ import annotations

import ctypes
import math
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livevae.engine.builtin import BUILDERS, Built, Kit
from livevae.engine.effects import BUILT_IN, LONGEST_TAIL, Chain, Code, Effect, Lane
from livevae.errors import LivevaeError

_LIMIT = 8.0
"""The level that a performer's own function may reach; what is not a number is silence."""

_making = threading.local()


def samples(table: Any) -> NDArray[np.float32]:
    """The numbers of one of pyo's tables, to be written and read where they are; not to be used when it is gone.

    pyo frees what a view of its own leads to without asking who holds it; this one holds nothing.
    """
    view = np.asarray(table.getBuffer())
    address, count = view.ctypes.data, view.size
    del view
    return np.ctypeslib.as_array((ctypes.c_float * count).from_address(address))


def watch(pyo: Any) -> None:
    """From now on pyo objects made inside `kept` are noted."""
    base = pyo.PyoObjectBase
    if getattr(base, "livevae_watched", False):
        return
    begin = base.__init__

    def noted(self: Any) -> None:
        begin(self)
        held = getattr(_making, "held", None)
        if held is not None:
            held.append(self)

    base.__init__ = noted
    base.livevae_watched = True


@contextmanager
def kept() -> Iterator[list[Any]]:
    """A list that gets every pyo object which this thread makes meanwhile."""
    _making.held = made = list[Any]()
    try:
        yield made
    finally:
        _making.held = None


@dataclass(frozen=True)
class LaneTable:
    """Where a lane's samples go: its column, the samples of the block (float32), and the range of its values."""

    column: int
    samples: NDArray[np.float32]
    low: float
    high: float


@dataclass(frozen=True)
class Circuit:
    """A chain as pyo objects. `latency` in samples, `tail` in seconds; `objects` is everything that must live."""

    sound: Any
    latency: int
    tail: float
    lanes: tuple[LaneTable, ...]
    watched: tuple[tuple[str, Any], ...] = ()
    """Signals that are 1 while an effect gives sound, with what to tell the performer where it does not."""


class Toolbox:
    """What a performer's function calls `fx`: livevae's own effects as functions of a sound, `fx.pitch(sound, 12)`."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in BUILT_IN or name == "convolve":
            known = ", ".join(key for key in BUILT_IN if key != "convolve")
            raise AttributeError(f"fx has no {name!r} inside of a function; there are {known}")
        parameters = BUILT_IN[name]

        def apply(sound: Any, *given: Any, **named: Any) -> Any:
            values = dict(zip(parameters, given, strict=False)) | named
            unknown = sorted(set(values) - set(parameters))
            if unknown or len(given) > len(parameters):
                raise TypeError(f"fx.{name} takes {', '.join(parameters)}")
            values = {key: values.get(key, parameter.default) for key, parameter in parameters.items()}
            missing = [key for key, value in values.items() if value is None]
            if missing:
                raise TypeError(f"fx.{name} needs {', '.join(missing)}")
            return BUILDERS[name](self._kit, sound, values).sound

        return apply


def build(pyo: Any, chain: Chain, sound: Any, rate: int, size: int) -> Circuit:
    """Build `chain` over `sound`. Raises LivevaeError where an effect cannot be built."""
    kit = Kit(pyo, rate)
    lanes: dict[int, tuple[LaneTable, Any]] = {}
    latency, tail = 0, 0.0
    watched: list[tuple[str, Any]] = []
    for effect in chain:
        ranges = BUILT_IN.get(effect.name, {}) if effect.code is None else {}

        def signal(value: Any, low: float, high: float) -> Any:
            if not isinstance(value, Lane):
                return value
            table = pyo.DataTable(size)
            made = LaneTable(value.column, samples(table), low, high)
            made.samples[:] = min(max(0.0, low), high)
            lanes[value.column] = made, pyo.TableScan(table)
            return lanes[value.column][1]

        values = {}
        for name, value in effect.values.items():
            known = ranges.get(name)
            values[name] = signal(value, *((known.low, known.high) if known is not None else (-math.inf, math.inf)))
        built = _own(kit, effect, effect.code, sound, values) if effect.code else _known(kit, effect, sound, values)
        sound = built.sound
        if built.finite is not None:
            watched.append(
                (f"{effect.name} gave numbers that are no sound: it is silent until it gives sound", built.finite)
            )
        latency += built.latency
        tail += built.tail
    return Circuit(sound, latency, min(tail, LONGEST_TAIL), tuple(table for table, _ in lanes.values()), tuple(watched))


def _known(kit: Kit, effect: Effect, sound: Any, values: Mapping[str, Any]) -> Built:
    builder = BUILDERS.get(effect.name)
    if builder is None:
        raise LivevaeError(f"the engine has no effect {effect.name!r}.")
    try:
        return builder(kit, sound, values)
    except LivevaeError:
        raise
    except Exception as error:
        raise LivevaeError(f"{effect.name}: {type(error).__name__}: {error}") from error


def _own(kit: Kit, effect: Effect, code: Code, sound: Any, values: Mapping[str, Any]) -> Built:
    """What the performer's own function makes of the sound; its errors name its line."""
    pyo = kit.pyo
    names: dict[str, Any] = {"pyo": pyo, "np": np, "math": math, "fx": Toolbox(kit), **code.constants}
    try:
        # As many empty lines before it as it has in its file: errors name the line that the performer sees.
        exec(compile("\n" * (code.line - 1) + code.source, code.file, "exec"), names)
        made = names[effect.name](sound, **values)
    except Exception as error:
        line = code.line
        if isinstance(error, SyntaxError):
            line = error.lineno or line
        else:
            own = [at for frame, at in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == code.file]
            line = own[-1] if own else line
        text = error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split())
        raise LivevaeError(f"{code.file}:{line}: {effect.name}: {type(error).__name__}: {text}") from error
    if isinstance(made, (list, tuple)) and made and all(isinstance(one, pyo.PyoObject) for one in made):
        made = pyo.Sig([one[0] for one in made])
    if not isinstance(made, pyo.PyoObject):
        raise LivevaeError(
            f"{code.file}:{code.line}: {effect.name} gave {type(made).__name__}: an effect returns a pyo object."
        )
    channels = [made[number % len(made)] for number in range(len(sound))]
    safe, finite = _guarded(pyo, pyo.Sig(channels))
    return Built(safe, 0, code.tail, finite)


def _guarded(pyo: Any, sound: Any) -> tuple[Any, Any]:
    """Silence where a sound is not a number or beyond `_LIMIT`: it would never leave the master again."""
    low = pyo.Max(sound, comp=-_LIMIT)
    inside = pyo.Min(low, comp=_LIMIT)
    finite = pyo.Compare(pyo.Abs(inside), comp=_LIMIT, mode="<")
    return pyo.Sig(inside, mul=finite), finite
