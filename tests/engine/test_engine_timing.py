"""Laws of the grid of chunks, for any rates, ratios and blocks."""

from hypothesis import given
from hypothesis import strategies as st

from livevae.engine.timing import MARGIN, Grid

RATES = st.sampled_from([22050, 32000, 44100, 48000, 88200, 96000])
GRIDS = st.builds(Grid, RATES, RATES, st.integers(1, 4096), st.integers(1, 8))
BLOCKS = st.one_of(st.sampled_from([64, 128, 256, 512, 1024]), st.integers(16, 2048))
CHUNKS = st.integers(0, 10_000_000)


@given(GRIDS, CHUNKS)
def test_a_chunk_is_ready_exactly_when_all_its_samples_are_there(grid, chunk):
    needed = (chunk + 1) * grid.chunk
    assert grid.ready(chunk) * grid.model_rate >= needed * grid.rate
    assert (grid.ready(chunk) - 1) * grid.model_rate < needed * grid.rate
    assert grid.complete(grid.ready(chunk)) >= chunk + 1
    assert grid.complete(grid.ready(chunk) - 1) <= chunk


@given(GRIDS, CHUNKS)
def test_chunks_follow_each_other_without_a_gap(grid, chunk):
    assert 0 <= grid.ready(chunk) - grid.start(chunk + 1) <= 1
    assert grid.start(chunk) < grid.ready(chunk)
    assert grid.start(0) == 0


@given(GRIDS, CHUNKS)
def test_the_chunk_at_a_time_is_the_first_that_begins_no_earlier(grid, time):
    chunk = grid.chunk_at(time)
    assert grid.ready(chunk - 1) >= time
    assert chunk == 0 or (chunk - 1) * grid.chunk * grid.rate < time * grid.model_rate


@given(GRIDS, CHUNKS)
def test_time_does_not_drift(grid, chunk):
    assert abs(grid.start(chunk) - chunk * grid.chunk * grid.rate / grid.model_rate) <= 1
    assert abs(grid.frame_rate * grid.ratio - grid.model_rate) < 1e-6 * grid.model_rate


@given(st.integers(1, 4096), st.sampled_from([44100, 48000]), BLOCKS, st.floats(0.0, 0.2))
def test_the_blocks_cover_the_computation_and_are_the_fewest(ratio, rate, block, compute):
    blocks = Grid(rate, rate, ratio, 1).blocks_for(compute, block)
    assert blocks >= 1
    assert blocks * block >= compute * MARGIN * rate * (1 - 1e-9)
    assert blocks == 1 or (blocks - 1) * block < compute * MARGIN * rate


@given(GRIDS, BLOCKS, st.floats(0.0, 0.1), st.integers(0, 1_000_000))
def test_the_delay_is_never_too_short(grid, block, compute, chunk):
    delay, blocks = grid.delay(block, compute), grid.blocks_for(compute, block)
    for c in range(chunk, chunk + 50):
        woken = -(-grid.ready(c) // block) * block
        finished = woken + blocks * block
        heard = (grid.start(c) + delay) // block * block
        assert finished <= heard


@given(BLOCKS, st.integers(1, 16), st.floats(0.0, 0.1), st.integers(1, 4))
def test_the_delay_is_a_chunk_the_fewest_blocks_and_one(block, per_chunk, compute, frames):
    grid = Grid(48000, 48000, block * per_chunk, frames)
    assert grid.delay(block, compute) == grid.chunk + (grid.blocks_for(compute, block) + 1) * block


@given(GRIDS, BLOCKS, st.floats(0.0, 0.1))
def test_the_delay_is_at_most_that_and_a_rounded_sample(grid, block, compute):
    chunk = -(-grid.chunk * grid.rate // grid.model_rate)
    assert grid.delay(block, compute) <= chunk + (grid.blocks_for(compute, block) + 1) * block + 1


@given(st.integers(1, 64), st.sampled_from([64, 256, 1024]), st.floats(0.0, 0.499))
def test_a_quick_model_is_heard_two_blocks_after_its_chunk(ratio_in_blocks, block, part):
    grid = Grid(48000, 48000, ratio_in_blocks * block, 1)
    assert grid.delay(block, part * block / 48000) == grid.chunk + 2 * block
