"""Calls in processes that are forked from a warm one: each may be killed, and none pays for the imports."""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

MOST_SECONDS = 600
"""What takes longer hangs."""


class Ended(NamedTuple):
    """How a call ended."""

    code: int
    """As `Popen.returncode` has it: below zero, the signal that the process died of."""
    output: str
    """All that it printed."""
    result: Any
    """What the function returned; None where the process did not live so long."""


class Nursery:
    """A process of one thread that has imported what builds need, and forks a child for each call."""

    def __init__(self, *modules: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forked", *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )

    def call(self, function: Callable[..., Any], *arguments: Any) -> Ended:
        """Call a function of a module in a process of its own, and wait for its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump((function, arguments), self._process.stdin)
        self._process.stdin.flush()
        return Ended(*pickle.load(self._process.stdout))

    def close(self) -> None:
        """End it; harmless when it has ended."""
        self._process.kill()
        self._process.communicate()


def main() -> None:
    """Serve until stdin ends. Arguments: the modules to import before the first call."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for name in sys.argv[1:]:
        __import__(name)
    while True:
        try:
            function, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(_in_child(function, arguments), answers)
        answers.flush()


def _in_child(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[int, str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        printed, returned = Path(folder) / "printed", Path(folder) / "returned"
        child = os.fork()
        if child == 0:
            _call(function, arguments, printed, returned)
        _, status = os.waitpid(child, 0)
        result = pickle.loads(returned.read_bytes()) if returned.exists() else None
        return os.waitstatus_to_exitcode(status), printed.read_text(errors="replace"), result


def _call(function: Callable[..., Any], arguments: tuple[Any, ...], printed: Path, returned: Path) -> None:
    """The child's whole life."""
    code = 70
    try:
        # Signals to its group reach it and whatever it starts, and nobody else.
        os.setsid()
        signal.alarm(MOST_SECONDS)
        target = os.open(printed, os.O_WRONLY | os.O_CREAT)
        os.dup2(target, 1)
        os.dup2(target, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        result = function(*arguments)
        returned.write_bytes(pickle.dumps(result))
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not `sys.exit`: what the warm process would do at its end is not the child's to do.
        os._exit(code)


if __name__ == "__main__":
    main()
