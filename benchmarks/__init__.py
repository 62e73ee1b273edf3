"""What livevae costs and how steady it is, each figure a program that prints one JSON object.

Run from a checkout with the `test` extra installed: `python -m benchmarks.stage`. They share the models and the JACK
clients of the tests.
"""

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT / "tests"))
