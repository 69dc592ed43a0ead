"""CODEOWNERS: the last line that matches decides, as code hosts have it."""

import pytest

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats.codeowners import read_codeowners

TEXT = b"""\xef\xbb\xbf# Everything, unless a later line says otherwise.
*            @org/all
/src/core/   @ann bob@example.org  # the heart
*.pyi        @types
/src/core/free.py
docs/**/x.py @docs
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("setup.py", ("@org/all",)),
        ("src/core/deep/a.py", ("@ann", "bob@example.org")),
        ("lib/src/core/a.py", ("@org/all",)),
        ("src/core/a.pyi", ("@types",)),
        ("src/core/free.py", ()),
        ("docs/a/b/x.py", ("@docs",)),
    ],
)
def test_the_last_line_that_matches_names_the_owners(path: str, owners: tuple[str, ...]) -> None:
    assert read_codeowners(TEXT, "CODEOWNERS")(path) == owners


@pytest.mark.parametrize("data", [b"\xff\xfe", b"/src/[a-  @x\n"])
def test_a_file_that_cannot_be_read_is_named(data: bytes) -> None:
    with pytest.raises(UsageError, match="CODEOWNERS: not a CODEOWNERS file"):
        read_codeowners(data, "CODEOWNERS")
