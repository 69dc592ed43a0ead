"""What a document says of symbols as a whole, with what `repair` found of its occurrences carried over."""

from collections.abc import Mapping

import msgspec

from codeintel_enrich.model.scip import LOCAL, ROLE_DEFINITION, Document, Occurrence, SymbolInformation
from codeintel_enrich.stages.stitch.symbols import SymbolNames, undoubled


def restated_symbols(
    document: Document, repaired: Mapping[Occurrence, str], names: SymbolNames
) -> tuple[SymbolInformation, ...]:
    """What the document says of its global symbols, sorted, each once.

    A symbol that repairs gave to a definition here is among them, even if nothing more is known of it.
    """
    known: dict[str, SymbolInformation] = {}
    for info in document.symbols:
        if not info.symbol.startswith(LOCAL):
            if names[info.symbol].is_doubled:
                info = msgspec.structs.replace(info, symbol=undoubled(info.symbol))
            # scip-python gives some symbols several times: one of them must count, in every run the same.
            known.setdefault(info.symbol, info)
    for occurrence, symbol in repaired.items():
        if occurrence.roles & ROLE_DEFINITION and symbol not in known:
            known[symbol] = SymbolInformation(symbol, display_name=names[symbol].final)
    return tuple(known[symbol] for symbol in sorted(known))


def restated_roles(document: Document, repaired: Mapping[Occurrence, str], names: SymbolNames) -> dict[str, int]:
    """Every global symbol of the document -> its roles there, or-ed."""
    roles: dict[str, int] = {}
    for occurrence in document.occurrences:
        if not occurrence.symbol.startswith(LOCAL):
            symbol = repaired.get(occurrence, occurrence.symbol) if repaired else occurrence.symbol
            roles[symbol] = roles.get(symbol, 0) | occurrence.roles
    for symbol in [symbol for symbol in roles if names[symbol].is_doubled]:
        single = undoubled(symbol)
        roles[single] = roles.get(single, 0) | roles.pop(symbol)
    return roles
