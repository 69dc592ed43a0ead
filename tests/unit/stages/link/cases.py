"""Reads `cases.txt`: small packages, each about one rule of Python's imports; the interpreter says what is true.

`==== name` opens a case and `---- path` a file of it; the files stand in a package named after the case, for which
`PKG` stands.
"""

from pathlib import Path


def read_cases() -> dict[str, dict[str, str]]:
    """Case -> path -> source."""
    cases: dict[str, dict[str, str]] = {}
    case = path = ""
    for line in (Path(__file__).parent / "cases.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("==== "):
            case = line[5:]
            assert case not in cases, case
            cases[case] = {}
        elif line.startswith("---- "):
            path = f"{case}/{line[5:]}"
            cases[case][path] = ""
        elif case and path:
            cases[case][path] += line.replace("PKG", case) + "\n"
    return cases


CASES = read_cases()
