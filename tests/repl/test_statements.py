"""Where statements end: at the prompt, and in scripts that arrive line by line."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livevae.repl.statements import Feeder, Statement, is_complete, split


@pytest.mark.parametrize(
    "source",
    [
        "",
        "x = 1",
        "x = 1; y = 2",
        "x = 1\ny = 2",
        "if 1: a",
        "def f():\n    a\n",
        "def f():\n    a\n    ",
        "def f():\n    a\nf()",
        "f(1,\n  2)",
        "'''a\nb'''",
        "# nothing",
        "@deco\ndef f():\n    pass\n",
    ],
)
def test_complete_code_is_evaluated(source: str) -> None:
    assert is_complete(source)


@pytest.mark.parametrize(
    "source",
    ["f(1,", "'''a", "if 1:", "if 1:\n    a", "def f():\n    a\n    b", "@deco", "try:\n    a\n", "x = [", "a = \\"],
)
def test_unfinished_code_goes_on(source: str) -> None:
    assert not is_complete(source)


@pytest.mark.parametrize("source", ["x = )", "v1.z = 'choir", "a b", "for"])
def test_wrong_code_is_evaluated_so_that_it_says_why(source: str) -> None:
    assert is_complete(source)


def test_split_keeps_every_statement_and_its_line() -> None:
    source = "a = 1; b = 2\n\n@deco\ndef f():\n    # note\n    return 'ä'\nf(1,\n  2)\n"
    assert split(source) == [
        Statement("a = 1", 1),
        Statement("b = 2", 1),
        Statement("@deco\ndef f():\n    # note\n    return 'ä'", 3),
        Statement("f(1,\n  2)", 7),
    ]


def test_padded_statement_stands_on_its_own_line() -> None:
    (statement,) = split("f(1,\n2)", first=5)
    assert ast.parse(statement.padded).body[0].lineno == 5


def fed(source: str) -> list[Statement]:
    feeder = Feeder()
    return [statement for line in source.splitlines() for statement in feeder.push(line)] + feeder.finish()


def test_a_simple_statement_ends_with_its_line() -> None:
    feeder = Feeder()
    assert feeder.push("x = (1,") == []
    assert feeder.push("2)") == [Statement("x = (1,\n2)", 1)]
    assert feeder.push("# note\n") == []
    assert feeder.push("y = 3\r\n") == [Statement("y = 3", 4)]


def test_a_block_ends_where_the_margin_is_reached_again() -> None:
    feeder = Feeder()
    lines = ["if a:", "    b", "", "# note", "else:", "    c"]
    assert [statement for line in lines for statement in feeder.push(line)] == []
    block, after = feeder.push("elsewhere = 1")
    assert (block.line, block.source.count("\n")) == (1, 5)
    assert after == Statement("elsewhere = 1", 7)


def test_a_block_at_the_end_is_not_lost() -> None:
    assert fed("for i in x:\n    i\n") == [Statement("for i in x:\n    i", 1)]


def test_wrong_code_comes_out_at_once_and_the_rest_follows() -> None:
    assert fed("a b\nc = 1") == [Statement("a b", 1), Statement("c = 1", 2)]


def test_unfinished_code_at_the_end_comes_out() -> None:
    assert fed("f(1,") == [Statement("f(1,", 1)]


STATEMENTS = st.sampled_from(
    [
        "a = 1",
        "b; c",
        "f(1,\n\n  2)",
        "s = '''x\nif y:\n'''",
        "if a:\n    b\n\n    c\nelif d:\n    e\nelse:\n    f",
        "try:\n    a\nexcept E:\n    b\nfinally:\n    c",
        "@d(1)\nclass C:\n    x = 1\n\n    def f(self):\n        return 2",
        "# a note",
        "",
        "with a: b",
        "while a:\n    b\nelse:\n    c",
    ]
)


@settings(max_examples=60)
@given(st.lists(STATEMENTS, max_size=8))
def test_feeding_lines_gives_the_statements_of_the_whole_text(parts: list[str]) -> None:
    source = "\n".join(parts)
    whole = ast.parse(source)
    statements = fed(source)
    assert [ast.dump(ast.parse(s.source)) for s in statements] == [
        ast.dump(ast.Module([node], [])) for node in whole.body
    ]
    for statement, node in zip(statements, whole.body, strict=True):
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        assert statement.line == first
