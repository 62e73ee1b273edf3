"""`livevae plot`: a piece as a picture."""

from pathlib import Path

import numpy as np

from support.command import Run

PIECE = """
v1.z = point(*[0.5] * 16) + dim(3, saw)
@cue("one", bars=1)
def one(): v1.amp = 0.2
@cue("two", bars=1)
def two(): v1.amp = 0.9
"""


def test_a_picture_is_drawn_and_differs_where_the_piece_does(livevae: Run, tmp_path: Path) -> None:
    from matplotlib.image import imread

    (tmp_path / "piece.py").write_text(PIECE)
    (tmp_path / "louder.py").write_text(PIECE.replace("0.2", "0.9"))
    for name in ("piece", "louder"):
        done = livevae("plot", tmp_path / f"{name}.py", "-o", tmp_path / f"{name}.png")
        assert (done.returncode, done.stderr) == (0, "")
    one, other = (imread(tmp_path / f"{name}.png") for name in ("piece", "louder"))
    assert one.shape == other.shape
    assert one.shape[1] > 800
    # Only the title and the level of the first cue are not the same: nothing in the right half.
    changed = np.abs(one - other).max(axis=(0, 2)) > 0.01
    assert changed[: one.shape[1] // 2].any()
    assert not changed[int(one.shape[1] * 0.55) :].any()


def test_what_is_no_picture_is_refused(livevae: Run, tmp_path: Path) -> None:
    (tmp_path / "piece.py").write_text(PIECE)
    done = livevae("plot", tmp_path / "piece.py", "-o", tmp_path / "score.txt")
    assert done.returncode == 2
    assert ".png" in done.stderr
