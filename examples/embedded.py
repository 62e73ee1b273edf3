"""The whole instrument inside another program: voices on an engine, played by plain Python and recorded.

python examples/embedded.py OUT.flac [auto|jack|portaudio|coreaudio|silent]
"""

import sys
import time
from pathlib import Path

from platformdirs import user_cache_dir

from livevae.engine.client import LiveEngine
from livevae.engine.interface import EngineOptions
from livevae.latent import Encoder, Library, lerp, take
from livevae.pattern import sine
from livevae.performance import Performance
from livevae.resources import default_model, sounds_dir


def main(out: str, backend: str = "auto") -> None:
    engine = LiveEngine.start(EngineOptions(backend=backend))
    library = Library(Path(user_cache_dir("livevae", appauthor=False)), Encoder())
    library.add_folder(sounds_dir())
    performance = Performance(engine, library, default_model=default_model())
    try:
        v1, v2 = performance.voices[:2]
        v1.play(lerp("choir", "string", sine.slow(2)), quant=0)
        v2.play(take("bell") * 0.8, quant=0)
        v2.pan = 0.5
        performance.record(out)
        time.sleep(3)
        performance.stop_recording()
    finally:
        performance.close()
        library.close()
        engine.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
