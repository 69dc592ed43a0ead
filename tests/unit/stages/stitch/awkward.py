"""Sources whose columns are hard to tell, and the index that scip-python 0.6.6 made of them.

scip-python needs node and a package that pip does not know, so its index is recorded: `python -m
tests.unit.stages.stitch.awkward` makes it anew where it is installed.
"""

from pathlib import Path

from codeintel_enrich.engine.inputs.tools import IndexerName, make_index
from codeintel_enrich.formats.scip import open_index

RECORDED = Path(__file__).with_name("awkward-scip-python.scip")

SOURCES = {
    path: text.encode("latin-1" if path == "pkg/latin.py" else "utf-8")
    for path, text in {
        "pkg/__init__.py": "",
        "pkg/bom.py": '\ufeffvalue = "🚀"; other = value\n\n\ndef after(x): return value\n',
        "pkg/astral.py": '"🚀🚀"; first = "𝔘𝔫𝔦"; second = first; "é𝒳", second\n',
        "pkg/combining.py": 'x = "e\u0301e\u0301"; y = x; nom\u0301bre = y; z = nom\u0301bre\n',
        "pkg/crlf.py": '# é\r\ndef función(x):\r\n    """🚀"""\r\n    return x, "e\u0301", función\r\n',
        "pkg/lone.py": '# é\rfirst = "ß"; last = first\r',
        "pkg/feed.py": 'a = 1\n\x0c\nb = a; c = "\u2028"; d = b\n',
        "pkg/ligature.py": "ﬁnal = 1\nother = ﬁnal\n",
        "pkg/latin.py": "# coding: latin-1\nclass Größe:\n    rate = 'ü'; höhe = rate\n\n\ng = 'ü'; h = Größe\n",
        "pkg/uses.py": 'from pkg.latin import Größe; "🚀", Größe\nfrom pkg.crlf import función; "é", función\n',
    }.items()
}


def write(root: Path) -> None:
    """Put the sources below a folder."""
    for path, source in SOURCES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(source)


def make(folder: Path, tool: IndexerName) -> Path:
    """The index that an installed indexer makes of the sources."""
    write(folder / "tree")
    make_index(folder / "tree", sorted(SOURCES), folder / "made.scip", folder / "scratch", tool=tool)
    return folder / "made.scip"


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch, open_index(make(Path(scratch), "scip-python")) as reader:
        # Piece by piece, since only the metadata of the whole names the folder.
        RECORDED.write_bytes(b"".join(piece for _, piece in reader.documents()))
