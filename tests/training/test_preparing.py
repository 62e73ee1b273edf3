"""Recordings of any number, length and format, prepared once and read piece by piece."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.errors import LivevaeError
from livevae.training import dataset, prepared
from livevae.training.command import names
from livevae.training.dataset import PreparingStopped, Recordings, load_recordings
from livevae.training.decoding import REST, Silences, decoded
from livevae.training.finding import find
from livevae.training.listening import Listening
from livevae.training.segments import Segments

RATE = 48000
CALLED = {"MAT4": "mat", "MAT5": "mat", "MPC2K": "snd"}  # how files of a format are called, where it is not its name


def quiet(line: str) -> None:
    """Takes what is told."""


def write(path: Path, seconds: float, seed: int = 0, rate: int = RATE, channels: int = 1) -> Path:
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, (int(seconds * rate), channels))
    soundfile.write(os.fsencode(path), noise, rate, subtype="FLOAT", format="WAV")
    return path


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    folder = tmp_path / "sounds"
    folder.mkdir()
    for seed in range(4):
        write(folder / f"take-{seed}.wav", 1.0 + seed / 4, seed)
    return folder


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if hardly anything fitted into memory."""
    monkeypatch.setattr(dataset, "IN_MEMORY", 1000)


def equal(first: Recordings, second: Recordings) -> bool:
    groups = ((first.training, second.training), (first.held_out, second.held_out))
    return first.digest == second.digest and all(
        list(one) == list(other) and all(np.array_equal(one[name], other[name]) for name in one)
        for one, other in groups
    )


class TestWhatDoesNotFitIntoMemory:
    def test_is_mapped_from_a_file_and_the_same_to_the_last_bit(
        self, sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for channels in (1, 2):
            small = load_recordings([sounds], RATE, ("take-1",), quiet, channels, tmp_path / "cache")
            assert not (tmp_path / "cache").exists()
            with monkeypatch.context() as patch:
                patch.setattr(dataset, "IN_MEMORY", 1000)
                large = load_recordings([sounds], RATE, ("take-1",), quiet, channels, tmp_path / "cache")
            assert isinstance(large.training["take-0"], np.memmap)
            assert equal(small, large)
            drawn = [
                Segments(one.training, 9000, RATE, 1.0).draw(6, np.random.default_rng(3)) for one in (small, large)
            ]
            np.testing.assert_array_equal(*drawn)
            for path in (tmp_path / "cache").iterdir():
                path.unlink()
            (tmp_path / "cache").rmdir()

    @pytest.mark.usefixtures("on_disk")
    def test_is_found_again_without_reading_the_recordings(
        self, sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (sounds / "broken.wav").write_bytes(b"nothing of the sort")
        said: list[list[str]] = [[], []]
        first = load_recordings([sounds], RATE, (), said[0].append, cache=tmp_path / "cache")
        monkeypatch.setattr(dataset, "decoded", None)
        second = load_recordings([sounds], RATE, (), said[1].append, cache=tmp_path / "cache")
        assert equal(first, second)
        assert first.skipped == second.skipped == (str(sounds / "broken.wav"),)
        assert said[0] == said[1]  # what is skipped is named again

    @pytest.mark.usefixtures("on_disk")
    @pytest.mark.parametrize("what", ["a file is new", "a file is another", "rate", "channels", "held out"])
    def test_is_prepared_anew_where_anything_changed(self, sounds: Path, tmp_path: Path, what: str) -> None:
        cache = tmp_path / "cache"
        first = load_recordings([sounds], RATE, (), quiet, cache=cache)
        if what == "a file is new":
            write(sounds / "more.wav", 0.5, 9)
        elif what == "a file is another":
            write(sounds / "take-0.wav", 1.0, 9)
            os.utime(sounds / "take-0.wav", ns=(1, 1))
        rate = 24000 if what == "rate" else RATE
        held_out = ("take-0",) if what == "held out" else ()
        second = load_recordings([sounds], rate, held_out, quiet, 2 if what == "channels" else 1, cache)
        assert second.digest != first.digest
        assert len(list(cache.iterdir())) == 2

    @pytest.mark.usefixtures("on_disk")
    @pytest.mark.parametrize("harm", ["cut short", "no index", "empty"])
    def test_is_prepared_anew_where_the_file_is_damaged(self, sounds: Path, tmp_path: Path, harm: str) -> None:
        first = load_recordings([sounds], RATE, (), quiet, cache=tmp_path / "cache")
        wanted = {name: audio.copy() for name, audio in first.training.items()}
        (path,) = (tmp_path / "cache").iterdir()
        whole = path.read_bytes()
        path.unlink()  # what is mapped must not shrink
        path.write_bytes({"cut short": whole[:-100], "no index": whole[:-4] + b"\0\0\0\1", "empty": b""}[harm])
        second = load_recordings([sounds], RATE, (), quiet, cache=tmp_path / "cache")
        assert all(np.array_equal(second.training[name], audio) for name, audio in wanted.items())
        assert path.read_bytes() == whole

    @pytest.mark.usefixtures("on_disk")
    def test_nothing_of_a_recording_that_breaks_off_remains(self, sounds: Path, tmp_path: Path) -> None:
        without = load_recordings([sounds], RATE, (), quiet, cache=tmp_path / "one")
        soundfile.write(tmp_path / "long.flac", np.random.default_rng(0).uniform(-0.5, 0.5, 20 * RATE), RATE)
        whole = (tmp_path / "long.flac").read_bytes()
        (sounds / "take-1x.flac").write_bytes(whole[: len(whole) // 2])
        found = load_recordings([sounds], RATE, (), quiet, cache=tmp_path / "two")
        assert [Path(name).name for name in found.skipped] == ["take-1x.flac"]
        assert equal(without, found)

    @pytest.mark.usefixtures("on_disk")
    def test_what_nobody_uses_any_more_is_tidied_away(self, sounds: Path, tmp_path: Path) -> None:
        cache = tmp_path / "cache"
        cache.mkdir()
        for name, age in (("old.prepared", 40 * 86400), ("new.prepared", 60), ("x.part", 86400), ("y.part", 60)):
            (cache / name).write_bytes(b"")
            then = (cache / name).stat().st_mtime - age
            os.utime(cache / name, (then, then))
        load_recordings([sounds], RATE, (), quiet, cache=cache)
        assert {path.name for path in cache.iterdir()} >= {"new.prepared", "y.part"}
        assert not {"old.prepared", "x.part"} & {path.name for path in cache.iterdir()}
        assert len(list(cache.iterdir())) == 3

    @pytest.mark.usefixtures("on_disk")
    def test_a_full_disk_is_one_sentence_and_leaves_nothing(self, sounds: Path, tmp_path: Path) -> None:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))  # no file may grow larger: as a full disk
        try:
            with pytest.raises(LivevaeError, match=r"cannot be written to .*cache.* make room there"):
                load_recordings([sounds], RATE, (), quiet, cache=tmp_path / "cache")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert not list((tmp_path / "cache").iterdir())

    @pytest.mark.usefixtures("on_disk")
    def test_a_cache_that_cannot_be_made_is_one_sentence(self, sounds: Path, tmp_path: Path) -> None:
        (tmp_path / "cache").write_text("in the way")
        with pytest.raises(LivevaeError, match="cannot be written"):
            load_recordings([sounds], RATE, (), quiet, cache=tmp_path / "cache")

    def test_needs_little_memory_however_long_it_is(self, tmp_path: Path) -> None:
        path = tmp_path / "long.wav"
        with soundfile.SoundFile(path, "w", RATE, 2) as file:
            block = np.random.default_rng(0).uniform(-0.5, 0.5, (30 * RATE, 2))
            for _ in range(8):
                file.write(block)
        script = (
            "import resource, sys; from pathlib import Path; from livevae.training import dataset\n"
            "import livevae.training.segments, numpy\n"
            "from livevae.training.decoding import decoded; next(decoded(Path(sys.argv[1]), 44100, 2))\n"
            "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            "dataset.IN_MEMORY = 1 << 20; before = used()\n"
            "found = dataset.load_recordings([Path(sys.argv[1])], 44100, (), print, 2, Path(sys.argv[2]))\n"
            "print(used() - before, found.training['long'].nbytes)"
        )
        words = [sys.executable, "-c", script, str(path), str(tmp_path / "cache")]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        used, size = map(int, done.stdout.splitlines()[-1].split())
        per_unit = 1 if sys.platform == "darwin" else 1024
        assert size > 80e6
        assert used * per_unit < 0.4 * size


class TestFormats:
    @pytest.mark.parametrize("kind", sorted(set(soundfile.available_formats()) - {"RAW"}))
    def test_whatever_can_be_written_can_be_trained_on(self, tmp_path: Path, kind: str) -> None:
        suffix = CALLED.get(kind, kind.lower())
        time = np.arange(16000) / 16000
        tone = 0.4 * np.sin(2 * np.pi * 500 * time)
        written = []
        for subtype in soundfile.available_subtypes(kind):
            path = tmp_path / f"{subtype}.{suffix}"
            try:
                soundfile.write(path, tone, 16000, subtype, format=kind)
            except soundfile.LibsndfileError:  # some pairs are listed and cannot be written
                path.unlink(missing_ok=True)
            else:
                written.append(subtype)
        assert written
        lines: list[str] = []
        found = load_recordings([tmp_path], RATE, (), lines.append)
        readable = {name for name in written if _reads(tmp_path / f"{name}.{suffix}")}
        assert readable
        assert set(found.training) == readable, lines
        for name, audio in found.training.items():
            middle = audio[len(audio) // 4 : -len(audio) // 4]
            spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
            # Some formats know few sample rates, and say one of those.
            pitch = 500 * soundfile.info(tmp_path / f"{name}.{suffix}").samplerate / 16000
            assert spectrum.argmax() * RATE / len(middle) == pytest.approx(pitch, rel=0.006), name
            assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.4 / np.sqrt(2), rel=0.15), name

    @pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 88200, 96000, 192000])
    @pytest.mark.parametrize("channels", [1, 2, 3, 6, 8])
    def test_any_rate_and_number_of_channels_keeps_length_pitch_and_level(
        self, tmp_path: Path, rate: int, channels: int
    ) -> None:
        tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
        soundfile.write(tmp_path / "a.wav", np.repeat(tone[:, None], channels, 1), rate, "PCM_24")
        for wanted in (1, 2):
            audio = load_recordings([tmp_path], RATE, (), quiet, wanted).training["a"]
            assert audio.shape == ((RATE,) if wanted == 1 else (2, RATE))
            reference = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
            error = (np.atleast_2d(audio) - reference)[:, 4800:-4800]
            assert np.abs(error).max() < 2e-3

    def test_raw_samples_given_by_themselves_are_skipped(self, tmp_path: Path) -> None:
        (tmp_path / "a.raw").write_bytes(bytes(9999))
        with pytest.raises(LivevaeError, match="what its samples are"):
            load_recordings([tmp_path / "a.raw"], RATE, (), quiet)

    def test_a_sample_rate_that_cannot_be_is_damage(self, tmp_path: Path) -> None:
        write(tmp_path / "slow.wav", 3000.0, rate=3)
        with pytest.raises(LivevaeError, match="3 Hz"):
            load_recordings([tmp_path], RATE, (), quiet)

    def test_blocks_joined_are_the_recording(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.wav", 7.0, channels=2)
        blocks = list(decoded(path, RATE, 2))
        assert len(blocks) > 1
        np.testing.assert_array_equal(np.concatenate(blocks), soundfile.read(path, dtype="float32")[0])


def _reads(path: Path) -> bool:
    """Whether libsndfile reads what it wrote; a few of its formats only go one way."""
    try:
        return len(soundfile.read(path)[0]) > 0
    except (soundfile.LibsndfileError, TypeError):
        return False


class TestWhatIsSkipped:
    def test_everything_that_is_no_recording_is_named_and_nothing_raises(self, sounds: Path) -> None:
        (sounds / "folder.wav").mkdir()
        (sounds / "kit.wav").mkdir()
        write(sounds / "kit.wav" / "kick.wav", 0.5, 7)
        (sounds / "broken.wav").symlink_to("/nowhere/to/be/found.wav")
        (sounds / "up").symlink_to(sounds)
        os.mkfifo(sounds / "pipe.wav")
        (sounds / "text.ogg").write_text("this is text")
        (sounds / "._take-0.wav").write_bytes(b"what macOS leaves")
        soundfile.write(sounds / "header.wav", np.zeros((0, 2)), RATE)
        soundfile.write(sounds / "inf.wav", np.full(RATE, np.inf, np.float32), RATE, "FLOAT")
        soundfile.write(sounds / "silent.wav", np.zeros(RATE), RATE)
        write(Path(os.fsdecode(os.fsencode(sounds) + b"/caf\xe9.wav")), 0.5)
        Path(os.fsdecode(os.fsencode(sounds) + b"/bad\xe9.wav")).write_bytes(b"junk")
        lines: list[str] = []
        found = load_recordings([sounds], RATE, ("silent",), lines.append)
        assert {Path(name).name.replace("\ufffd", "?") for name in found.skipped} == {
            "folder.wav",
            "broken.wav",
            "pipe.wav",
            "text.ogg",
            "header.wav",
            "inf.wav",
            "silent.wav",
            "bad?.wav",
        }
        told = [line for line in lines if line.startswith("Skipped ")]
        assert len(told) == len(found.skipped)
        assert all(line.endswith(".") for line in told)
        "\n".join(lines).encode()  # all of it can be printed
        assert len(found.training) == 6
        assert "6 recordings" in lines[-1]
        assert "8 skipped" in lines[-1]

    def test_what_may_not_be_read_is_named(self, sounds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(path: object, *rest: object) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr("livevae.training.decoding.open", refuse, raising=False)
        lines: list[str] = []
        with pytest.raises(LivevaeError, match="all 4 were skipped"):
            load_recordings([sounds], RATE, (), lines.append)
        assert lines == [f"Skipped {sounds / f'take-{n}.wav'}: Permission denied." for n in range(4)]

    def test_a_folder_that_may_not_be_read_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(path: object) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(os, "scandir", refuse)
        assert find([tmp_path]).unusable == ((tmp_path, "Permission denied."),)

    def test_one_too_short_file_says_so(self, tmp_path: Path) -> None:
        write(tmp_path / "click.wav", 0.01)
        with pytest.raises(LivevaeError, match="too short"):
            load_recordings([tmp_path], RATE, None, quiet)

    def test_the_same_file_by_two_ways_is_taken_once(self, sounds: Path) -> None:
        (sounds / "again.wav").symlink_to(sounds / "take-0.wav")
        assert len(load_recordings([sounds, sounds, sounds / "take-0.wav"], RATE, (), quiet).training) == 4

    def test_what_a_run_left_to_listen_to_is_not_learned(self, sounds: Path) -> None:
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, RATE).astype(np.float32)
        Listening(sounds / "mine-run", RATE).sound(0, "take-0", noise, noise)
        (sounds / "long-run").mkdir()
        write(sounds / "long-run" / "jog.wav", 0.5)
        assert set(load_recordings([sounds], RATE, (), quiet).training) == {*(f"take-{n}" for n in range(4)), "jog"}


class TestHeldOut:
    def test_one_of_a_few_is_held_out_and_a_pair_is_trained_on(self, sounds: Path) -> None:
        assert len(load_recordings([sounds], RATE, None, quiet).held_out) == 1
        pair = [sounds / "take-0.wav", sounds / "take-1.wav"]
        assert len(load_recordings(pair, RATE, None, quiet).training) == 2

    def test_where_all_are_chosen_by_hash_all_are_trained_on(self, tmp_path: Path) -> None:
        chosen = [f"{n}" for n in range(400) if dataset._hash(Path(f"{n}.wav")) % dataset.HELD_OUT_ONE_IN == 0][:3]
        for name in chosen:
            write(tmp_path / f"{name}.wav", 0.2)
        found = load_recordings([tmp_path], RATE, None, quiet)
        assert (sorted(found.training), found.held_out) == (sorted(chosen), {})

    def test_holding_out_all_by_name_is_refused(self, sounds: Path) -> None:
        with pytest.raises(LivevaeError, match="left to train on"):
            load_recordings([sounds], RATE, [f"take-{n}" for n in range(4)], quiet)

    def test_names_that_are_not_there_are_told(self, sounds: Path) -> None:
        lines: list[str] = []
        load_recordings([sounds], RATE, ("take-1", "tkae-2"), lines.append)
        assert "To be held out, but not there: tkae-2" in lines

    def test_no_more_is_measured_than_takes_reasonable_time(
        self, sounds: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dataset, "HELD_OUT_EACH", 0.5)
        monkeypatch.setattr(dataset, "HELD_OUT_IN_ALL", 0.9)
        named = load_recordings([sounds], RATE, ("take-1", "take-2", "take-3"), quiet)
        assert {name: len(audio) for name, audio in named.held_out.items()} == {"take-1": 24000, "take-2": 24000}
        assert list(named.training) == ["take-0"]  # what is held out by name is never learned
        assert [Path(name).stem for name in named.skipped] == ["take-3"]
        monkeypatch.setattr(dataset, "_chosen", lambda paths, names: frozenset(paths[1:]))
        assert list(load_recordings([sounds], RATE, None, quiet).training) == ["take-0", "take-3"]

    def test_a_list_of_names_may_have_spaces_in_them(self, tmp_path: Path) -> None:
        (tmp_path / "list.txt").write_text("Take 1\n\n  bell \n")
        assert names(tmp_path / "list.txt") == ("Take 1", "bell")


class TestProgress:
    def test_count_minutes_and_skipped_are_told_and_a_summary(
        self, sounds: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dataset, "TOLD_EVERY", 0.0)
        (sounds / "take-0x.wav").write_bytes(b"junk")
        lines: list[str] = []
        load_recordings([sounds], RATE, (), lines.append)
        assert lines[0].startswith("Preparing recordings: 0 of 5, 0.0 s of sound")
        assert any(line.startswith("Preparing recordings: 4 of 5, ") and line.endswith(", 1 skipped") for line in lines)
        assert lines[-1] == "4 recordings, 5.5 s; 0 held out; 1 skipped"

    def test_it_can_be_stopped(self, sounds: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(dataset, "TOLD_EVERY", 0.0)
        monkeypatch.setattr(dataset, "IN_MEMORY", 1000)
        answers = iter([False] * 5 + [True])
        with pytest.raises(PreparingStopped):
            load_recordings([sounds], RATE, (), quiet, cache=tmp_path / "cache", stop=lambda: next(answers))
        assert not list((tmp_path / "cache").iterdir())


class TestSilences:
    @given(
        seed=st.integers(0, 2**32),
        parts=st.lists(st.tuples(st.booleans(), st.integers(1, 900)), min_size=1, max_size=8),
        cuts=st.lists(st.integers(0, 5000), max_size=6),
    )
    @settings(max_examples=60, deadline=None)
    def test_however_it_is_cut_into_blocks_the_same_is_kept(
        self, seed: int, parts: list[tuple[bool, int]], cuts: list[int]
    ) -> None:
        rate = 1000  # a hundredth of a second is 10 samples
        random = np.random.default_rng(seed)
        audio = np.concatenate(
            [random.uniform(0.1, 1, (n, 2)) if loud else np.zeros((n, 2)) for loud, n in parts]
        ).astype(np.float32)
        whole = Silences(rate, 2).cut(audio, last=True)
        silences = Silences(rate, 2)
        blocks = np.split(audio, sorted(min(cut, len(audio)) for cut in cuts))
        made = [silences.cut(block) for block in blocks] + [silences.cut(audio[:0], last=True)]
        np.testing.assert_array_equal(np.concatenate(made), whole)
        assert np.count_nonzero(whole) == np.count_nonzero(audio)  # all that sounds is kept
        silent = "".join("1" if frame else "0" for frame in whole.any(1)).split("1")
        assert max(map(len, silent)) <= REST * rate + 30


def test_the_digest_is_of_what_is_heard_and_not_of_where_it_lies(sounds: Path, tmp_path: Path) -> None:
    before = load_recordings([sounds], RATE, ("take-3",), quiet).digest
    moved = sounds.rename(tmp_path / "moved")
    for path in moved.iterdir():
        os.utime(path, (1, 1))
    assert load_recordings([moved], RATE, ("take-3",), quiet).digest == before
    assert load_recordings([moved], RATE, (), quiet).digest != before
    (moved / "take-0.wav").rename(moved / "zzz.wav")  # another order: other segments are drawn
    assert load_recordings([moved], RATE, ("take-3",), quiet).digest != before


def test_a_file_of_another_version_is_not_opened(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_disk: None
) -> None:
    load_recordings([sounds], RATE, (), quiet, cache=tmp_path / "cache")
    monkeypatch.setattr(prepared, "VERSION", -1)
    load_recordings([sounds], RATE, (), quiet, cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 2
