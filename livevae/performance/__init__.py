"""The performer's side: clock, voices, transitions, pieces and the journal."""

from livevae.performance.clock import TempoMap
from livevae.performance.journal import Journal
from livevae.performance.keeper import Keeper
from livevae.performance.message import EvaluationError, Message, Place
from livevae.performance.models import Models
from livevae.performance.namespace import namespace
from livevae.performance.performance import Performance
from livevae.performance.piece import Piece
from livevae.performance.settings import ModelRef
from livevae.performance.status import PerformanceStatus, VoiceStatus
from livevae.performance.voice import Voice

__all__ = [
    "EvaluationError",
    "Journal",
    "Keeper",
    "Message",
    "ModelRef",
    "Models",
    "Performance",
    "PerformanceStatus",
    "Piece",
    "Place",
    "TempoMap",
    "Voice",
    "VoiceStatus",
    "namespace",
]
