"""The yardstick, and the model that ships measured with it."""

import numpy as np
import pytest
import soundfile
import torch

from livevae.resources import default_model, sounds_dir
from livevae.training.dataset import load_recordings
from livevae.training.measure import (
    compare,
    contrast_distance,
    level_difference,
    log_spectral_distance,
    low_passed,
    open_exported,
    pitch_kept,
    shaped_noise,
    transform_exported,
)

RATE = 48000


@pytest.fixture
def chord() -> np.ndarray:
    time = np.arange(RATE) / RATE
    partials = sum(np.sin(2 * np.pi * f * time) / i for i, f in enumerate((220, 660, 3300, 7000), 1))
    return (0.2 * partials * np.exp(-2 * time)).astype(np.float32)


def test_equal_sounds_are_no_distance_apart(chord: np.ndarray) -> None:
    assert log_spectral_distance(chord, chord) == 0
    assert log_spectral_distance(-chord, chord) == pytest.approx(0, abs=1e-4)


def test_a_gain_is_its_decibels_where_nothing_is_near_the_floor() -> None:
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32) * 0.2
    assert log_spectral_distance(noise * np.float32(0.5), noise) == pytest.approx(6.02, abs=0.2)


def test_a_sound_shorter_than_a_window_is_measured() -> None:
    assert log_spectral_distance(np.zeros(300, np.float32), np.full(300, 0.5, np.float32)) > 0


def test_the_noise_baseline_keeps_the_energy_and_loses_the_tones(chord: np.ndarray) -> None:
    noise = shaped_noise(chord)
    assert noise.shape == chord.shape
    assert np.sum(noise**2) == pytest.approx(np.sum(chord**2), rel=0.3)
    assert log_spectral_distance(noise, chord) > 5


def test_the_low_pass_baseline_ends_at_its_cutoff(chord: np.ndarray) -> None:
    spectrum = np.abs(np.fft.rfft(low_passed(chord, RATE)))
    kept, lost = spectrum[:2000], spectrum[2001:]
    assert lost.max() < 1e-3 * kept.max()


def test_contrast_hears_noise_where_tones_were_and_neither_a_gain_nor_a_move(chord: np.ndarray) -> None:
    assert contrast_distance(chord, chord) == 0
    blurred = contrast_distance(shaped_noise(chord), chord)
    assert blurred > 5
    assert contrast_distance(chord * np.float32(0.9), chord) < 0.05 * blurred
    assert contrast_distance(np.roll(chord, 700), chord) < 0.2 * blurred
    assert contrast_distance(chord[:300], chord) >= 0


def test_two_noises_have_the_same_contrast() -> None:
    first, second = np.random.default_rng(0).standard_normal((2, RATE)).astype(np.float32) * 0.2
    assert log_spectral_distance(first, second) > 7
    assert contrast_distance(first, second) < 1


def test_the_difference_in_level_is_in_decibels(chord: np.ndarray) -> None:
    assert level_difference(chord * np.float32(0.5), chord) == pytest.approx(-6.02, abs=0.01)
    assert level_difference(chord, chord * 0) > 100


def test_pitch_is_kept_within_a_semitone(chord: np.ndarray) -> None:
    assert pitch_kept(chord * np.float32(0.1), chord, RATE) == 1
    time = np.arange(RATE) / RATE
    near, far = (0.2 * np.sin(2 * np.pi * 220 * 2 ** (semitones / 12) * time) for semitones in (0.7, 1.4))
    assert pitch_kept(near.astype(np.float32), chord, RATE) == 1
    assert pitch_kept(far.astype(np.float32), chord, RATE) == 0


@pytest.mark.parametrize("hertz", [82.4, 110.0, 1480.0])
def test_a_low_note_is_told_from_the_next_one(hertz: float) -> None:
    time = np.arange(RATE) / RATE
    note, next_note = (np.sin(2 * np.pi * pitch * time).astype(np.float32) * 0.3 for pitch in (hertz, hertz * 1.09))
    assert pitch_kept(note, note, RATE) == 1
    assert pitch_kept(next_note, note, RATE) == 0


def test_noise_and_silence_have_no_pitch(chord: np.ndarray) -> None:
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32) * 0.2
    assert pitch_kept(noise, noise, RATE) is None
    assert pitch_kept(chord * 0, chord * 0, RATE) is None
    assert pitch_kept(chord[:5000], chord[:5000], RATE) is None


def test_the_model_that_ships_is_well_under_both_baselines_on_sounds_it_was_not_trained_on() -> None:
    recordings = load_recordings([sounds_dir()], RATE, ()).training
    assert len(recordings) >= 8
    mean = compare(default_model(), recordings)["mean"]
    assert mean["model"] < 0.85 * mean["shaped noise"]
    assert mean["model"] < 0.85 * mean["low-passed"]


def test_the_model_that_ships_is_small_and_has_its_card() -> None:
    assert default_model().stat().st_size < 10e6
    card = default_model().with_name("README.md").read_text(encoding="utf-8")
    held_out = default_model().with_name("held-out.txt").read_text(encoding="utf-8").split()
    assert all(name in card for name in held_out)


def test_what_comes_out_of_the_model_that_ships_follows_the_loudness_of_what_goes_in() -> None:
    audio, rate = soundfile.read(sounds_dir() / "drum.flac", dtype="float32")
    assert rate == RATE
    torch.manual_seed(0)
    made = transform_exported(open_exported(default_model()), audio)
    frames = len(audio) // 4800
    wanted, got = (np.sqrt(np.mean(x[: frames * 4800].reshape(frames, -1) ** 2, 1)) for x in (audio, made))
    assert np.corrcoef(np.log(wanted + 1e-3), np.log(got + 1e-3))[0, 1] > 0.9
