"""The typed stubs `overlays/...`, laid out as partial stub packages."""

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.rows import FileSummary, decode_packed
from codeintel_enrich.publish.rules import BuildRule, Materials, Rules

TYPED_MARKER = b"partial\n"
"""What `py.typed` of a partial stub package says (PEP 561): what it lacks is looked up in the package itself."""


def overlay_rules(materials: Materials) -> Rules:
    """Stubs of those modules that have a reason for one, and the marker of each stub package.

    They are laid out as `<package>-stubs/...`, or `<module>.pyi` at the top. Checkers merge those with the package
    itself; a folder of the package's own name would hide it.
    """
    settings = materials.config.overlays
    reasons = {"reexport-hub", "overlay-needed", *(("star-import",) if settings.star_imports else ())}
    rules: dict[str, BuildRule] = {}
    for path, summary in materials.summaries.items():
        has_reason = summary.parse_ok and not reasons.isdisjoint(summary.tags)
        # A stub that the project has already says more than one that we derive.
        if not has_reason or summary.module is None or summary.is_stub or f"{path}i" in materials.wanted:
            continue
        top, *rest = summary.module.split(".")
        if summary.is_package or rest:
            # It always says the same, so any constant stands for its inputs.
            rules.setdefault(f"overlays/{top}-stubs/py.typed", BuildRule("1", lambda: TYPED_MARKER))
            rest = [*rest, "__init__"] if summary.is_package else rest
            name = "/".join(("overlays", f"{top}-stubs", *rest))
        else:
            name = f"overlays/{top}"
        # The first in path order where two roots have a module of one name; the other is one nobody can import.
        rules.setdefault(f"{name}.pyi", _stub(materials, path, summary))
    return rules


def _stub(materials: Materials, path: str, summary: FileSummary) -> BuildRule:
    def make() -> bytes | None:
        return materials.tools.overlay(decode_packed(materials.load(path)), materials.tools.source(path, summary))

    return BuildRule(digest(f"{materials.version}\0{materials.wanted[path]}".encode()), make)
