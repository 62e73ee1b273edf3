"""Imports point one way, and importing does nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "livevae"

SHARED = {"errors", "helper", "resources", "livevae"}
"""Modules of the package itself that every room may use."""
ALLOWED = {
    "pattern": set(),
    "model": set(),
    "latent": {"pattern", "model"},
    "control": {"pattern"},
    "engine": {"model"},
    "training": {"model"},
    "performance": {"control", "engine", "latent", "model", "pattern", "training"},
    "repl": {"performance", "control", "engine", "latent", "model", "pattern"},
    "commands": {"repl", "performance", "control", "engine", "latent", "model", "pattern", "training"},
}
"""What each room may import: repl -> performance -> {control, engine, latent -> pattern, training}; engine -> model."""


def imported(file: Path) -> set[str]:
    """The rooms and modules of livevae that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "livevae":
            parts = (node.module or "").split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {[*a.name.split("."), "livevae"][1] for a in node.names if a.name.split(".")[0] == "livevae"}
    return found


def test_every_room_has_its_place() -> None:
    rooms = {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").exists()}
    assert rooms == set(ALLOWED)


@pytest.mark.parametrize("room", ALLOWED)
def test_imports_point_one_way(room: str) -> None:
    for file in sorted((PACKAGE / room).rglob("*.py")):
        foreign = imported(file) - {room} - SHARED - {"__version__"}
        assert foreign <= ALLOWED[room], f"{file} imports {foreign - ALLOWED[room]}"


def test_the_performers_side_of_the_engine_needs_no_torch_and_no_pyo() -> None:
    code = (
        "import livevae.repl.loop, livevae.performance, sys; print([m for m in ('torch', 'pyo') if m in sys.modules])"
    )
    assert ran(code) == "[]"


def test_importing_opens_nothing() -> None:
    code = f"""
import importlib, os, pathlib, threading
package = pathlib.Path({str(PACKAGE)!r})
before = set(os.listdir("/proc/self/fd"))
for file in sorted(package.rglob("*.py")):
    if file.stem not in ("__main__",):
        importlib.import_module(".".join(("livevae", *file.relative_to(package).with_suffix("").parts)))
threads = [t.name for t in threading.enumerate() if t is not threading.main_thread()]
opened = [os.readlink(f"/proc/self/fd/{{fd}}") for fd in set(os.listdir("/proc/self/fd")) - before
          if os.path.exists(f"/proc/self/fd/{{fd}}")]
children = pathlib.Path("/proc/self/task").joinpath(str(os.getpid()), "children").read_text().split()
import pyo
print(threads, [o for o in opened if "/dev/" in o or "socket" in o], children, pyo.serverCreated())
"""
    assert ran(code).splitlines()[-1] == "[] [] [] False"


def ran(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    return done.stdout.strip()
