"""What a symbol stands for: the definition that it has in the tree, or what another distribution calls so."""

from collections.abc import Mapping

from codeintel_enrich.model.linked import Target
from codeintel_enrich.stages.stitch.symbols import SymbolNames


class Meanings:
    """The targets of symbols, each once and numbered.

    Indexers spell modules in their own ways (`src/flask/app/` for `flask.app`), so the module of a symbol that is
    defined in the tree is that of the file whose document defines it, whatever the symbol says.
    """

    def __init__(
        self, homes: Mapping[str, str], owners: Mapping[str, str], path: str | None, names: SymbolNames
    ) -> None:
        """`homes`: symbol -> path of the document that defines it; `owners`: such a path -> what the qualified names
        of the file begin with: its module, else its path.

        `path` is that of the document itself: what it defines gets no path, as in what `qualify` says.
        """
        self.targets: list[Target] = []
        self._homes = homes
        self._owners = owners
        self._path = path
        self._names = names
        self._known: dict[str, int] = {}

    def number(self, symbol: str) -> int:
        """The place of a global symbol's target in `targets`."""
        number = self._known.get(symbol)
        if number is None:
            number = self._known[symbol] = len(self.targets)
            self.targets.append(self._target(symbol))
        return number

    def __getitem__(self, symbol: str) -> Target:
        """What a global symbol stands for."""
        return self.targets[self.number(symbol)]

    def _target(self, symbol: str) -> Target:
        name, home = self._names[symbol], self._homes.get(symbol)
        # Defined by a document of no file of ours: what the index was made of is gone.
        if home is None or home not in self._owners:
            return Target((name.dotted,) if name.dotted else (), "external")
        owner = self._owners[home]
        path = None if home == self._path else home
        return Target((f"{owner}.{name.inside}" if name.inside else owner,), name.kind, path)
