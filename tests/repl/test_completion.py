"""Completion and call hints on a small namespace of their own."""

from pathlib import Path
from typing import Any, Self

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from livevae.repl.completion import PerformerCompleter, candidates
from livevae.repl.signatures import fragments, hint


class Wave:
    """A wave.

    Its second paragraph.
    """

    __module__ = "livevae.fake"

    def slow(self, factor: float) -> Self:
        """Slower by `factor`."""
        return self

    def range(self, low: float = 0.0, high: float = 1.0) -> "Wave":
        """Between two numbers."""
        return self


class Player:
    __module__ = "livevae.fake"
    touched = 0

    @property
    def z(self) -> Wave:
        return Wave()

    @property
    def broken(self) -> Wave:
        raise RuntimeError("not today")

    def play(self, pattern: object, quant: float = 1, *, fade: float | None = None) -> None:
        """Play it."""
        Player.touched += 1


class Foreign:
    @property
    def costly(self) -> int:
        Player.touched += 1
        return 1


def lerp(a: object, b: object, amount: object = 0.5) -> Wave:
    """Between a and b.
    The second line.
    A third line.
    """
    return Wave()


NAMESPACE: dict[str, Any] = {
    "v1": Player(),
    "v2": Player(),
    "v10": Player(),
    "sine": Wave(),
    "lerp": lerp,
    "notes": [Wave()],
    "foreign": Foreign(),
    "_hidden": 1,
}
RECORDINGS = ["bell", "bell_2", "choir", "drum"]


def names(text: str) -> list[str]:
    return [candidate.text for candidate in candidates(text, NAMESPACE, RECORDINGS)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v1.z.", ["range", "slow"]),
        ("sine.slow(2).", ["range", "slow"]),
        ("lerp('choir', (1, 2), sine).slow(8).r", ["range"]),
        ("(sine + 1).s", ["slow"]),
        ("notes[0].s", ["slow"]),
        ("x = v1.pl", ["play"]),
        ('v1.z = "', RECORDINGS),
        ('v1.z = "choir [be', ["bell", "bell_2"]),
        ("v1.play('<drum CH", ["choir"]),
        ('v1.play("""bell\n dr', ["drum"]),
        ("# v", []),
        ("v1.play(sine, fa", ["fade="]),
        ("v1.play(pattern=1, qua", ["quant="]),
        ("v1.missing.", []),
        ("12", []),
        ("", []),
    ],
)
def test_candidates(text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_own_names_come_before_those_of_python_and_in_natural_order() -> None:
    assert names("v") == ["v1", "v2", "v10", "vars"]
    assert "_hidden" not in names("x = ")
    assert names("_hi") == ["_hidden"]


def test_keyword_arguments_stand_first_in_a_call() -> None:
    assert names("lerp(a")[:2] == ["a=", "amount="]
    assert "b=" not in names("lerp(b=1, b")


def test_what_is_replaced_is_the_word_before_the_cursor() -> None:
    (found,) = candidates('v1.z = "choir [dr', NAMESPACE, RECORDINGS)
    assert found.replaces == 2


def test_nothing_is_called_and_foreign_properties_are_not_read() -> None:
    before = Player.touched
    names("v1.play(1).")
    names("foreign.costly.")
    names("foreign.")
    assert Player.touched == before


def test_a_property_that_fails_is_still_offered() -> None:
    assert "broken" in names("v1.")
    assert names("v1.broken.") == []


def test_variables_after_a_caret_in_mini_notation() -> None:
    known = {"melody": "bell choir", "mellow": 3, "member": print, "_memory": 1}
    found = candidates('v1.z = "bell [^me', known, ["bell", "meadow"])
    assert [(candidate.text, candidate.replaces, candidate.meta) for candidate in found] == [
        ("mellow", 2, ""),
        ("melody", 2, "bell choir"),
    ]


@pytest.mark.parametrize("before", ["[", "<", "{a ", "{a}%", "bell | ", "a . ", "~ ", "^melody ", "bell:<2 3> "])
def test_recordings_after_every_sign_of_mini_notation(before: str) -> None:
    found = candidates(f'v1.z = "{before}be', {}, ["bell", "choir"])
    assert [(candidate.text, candidate.replaces) for candidate in found] == [("bell", 2)]


def test_nothing_completes_the_number_of_a_part() -> None:
    assert candidates('v1.z = "bell:', {}, ["bell"]) == candidates('v1.z = "bell:1', {}, ["bell"]) == []


def test_paths_inside_strings(tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    (tmp_path / "song.wav").touch()
    (tmp_path / ".hidden").touch()
    assert names(f'recordings("{tmp_path}/so') == ["song.wav", "sounds/"]
    assert ".hidden" not in names(f'recordings("{tmp_path}/')
    assert names('recordings("/no such folder/x') == []


def test_hint_names_the_argument_at_the_cursor() -> None:
    shown = hint("v1.z = lerp('a, (', [1, 2], ", NAMESPACE)
    assert shown is not None
    assert shown.arguments == ("a", "b", "amount=0.5")
    assert shown.active == 2
    assert shown.doc == "Between a and b.\nThe second line."


@pytest.mark.parametrize(
    ("text", "active"),
    [("v1.play(", 0), ("v1.play(1, ", 1), ("v1.play(1, fade=", 2), ("v1.play(1, 2, ", None), ("lerp(1, b=[", 1)],
)
def test_hint_follows_positions_and_names(text: str, active: int | None) -> None:
    shown = hint(text, NAMESPACE)
    assert shown is not None
    assert shown.active == active


@pytest.mark.parametrize(
    "text", ["", "v1.z = (1, ", "lerp(1, 2)", "unknown(", "v1.z = 'lerp(", "# lerp(", "(lambda: 1)("]
)
def test_no_hint_outside_of_a_call(text: str) -> None:
    shown = hint(text, NAMESPACE)
    assert shown is None


def test_hint_fits_the_width() -> None:
    shown = hint("lerp(", NAMESPACE)
    assert shown is not None
    lines = "".join(text for _, text in fragments(shown, 20)).split("\n")
    assert len(lines) == 3
    assert all(len(line) <= 20 for line in lines)


def test_objects_that_fail_when_they_are_looked_at_do_not_stop_the_typing() -> None:
    class Hostile:
        def __dir__(self) -> list[str]:
            raise RuntimeError("not today")

    completer = PerformerCompleter(lambda: {"hostile": Hostile()}, lambda: RECORDINGS)
    assert list(completer.get_completions(Document("hostile."), CompleteEvent(completion_requested=True))) == []


def test_the_menu_waits_for_two_letters_while_typing() -> None:
    completer = PerformerCompleter(lambda: NAMESPACE, lambda: RECORDINGS)

    def offered(text: str, requested: bool) -> list[str]:
        event = CompleteEvent(completion_requested=requested)
        return [completion.text for completion in completer.get_completions(Document(text), event)]

    assert offered("l", False) == []
    assert "lerp" in offered("l", True)
    assert "lerp" in offered("le", False)
    assert "play" in offered("v1.", False)
    assert offered("x = 12.", False) == []
