"""Words such as `fast` and operators such as `add` are completed, hinted at and explained as functions are."""

from livevae.pattern import mini, transformations
from livevae.repl.completion import candidates
from livevae.repl.helping import describe
from livevae.repl.signatures import hint


def test_the_prompt_knows_words_as_it_knows_functions() -> None:
    names = {**transformations(), "mini": mini}
    shown = hint("fast(", names)
    assert shown is not None
    assert shown.arguments == ("factor",)
    assert shown.doc.startswith("The pattern")
    squeeze = hint('mini("1").fast(2).add.squeeze(', names)
    assert squeeze is not None
    assert squeeze.arguments == ("other",)
    assert hint('mini("1").add(', names) is not None
    assert "amount=" in [found.text for found in candidates("degrade_by(", names, [])]
    assert "self=" not in [found.text for found in candidates('mini("1").fast(', names, [])]
    assert {"left", "right", "both", "squeeze", "restart", "reset"} <= {c.text for c in candidates("add.", names, [])}
    assert "squeeze" in [found.text for found in candidates('fast(2)("1").add.sq', names, [])]
    assert describe(names["fast"]).startswith("fast(factor)\n\nThe pattern")
