"""A real JACK server for live tests."""

from collections.abc import Iterator

import pytest

from support.jackserver import JackServer
from support.jackserver import jack_server as running

__all__ = ["JackServer", "jack_server"]


@pytest.fixture(scope="session")
def jack_server() -> Iterator[JackServer]:
    """A running JACK server (48 kHz, 256-frame blocks, no sound card) that every client here meets by default."""
    with running("livevae-test") as server:
        yield server
