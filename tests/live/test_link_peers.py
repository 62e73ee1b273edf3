"""Ableton Link with another participant on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from livevae.control.link import LinkSession, package
from livevae.performance import Performance
from support.doubles import FakeLibrary
from support.performing import performing
from support.signals import identity_file

pytestmark = pytest.mark.live


def until(test: Callable[[], object], seconds: float = 40.0) -> None:
    """Wait for something other processes do; fails when it never happens."""
    deadline = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def performance(tmp_path: Path) -> Iterator[Performance]:
    with performing("silent", FakeLibrary(), identity_file(tmp_path, 512)) as made:
        yield made


def test_it_joins_another_and_meets_its_bar(performance: Performance) -> None:
    assert package().Link
    other = LinkSession(126.0)
    try:
        time.sleep(1.0)
        performance.evaluate('tempo(120); v1.z = "0.5"; link()')
        until(lambda: other.peers() == 1)
        until(lambda: abs(other.tempo() - float(str(performance.evaluate("tempo()")))) < 0.01)
        shared = other.tempo()

        def behind() -> float:
            found = performance.linking.status().behind
            runs = performance.clock.cps_at(performance.second()) * 240
            return 1.0 if found is None or abs(runs - shared) > 0.01 else abs(found)

        until(lambda: behind() < 0.01)
        other.set_tempo(110.0)
        until(lambda: abs(float(str(performance.evaluate("tempo()"))) - 110) < 0.01)
        performance.evaluate("tempo(100)")
        until(lambda: abs(other.tempo() - 100) < 0.01)
        performance.evaluate("link(False)")
        until(lambda: other.peers() == 0)
    finally:
        other.close()
    assert [message.text for message in performance.messages if message.kind == "error"] == []
