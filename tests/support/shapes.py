"""The shapes of models that are tried wherever a model is exported."""

from dataclasses import replace

from livevae.training.config import PRESETS, Shape


def _all() -> dict[str, Shape]:
    named: dict[Shape, str] = {}
    for name, preset in sorted(PRESETS.items()):
        named[preset.shape] = f"{named[preset.shape]}, {name}" if preset.shape in named else name
    shapes = {names: shape for shape, names in named.items()}
    stereo = {f"{name}, stereo": replace(PRESETS[name].shape, channels=2) for name in ("tiny", "low-latency")}
    return shapes | stereo


SHAPES = _all()
"""By the names of their presets, those of one shape together; and two of them in stereo."""
