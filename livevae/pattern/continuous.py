"""Shapes that repeat every cycle, from 0 to 1: slow them, shift them, and spread them with ``range``."""

from __future__ import annotations

import numpy as np

from livevae.pattern.core import signal

sine = signal(lambda t: 0.5 + 0.5 * np.sin(2 * np.pi * t))
cosine = signal(lambda t: 0.5 + 0.5 * np.cos(2 * np.pi * t))
saw = signal(lambda t: t - np.floor(t))
isaw = signal(lambda t: 1.0 - (t - np.floor(t)))
tri = signal(lambda t: 1.0 - np.abs(2.0 * (t - np.floor(t)) - 1.0))
square = signal(lambda t: np.where(t - np.floor(t) < 0.5, 0.0, 1.0))
