"""The table of all OSC addresses, for the page about OSC: made from the routes themselves, so that none is missing."""

from __future__ import annotations

from collections.abc import Iterable

from livevae.control.routes import Route


def table(routes: Iterable[Route]) -> str:
    """A Markdown table of what each address takes and does.

    >>> print(table([Route("/livevae/v{voice}/amp", print, (float,), "its level")]))
    | address | takes | what it does |
    |---|---|---|
    | `/livevae/v{voice}/amp` | a number | its level |
    """
    rows = [f"| `{route.address}` | {route.wants} | {route.says} |" for route in routes]
    return "\n".join(["| address | takes | what it does |", "|---|---|---|", *rows])


def undocumented(routes: Iterable[Route]) -> list[str]:
    """The addresses of which nothing is said.

    >>> undocumented([Route("/x", print)])
    ['/x']
    """
    return [route.address for route in routes if not route.says]
