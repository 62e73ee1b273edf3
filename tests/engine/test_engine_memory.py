"""The shared mapping: rings that wrap, control rows that are never torn."""

import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livevae.engine.controls import BankReader, BankWriter, wants_more
from livevae.engine.frames import columns, neutral, width
from livevae.engine.layout import CONSUMED, MAX_FRAMES, MUTED_UNTIL, SEQUENCE, Shared, read_ring, write_ring
from support.engines import rows


@pytest.fixture
def shared():
    made = Shared.create()
    yield made
    made.close()


def numbered(dims, first, count):
    """Rows whose every number tells their frame."""
    made = rows(dims, count)
    made[:] = np.arange(first, first + count, dtype=np.float32)[:, None] + 1
    return made


@given(
    st.integers(1, 40),
    st.integers(0, 10**12),
    st.lists(st.integers(0, 17), min_size=1, max_size=12),
    st.integers(1, 2),
)
def test_a_ring_gives_back_the_newest_samples_wherever_it_wraps(length, start, sizes, channels):
    ring = np.zeros((channels, length), np.float32)
    written = np.arange(channels * sum(sizes), dtype=np.float32).reshape(channels, -1)
    at = 0
    for size in sizes:
        size = min(size, length)
        write_ring(ring, start + at, written[:, at : at + size])
        at += size
    newest = min(at, length)
    out = np.empty((channels, newest), np.float32)
    read_ring(ring, start + at - newest, out)
    assert np.array_equal(out, written[:, at - newest : at])


def test_two_mappings_of_one_descriptor_are_the_same_memory(shared):
    other = Shared(shared.fd)
    shared.slot_words[31, CONSUMED] = 1 << 40
    shared.banks[31, 1, -1] = 0.5
    shared.outputs[31, 2, -1] = 0.25
    assert (other.slot_words[31, CONSUMED], other.banks[31, 1, -1], other.outputs[31, 2, -1]) == (1 << 40, 0.5, 0.25)
    assert other.words.sum() == 0


def test_before_anything_is_written_rows_are_silent(shared):
    assert np.array_equal(BankReader(shared).read(3, 10, 4, 5), neutral(5, 4))
    assert shared.slot_words[3, CONSUMED] == 14


def test_the_newest_rows_win(shared):
    reader, writer = BankReader(shared), BankWriter(shared)
    writer.write(2, 100, numbered(3, 100, 20), 110)
    assert np.array_equal(reader.read(2, 100, 4, 3), numbered(3, 100, 4))
    writer.write(2, 104, numbered(3, 900, 20), 110)
    assert np.array_equal(reader.read(2, 104, 4, 3), numbered(3, 900, 4))


def test_the_last_row_is_held_past_the_end_and_the_first_before_the_beginning(shared):
    reader, writer = BankReader(shared), BankWriter(shared)
    writer.write(0, 100, numbered(1, 100, 4), 102)
    assert reader.read(0, 98, 8, 1)[:, 0].tolist() == [101, 101, 101, 102, 103, 104, 104, 104]
    assert reader.read(0, 5000, 2, 1)[:, 0].tolist() == [104, 104]


def test_rows_that_lie_all_in_the_future_leave_the_last_one_sounding(shared):
    reader, writer = BankReader(shared), BankWriter(shared)
    writer.write(0, 100, numbered(1, 100, 4), 102)
    reader.read(0, 100, 2, 1)
    writer.write(0, 500, numbered(1, 500, 4), 502)
    assert reader.read(0, 102, 3, 1)[:, 0].tolist() == [102, 102, 102]


def test_rows_for_another_model_are_not_read(shared):
    reader, writer = BankReader(shared), BankWriter(shared)
    writer.write(0, 0, numbered(2, 0, 8), 4)
    assert np.array_equal(reader.read(0, 0, 2, 7), neutral(7, 2))
    writer.write(0, 2, numbered(7, 2, 8), 4)
    assert reader.read(0, 2, 2, 7)[:, 0].tolist() == [3, 4]
    writer.write(0, 4, numbered(2, 4, 8), 4)
    assert reader.read(0, 4, 2, 7)[:, 0].tolist() == [4, 4]


def test_after_a_panic_nothing_sounds_until_rows_are_written_anew(shared):
    reader, writer = BankReader(shared), BankWriter(shared)
    writer.write(0, 0, rows(2, 50), 20)
    assert reader.read(0, 0, 4, 2)[:, columns(2).amp].tolist() == [1, 1, 1, 1]
    shared.slot_words[0, MUTED_UNTIL] = shared.slot_words[0, SEQUENCE]
    for first in (4, 8, 100):
        assert not reader.read(0, first, 4, 2)[:, columns(2).amp].any()
    writer.write(0, 8, rows(2, 50, amp=0.5), 20)
    assert reader.read(0, 8, 2, 2)[:, columns(2).amp].tolist() == [0.5, 0.5]


def test_a_new_stream_in_a_slot_does_not_sound_with_rows_of_the_one_before(shared):
    reader, writer = BankReader(shared), BankWriter(shared)
    writer.write(0, 0, rows(2, 50), 20)
    reader.read(0, 0, 4, 2)
    reader.forget(0)
    assert not reader.read(0, 4, 4, 2)[:, columns(2).amp].any()
    writer.write(0, 8, rows(2, 50), 20)
    assert reader.read(0, 8, 1, 2)[0, columns(2).amp] == 1


def test_more_rows_are_wanted_when_the_reader_comes_to_the_frame_that_was_named(shared):
    reader, writer = BankReader(shared), BankWriter(shared)
    writer.write(0, 0, rows(2, 50), 20)
    reader.read(0, 0, 19, 2)
    assert not wants_more(shared, 0)
    reader.read(0, 19, 1, 2)
    assert wants_more(shared, 0)


def test_too_many_rows_are_cut(shared):
    reader, writer = BankReader(shared), BankWriter(shared)
    writer.write(0, 0, numbered(2, 0, MAX_FRAMES + 100), 20)
    assert reader.read(0, MAX_FRAMES - 1, 3, 2)[:, 0].tolist() == [MAX_FRAMES] * 3


HAMMER = """
import sys
import numpy as np
from livevae.engine.controls import BankWriter
from livevae.engine.layout import Shared
writer = BankWriter(Shared(int(sys.argv[1])))
runs = [np.full((int(sys.argv[2]), int(sys.argv[3])), float(number), np.float32) for number in range(16)]
while True:
    for run in runs:
        writer.write(0, 0, run, 0)
"""


def test_rows_are_never_torn(shared):
    """Another process publishes runs as fast as it can; whatever is read here comes from one run."""
    dims, count = 64, 400
    reader = BankReader(shared)
    arguments = [str(shared.fd), str(count), str(width(dims))]
    hammer = subprocess.Popen([sys.executable, "-c", HAMMER, *arguments], pass_fds=(shared.fd,))
    try:
        deadline = time.monotonic() + 30
        while shared.slot_words[0, SEQUENCE] < 10 and time.monotonic() < deadline:
            time.sleep(0.01)
        read = [reader.read(0, 0, count, dims) for _ in range(2000)]
    finally:
        hammer.kill()
        hammer.wait()
    assert all((run == run[0, 0]).all() for run in read)
    assert len({float(run[0, 0]) for run in read}) > 4
