"""`livevae [PIECE]`: the instrument itself, at a prompt or driven by a script on standard input."""

from __future__ import annotations

import argparse
import gc
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from livevae import __version__
from livevae.commands.arguments import add_audio, port
from livevae.commands.models import chosen
from livevae.errors import LivevaeError

if TYPE_CHECKING:
    from livevae.engine.client import LiveEngine
    from livevae.engine.interface import EngineOptions, Status
    from livevae.performance import Keeper, Performance


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("piece", type=Path, nargs="?", metavar="PIECE", help="a pattern file to load and to watch")
    parser.add_argument("--from", dest="start", metavar="CUE", help="rehearse the piece from this cue on")
    parser.add_argument("--input", type=Path, metavar="FILE", help="a recording in place of the live inputs, looped")
    parser.add_argument("--osc", type=port, metavar="PORT", help="listen to OSC from this machine on this UDP port")
    parser.add_argument("-m", "--model", type=Path, metavar="FILE", help="model file (.ts); the default model without")
    add_audio(parser)


def run(arguments: argparse.Namespace) -> int:
    model = chosen(arguments.model)
    piece = None if arguments.piece is None else existing_piece(arguments.piece)
    if arguments.start is not None and piece is None:
        raise LivevaeError(f"--from {arguments.start} needs the piece that has this cue: livevae PIECE --from CUE.")
    _end_on_signals()
    starting = _started(options(arguments))

    # The engine's processes start meanwhile; together they are what start-up waits for.
    from livevae.repl.loop import perform, play_script
    from livevae.repl.session import Session

    terminal = sys.stdin.isatty()
    with _closing(starting) as engine, _performance(engine, model) as (performance, keeper):
        # What is loaded stays: the collector, which stands still while it looks, looks only at what comes later.
        gc.freeze()
        if arguments.osc is not None:
            performance.words.osc_listen(arguments.osc)
        session = Session(performance, errors=(lambda: sys.stdout) if terminal else (lambda: sys.stderr))
        if not terminal:
            if piece is not None:
                _prepare(performance, keeper, piece, arguments.start)
            return play_script(session, sys.stdin)
        print(banner(engine.status().backend, engine.rate, engine.block, engine.inputs), flush=True)
        for remark in remarks(engine.status()):
            session.tell("warning", remark)
        threading.Thread(
            target=_prepare, args=(performance, keeper, piece, arguments.start), name="livevae prepare", daemon=True
        ).start()
        return perform(session)


def options(arguments: argparse.Namespace) -> EngineOptions:
    """How the command line wants the engine."""
    from livevae.engine.interface import EngineOptions

    heard = getattr(arguments, "input", None)  # not every command has inputs that a file could stand in for
    return EngineOptions(
        backend=arguments.audio,
        rate=arguments.rate,
        block=arguments.block,
        input_device=arguments.input_device,
        output_device=arguments.output_device,
        input_channels=arguments.inputs,
        output_channels=arguments.outputs,
        input_file=None if heard is None else existing_recording(heard),
        chunk=arguments.chunk,
    )


def existing_recording(path: Path) -> str:
    """`path` with `~` expanded, of a file that can be heard. Raises LivevaeError where it cannot."""
    from livevae.performance.inputs import file

    return str(file(path).path)


def existing_piece(path: Path) -> Path:
    """`path` with `~` expanded. Raises LivevaeError where there is no such file."""
    path = path.expanduser()
    if not path.is_file():
        raise LivevaeError(f"there is no piece {path}, and no command of that name: `livevae --help` lists them.")
    return path


def banner(backend: str, rate: int, block: int, inputs: int) -> str:
    """The one line with which a performance begins."""
    if backend == "silent":
        sound = "no audio device: running against a silent clock"
    else:
        heard = f"{inputs} inputs" if inputs != 1 else "1 input"
        sound = f"{backend}, {rate} Hz, {block} samples a block, {heard}"
    return f"livevae {__version__} · {sound} · help_page() says what to type"


def remarks(status: Status) -> list[str]:
    """What the performer should know of the engine before they play, beyond the banner."""
    from livevae.engine.realtime import advice

    if status.backend == "silent":
        return []
    return [*status.messages, *([] if status.realtime else [advice()])]


def _started(options: EngineOptions) -> Future[LiveEngine]:
    """The engine, on its way in a thread of its own."""
    future: Future[LiveEngine] = Future()

    def start() -> None:
        from livevae.engine.client import LiveEngine

        try:
            future.set_result(LiveEngine.start(options))
        except BaseException as error:  # handed to whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=start, name="livevae start", daemon=True).start()
    return future


@contextmanager
def _closing(starting: Future[LiveEngine]) -> Iterator[LiveEngine]:
    engine = starting.result()
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def _performance(engine: LiveEngine, model: Path) -> Iterator[tuple[Performance, Keeper]]:
    """Everything around the engine that a performance has: recordings, MIDI, the journal, its keeper."""
    from livevae import control
    from livevae.commands.library import shipped
    from livevae.performance import Journal, Keeper, Performance

    with ExitStack() as stack:
        library = shipped()
        stack.callback(library.close)
        performance = Performance(engine, library, default_model=model, journal=Journal())
        stack.callback(performance.close)
        midi = stack.enter_context(control.Midi())
        stack.enter_context(performance.midi.attached(midi, performance.control_changed))
        keeper = Keeper(performance).start()
        stack.callback(keeper.close)
        yield performance, keeper


def _prepare(performance: Performance, keeper: Keeper, path: Path | None, start: str | None) -> None:
    """Open the model and load the piece, which is watched from then on; on a terminal the prompt is there already."""
    from livevae.performance import Piece

    piece = None if path is None else Piece(performance, path)
    try:
        performance.prepare()
        if piece is not None:
            piece.load(start)
    except LivevaeError as error:
        performance.report("error", str(error))
    keeper.piece = piece


def _end_on_signals() -> None:
    """A terminal that closes, or a polite kill, ends the performance as Ctrl-D does: with a fade.

    Ctrl-C interrupts an evaluation, also where whatever started livevae (a script, in the background) ignored it.
    """

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
    if sys.stdin.isatty():
        signal.signal(signal.SIGINT, signal.default_int_handler)
