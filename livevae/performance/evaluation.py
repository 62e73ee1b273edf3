"""Running a performer's text: a line, a block or a whole file."""

from __future__ import annotations

import ast
import warnings
from typing import Any

from livevae.performance.message import located


def run(source: str, filename: str, namespace: dict[str, Any]) -> object:
    """Run `source` in `namespace`; gives the value of its last statement where that is an expression, else None.

    Raises EvaluationError, `file:line: message`, for whatever an evaluation can raise; only KeyboardInterrupt and
    SystemExit pass as they are.
    """
    try:
        with warnings.catch_warnings():
            # A typo such as `"1 2"()` is an error in a moment; its warning would only draw over the prompt.
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(source, filename)
            last = tree.body[-1] if tree.body else None
            value = ast.Expression(last.value) if isinstance(last, ast.Expr) else None
            body = ast.Module(tree.body[:-1] if value is not None else tree.body, tree.type_ignores)
            code = compile(body, filename, "exec")
            end = None if value is None else compile(value, filename, "eval")
        exec(code, namespace)
        return None if end is None else eval(end, namespace)
    except Exception as error:
        raise located(error, filename) from error
