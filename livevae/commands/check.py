"""`livevae check`: what is wrong with a piece, and what it costs, without playing it."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevae.commands.models import chosen
from livevae.commands.perform import existing_piece

if TYPE_CHECKING:
    from livevae.performance.check import Checked

_WRONG = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pieces", type=Path, nargs="+", metavar="PIECE", help="the pattern files to look at")
    parser.add_argument("-m", "--model", type=Path, metavar="FILE", help="model file (.ts); the default model without")
    parser.add_argument("--seed", type=int, default=0, metavar="K", help="of everything random (default: 0)")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each piece, a line each")


def run(arguments: argparse.Namespace) -> int:
    model = chosen(arguments.model)
    paths = [existing_piece(path) for path in arguments.pieces]

    from livevae.commands.library import shipped
    from livevae.performance.check import check

    good = True
    with tempfile.TemporaryDirectory(prefix="livevae-check-") as folder:
        library = shipped()
        try:
            for path in paths:
                found = check(path, library, Path(folder), model=model, seed=arguments.seed)
                good = good and found.good
                if arguments.json:
                    print(json.dumps(plain(path, found)))
                else:
                    print("\n".join(table(path, found)))
        finally:
            library.close()
    return 0 if good else _WRONG


def plain(path: Path, found: Checked) -> dict[str, Any]:
    """What was found as plain data."""
    findings = [
        {
            "kind": finding.kind,
            "text": finding.text,
            "file": None if finding.place is None else finding.place.file,
            "line": None if finding.place is None else finding.place.line,
        }
        for finding in found.findings
    ]
    cues = [{"name": name, "bars": bars, "start": found.starts.get(name)} for name, bars in found.cues.items()]
    return {
        "piece": str(path),
        "good": found.good,
        "findings": findings,
        "cues": cues,
        "length": found.length,
        "costs": [asdict(cost) for cost in found.costs],
    }


def table(path: Path, found: Checked) -> list[str]:
    """What was found, for reading."""
    words = {"error": "error  ", "warning": "warning", "info": "note   "}
    verdict = "fine" if not found.findings else "plays" if found.good else "does not play as it is written"
    lines = [f"{path.name}: {verdict}"]
    lines += [f"  {words[finding.kind]} {finding}" for finding in found.findings]
    sections: list[str | None] = [None, *found.cues]
    names = {section: "(no cue)" if section is None else section for section in sections}
    width = max(len(names[section]) for section in sections)
    for section in sections:
        costs = [cost for cost in found.costs if cost.cue == section]
        if section is None and not costs:
            continue
        facts = "" if section is None else _when(found, section)
        spent = ", ".join(f"{cost.voice} {cost.share:.1%}" for cost in costs)
        total = f" = {sum(cost.share for cost in costs):.1%} of real time" if costs else ""
        lines.append(f"  {names[section]:<{width}}  {facts:<22}  {spent}{total}".rstrip())
    if found.length is not None:
        lines.append(f"  {found.length:g} bars in all")
    return lines


def _when(found: Checked, cue: str) -> str:
    bars = found.cues[cue]
    length = "until told" if bars is None else f"{bars:g} bars"
    start = found.starts.get(cue)
    return length if start is None else f"from {start:g}, {length}"
