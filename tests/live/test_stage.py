"""A minute on stage: nothing breaks while the performer's process does its worst."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

TRIES = 3
SECONDS = 60
COUNTS = ("unexplained_xruns", "unexplained_discontinuities", "late", "covered")
"""What must be 0. Where the machine itself stood still, as processes of the highest priority on each processor saw, no
program was in time; what broke there is printed (`xruns`, `discontinuities`), and not held against livevae."""
CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(120 * TRIES)
def test_two_voices_play_unbroken_beside_a_busy_prompt() -> None:
    """Counts on a shared machine may need up to three tries; each is printed, with the stalls of the machine itself."""
    for attempt in range(1, TRIES + 1):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.stage", "--seconds", str(SECONDS)],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        print(f"try {attempt}: {done.stdout.strip()}")
        assert found["seconds"] >= SECONDS - 1
        assert found["events"] == []
        if not any(found[count] for count in COUNTS):
            return
    pytest.fail(f"in each of {TRIES} tries something broke, in the last one {found}")
