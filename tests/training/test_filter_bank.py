"""The filter bank gives back what it splits."""

import numpy as np
import pytest
import torch

from livevae.training.pqmf import FilterBank, prototype


@pytest.mark.parametrize(("bands", "taps"), [(16, 192), (8, 64), (4, 64)])
def test_joining_what_was_split_gives_the_input_delayed(bands: int, taps: int) -> None:
    bank = FilterBank(bands, taps)
    audio = torch.randn(2, 1, bands * 400, generator=torch.Generator().manual_seed(1))
    rebuilt = bank.join(bank.split(audio))
    error = rebuilt[..., bank.delay :] - audio[..., : -bank.delay]
    ratio = 10 * torch.log10(audio.square().mean() / error.square().mean())
    assert ratio > 100  # dB; single precision leaves about 130


def test_a_tone_lies_in_its_own_band_and_keeps_its_energy() -> None:
    bank = FilterBank()
    time = torch.arange(48000) / 48000
    for band in (0, 3, 11):
        tone = torch.sin(2 * torch.pi * (band + 0.5) * 1500 * time).view(1, 1, -1)
        energies = bank.split(tone)[0, :, 100:].square().mean(1)
        assert energies[band] / energies.sum() > 0.99
        assert energies.sum() == pytest.approx(16 * 0.5, rel=0.05)  # as many samples, a sixteenth of the rate


def test_the_prototype_is_symmetric_and_stops_other_bands() -> None:
    low_pass = prototype(16, 192)
    np.testing.assert_allclose(low_pass, low_pass[::-1])
    response = np.abs(np.fft.rfft(low_pass, 8192))
    beyond = response[round(8192 / 16 * 1.05) :]
    assert 20 * np.log10(beyond.max() / response[0]) < -45
