"""`link` after one more name in a hub: `python -m tests.bench.hub [--files N] [--rounds N]`.

Generates a repository in which every module imports the hub, links it once, then again with the changed hub. Prints CPU
milliseconds of loading the state, of linking and of encoding the new state, and how many modules were linked
again.
"""

import argparse
import gc
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import msgspec

from codeintel_enrich.model.config import LinkConfig, ParseConfig
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.module_table import module_table
from codeintel_enrich.stages.link import LinkState, link
from codeintel_enrich.stages.parse import parse
from tests.bench.generate import generate

HUB = "shop/core.py"
_ENCODE = msgspec.msgpack.Encoder(order="deterministic").encode
_DECODE = msgspec.msgpack.Decoder(Interface).decode


def main() -> None:
    """Run the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--files", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), chosen.files)
        sources = {
            path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(Path(folder).rglob("*.py"))
        }
    gc.disable()
    interfaces = {path: interface(source) for path, source in sources.items()}
    names = module_table(interfaces, (".",))
    digests = {path: digest(data) for path, data in interfaces.items()}
    started = time.process_time()
    clean = link(None, names, digests, lambda path: _DECODE(interfaces[path]), LinkConfig())
    print(f"{len(sources)} files: clean {time.process_time() - started:.1f} s")
    state = clean.state.encode()
    measured: list[tuple[float, ...]] = []
    for number in range(chosen.rounds):
        new = interface(sources[HUB] + f"\n\ndef one_more_{number}(): ...\n".encode())
        changed, after = {**interfaces, HUB: new}, {**digests, HUB: digest(new)}
        times = [time.process_time()]
        loaded = LinkState.decode(state)
        times.append(time.process_time())
        result = link(loaded, names, after, changed_loader(changed), LinkConfig())
        times.append(time.process_time())
        result.state.encode()
        times.append(time.process_time())
        measured.append(tuple(1e3 * (end - start) for start, end in pairwise(times)))
    load, linked, encode = (statistics.median(column) for column in zip(*measured, strict=True))
    print(f"one more name in {HUB}: load {load:.0f} ms, link {linked:.0f} ms, encode {encode:.0f} ms")
    print(f"linked_modules made again {len(result.recomputed)}, of these different {len(result.linked_modules)}")


def interface(source: bytes) -> bytes:
    """The encoded interface of a module."""
    return _ENCODE(parse(source, ParseConfig()).interface)


def changed_loader(interfaces: dict[str, bytes]) -> Callable[[str], Interface]:
    """What `link` loads interfaces with."""
    return lambda path: _DECODE(interfaces[path])


if __name__ == "__main__":
    main()
