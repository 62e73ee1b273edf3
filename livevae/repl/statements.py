"""Where one statement ends: for Enter at the prompt, and for scripts that arrive line by line."""

from __future__ import annotations

import ast
import codeop
import warnings
from dataclasses import dataclass

_COMPOUND = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)
_CONTINUES = ("else", "elif", "except", "finally")


@dataclass(frozen=True)
class Statement:
    """One statement of a longer text, `line` counted from 1.

    `padded` puts it on its own line again, so that errors name the line where it stands.
    """

    source: str
    line: int

    @property
    def padded(self) -> str:
        return "\n" * (self.line - 1) + self.source


def is_complete(source: str) -> bool:
    """Whether Enter should evaluate `source`: it needs no further line, or it is wrong and should say so.

    A block that spans lines is complete once a blank line follows it, so that it can be typed at all.
    """
    try:
        tree = _parse(source)
    except (SyntaxError, ValueError, OverflowError):
        return True
    if tree is None:
        return False
    if tree.body and _spans_lines(tree.body[-1]):
        return not source.rpartition("\n")[2].strip()
    return True


def split(source: str, first: int = 1) -> list[Statement]:
    """The top-level statements of `source`, whose first line is line `first` of what it was cut from.

    A text that is no Python comes back whole: evaluating it gives the error.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return [Statement(source, first)]
    return [Statement(_segment(source, node), first + _first_line(node) - 1) for node in tree.body]


class Feeder:
    """Turns lines as they arrive into statements, each as soon as it must have ended.

    A simple statement ends with its line. A block ends with the next line that starts at the margin (blank lines and
    comments may stand inside one), or with the end of the input.
    """

    def __init__(self) -> None:
        self._pending: list[str] = []
        self._first = 1
        self._line = 0
        self._block = False

    def push(self, line: str) -> list[Statement]:
        """The statements that end now that `line` (its newline may be missing) has come."""
        self._line += 1
        line = line.rstrip("\r\n")
        done: list[Statement] = []
        if self._block and _starts_statement(line):
            done = self.finish()
        if not self._pending:
            if not line.strip() or line.lstrip().startswith("#"):
                return done
            self._first = self._line
        self._pending.append(line)
        try:
            tree = _parse("\n".join(self._pending) + "\n")
        except (SyntaxError, ValueError, OverflowError):
            return done + self.finish()
        if tree is not None:
            self._block = bool(tree.body) and isinstance(tree.body[-1], _COMPOUND)
            if not self._block:
                return done + self.finish()
        return done

    def finish(self) -> list[Statement]:
        """What is left when no further line comes."""
        if not self._pending:
            return []
        source, self._pending, self._block = "\n".join(self._pending), [], False
        return split(source, self._first)


def _parse(source: str) -> ast.Module | None:
    """The tree of `source`, or None while it needs more lines."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if codeop.compile_command(source, symbol="exec") is None:
            return None
        return ast.parse(source)


def _spans_lines(node: ast.stmt) -> bool:
    return isinstance(node, _COMPOUND) and (node.end_lineno or node.lineno) > node.lineno


def _starts_statement(line: str) -> bool:
    if not line.strip() or line[0] in " \t#":
        return False
    word = line.split(":")[0].split("(")[0].split()
    return not (word and word[0] in _CONTINUES)


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _segment(source: str, node: ast.stmt) -> str:
    lines = source.splitlines(keepends=True)[_first_line(node) - 1 : node.end_lineno]
    if _first_line(node) == node.end_lineno or not isinstance(node, _COMPOUND):
        return ast.get_source_segment(source, node) or "".join(lines)
    return "".join(lines).rstrip("\n")
