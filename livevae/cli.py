"""The `livevae` command: which subcommand, its arguments, and how errors are told.

Nothing heavy is imported here: `livevae --version` answers before numpy would have been read.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn, Protocol, cast

from livevae import __version__
from livevae.errors import LivevaeError

COMMANDS = {
    "render": ("livevae.commands.render", "play a piece into a sound file, faster than real time"),
    "check": ("livevae.commands.check", "find errors, unknown names and cost of pieces without playing them"),
    "replay": ("livevae.commands.replay", "play a performance again from its journal, live or into a sound file"),
    "plot": ("livevae.commands.plot", "draw what a piece does: its cues, voices and latents over time"),
    "encode": ("livevae.commands.encode", "turn a recording into latent frames, an .npz file"),
    "decode": ("livevae.commands.decode", "turn latent frames back into sound"),
    "transform": ("livevae.commands.transform", "send a recording through a model, as a live voice would"),
    "info": ("livevae.commands.info", "say what a model file is"),
    "reference": ("livevae.commands.reference", "print every word of the language with its documentation"),
    "devices": ("livevae.commands.devices", "list audio devices and MIDI ports"),
    "doctor": ("livevae.commands.doctor", "measure what audio, MIDI and scheduling this machine gives"),
    "train": ("livevae.training.command", "train a model of one's own from a folder of recordings"),
    "adapt": ("livevae.training.adapt_command", "fine-tune a model to a folder of recordings, in minutes"),
}
_PERFORM = "livevae.commands.perform"
_FAILED = 2
_INTERRUPTED = 130


class Command(Protocol):
    """What the module of a subcommand holds. Importing it is cheap; `run` imports what it needs."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


class _Parser(argparse.ArgumentParser):
    """Usage errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(_FAILED, f"{self.prog}: {message}; `{self.prog} --help` lists the options.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `livevae` with `arguments` (those of the process where None) and give its exit code.

    0 is success, 1 a script on standard input that stopped at an error, 2 anything else that went wrong: one sentence
    on standard error, with a traceback only for `--debug`.
    """
    if arguments is None:
        return _leave(main(sys.argv[1:]))
    words = list(arguments)
    debug = "--debug" in words
    try:
        return _dispatch(words)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; what is still buffered must not raise once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    except Exception as error:
        if debug:
            traceback.print_exc()
        else:
            print(f"livevae: {_sentence(error)}", file=sys.stderr)
        return _FAILED


def _leave(code: int) -> int:
    """End the process at once where pyo was loaded: its own clean-up at the interpreter's end crashes at times."""
    if "pyo" in sys.modules:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    return code


def _dispatch(words: list[str]) -> int:
    name = next((word for word in words if word != "--debug"), "")
    if name in COMMANDS:
        words.remove(name)
        module, summary = COMMANDS[name]
        parser = _Parser(prog=f"livevae {name}", description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False)
    else:
        module = _PERFORM
        parser = _Parser(
            prog="livevae",
            description="Open the prompt and play; PIECE is loaded first, and again whenever it is saved.",
            epilog=_overview(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        parser.add_argument("--version", action="version", version=f"livevae {__version__}")
    command = cast(Command, import_module(module))
    command.add_arguments(parser)
    if not any("--debug" in action.option_strings for action in parser._actions):
        parser.add_argument("--debug", action="store_true", help="show where in the program an error arose")
    return command.run(parser.parse_args(words))


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items()]
    return "\n".join(["other commands, `livevae COMMAND --help` explains each:", *lines])


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, LivevaeError):
        return text
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'the system'}: {error.strerror}."
    kind = type(error).__name__
    return f"something went wrong inside ({kind}{f': {text}' if text else ''}); --debug shows where."
