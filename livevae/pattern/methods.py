"""What the methods of patterns are written with, whichever module they live in."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from livevae.pattern.node import Node
from livevae.pattern.time import Array

if TYPE_CHECKING:
    from livevae.pattern.core import Pattern


class Methods:
    """A part of ``Pattern``: its methods make patterns from nodes, and from whatever a performer may type."""

    __slots__ = ()

    _node: Node

    @staticmethod
    @abstractmethod
    def _made(node: Node) -> Pattern:
        """The pattern of a node."""

    @staticmethod
    @abstractmethod
    def _reified(thing: object) -> Pattern:
        """Anything a performer may type as a pattern."""

    @abstractmethod
    def _lifted(self, function: Callable[..., Array], *others: object) -> Pattern:
        """A function of this pattern's values and others'; NotImplemented where another cannot be a pattern."""

    @abstractmethod
    def resolve(self, lookup: Callable[[str], object]) -> Pattern:
        """Every name replaced by what ``lookup`` finds for it."""
