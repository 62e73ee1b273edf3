"""What a pattern does, without any sound: its events, and what it samples to.

python examples/timeline.py
"""

import numpy as np

from livevae.pattern import mini, sine

BARS = " ▁▂▃▄▅▆▇█"


def main() -> None:
    rhythm = mini("bell(3,8) <drum wind>").every(2, lambda pattern: pattern.rev())
    for event in rhythm.query(0, 2):
        print(f"{event.whole.begin!s:>6} to {event.whole.end!s:<6} {event.value}")
    levels = sine.slow(2).sample(np.linspace(0, 2, 48, endpoint=False))
    print("".join(BARS[round(float(level) * 8)] for level in levels))


if __name__ == "__main__":
    main()
