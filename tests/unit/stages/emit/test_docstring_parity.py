"""A docstring that has a section of parameters documents those that are declared."""

import pytest

from tests.support.packages import package_folder
from tests.support.rows import as_dicts, emitted

RULE = "docstring-parity"


def findings(source: str, path: str = "pkg/a.py") -> list[str]:
    files = emitted({"pkg/__init__.py": "", path: source})
    return [str(row["message"]) for row in as_dicts(files[path], "diagnostics") if row["rule"] == RULE]


GOOGLE = '''
def f({}):
    """Do it.

    Args:
        {}
    """
'''
NUMPY = '''
def f({}):
    """Do it.

    Parameters
    ----------
    {}

    See also
    --------
    nothing
    """
'''
REST = '''
def f({}):
    """Do it.

    :param {}
    """
'''


@pytest.mark.parametrize(
    ("style", "declared", "documented"),
    [
        (GOOGLE, "a, b=1", "a: one\n        b (int): two"),
        (GOOGLE, "*args, **kwargs", "*args: more\n        **kwargs: named"),
        (GOOGLE, "a, /, *, b", "a: one\n\n    Keyword Args:\n        b: two"),
        (NUMPY, "a, b=1", "a : int\n        One.\n    b : int, optional\n        Two."),
        (NUMPY, "a, b", "a, b : int\n        Both."),
        (NUMPY, "a, *args, **kwargs", "a : int\n    *args, **kwargs\n        Passed on."),
        (NUMPY, "a, b", "a : int\n\n    Other Parameters\n    ----------------\n    b : int"),
        (REST, "a, b", "a: one\n    :type a: int\n    :param int b: two"),
        (REST, "a, **kwargs", "a: one\n    :param \\\\*\\\\*kwargs: named"),
        (GOOGLE, "a, _private=None", "a: one"),
        (GOOGLE, "a, **kwargs", "a: one\n        color: goes into kwargs"),
    ],
)
def test_what_agrees_is_no_finding(style: str, declared: str, documented: str) -> None:
    assert findings(style.format(declared, documented)) == []


@pytest.mark.parametrize(
    ("style", "declared", "documented", "said"),
    [
        (GOOGLE, "a, b", "a: one", "does not document `b`"),
        (GOOGLE, "a, *args, **kwargs", "a: one", "does not document `*args`, `**kwargs`"),
        (GOOGLE, "a", "a: one\n        b: two", "documents `b`, which is not declared"),
        (NUMPY, "a, b", "a : int", "does not document `b`"),
        (NUMPY, "source", "sauce : int", "does not document `source` and documents `sauce`, which is not declared"),
        (REST, "a, b", "a: one\n    :returns: c", "does not document `b`"),
    ],
)
def test_what_differs_is_named(style: str, declared: str, documented: str, said: str) -> None:
    assert findings(style.format(declared, documented)) == [f"the docstring of `f` {said}"]


def test_nothing_is_asked_of_docstrings_without_a_section_or_with_one_that_cannot_be_read() -> None:
    assert findings('def f(a):\n    """Do it with Parameters and Args."""\n\n\ndef g(a): ...\n') == []
    assert findings('def f(a):\n    """Do.\n\n    Args:\n        whatever it takes\n    """\n') == []


def test_self_and_cls_are_nobodys_to_document_but_a_static_methods_first_is() -> None:
    doc = '"""Do.\n\n        :param b: it\n        """'
    body = f"    def m(self, b):\n        {doc}\n\n    @classmethod\n    def c(cls, b):\n        {doc}\n"
    assert findings(f"class C:\n{body}") == []
    static = f"    @staticmethod\n    def s(a, b):\n        {doc}\n"
    assert findings(f"class C:\n{static}") == ["the docstring of `C.s` does not document `a`"]


def test_a_class_speaks_of_its_init_unless_that_speaks_itself() -> None:
    head = 'class C:\n    """Does.\n\n    Args:\n        a: one\n\n    Attributes:\n        state: more\n    """\n\n'
    assert findings(f"{head}    def __init__(self, a): ...\n") == []
    assert findings(f"{head}    def __init__(self, a, b): ...\n") == ["the docstring of `C` does not document `b`"]
    own = (
        '    def __init__(self, a, b):\n        """Make.\n\n        :param a: one\n        :param b: two\n        """\n'
    )
    assert findings(head + own) == []
    # A dataclass's, or one that is inherited: nobody can tell from here.
    assert findings(f"{head}    a: int\n") == []


def test_properties_and_overloads_are_left_out_and_any_overloads_names_may_be_documented() -> None:
    doc = '"""Do.\n\n    :param a: one\n    :param b: two\n    """'
    overloads = "from typing import overload\n@overload\ndef f(a): ...\n@overload\ndef f(a, b): ...\n"
    assert findings(f"{overloads}def f(a, *rest):\n    {doc}\n") == []
    assert findings(f"{overloads}def f(a, c=1):\n    {doc}\n") == ["the docstring of `f` does not document `c`"]
    prop = 'class C:\n    @property\n    def p(self):\n        """It.\n\n        :param x: no such thing\n        """\n'
    assert findings(prop) == []


def test_it_is_an_error_in_the_public_api_and_a_warning_elsewhere_at_the_name() -> None:
    wrong = GOOGLE.format("a, b", "a: one")
    files = emitted({"pkg/__init__.py": "", "pkg/open.py": f"__all__ = ['f']\n{wrong}", "pkg/_shut.py": wrong})
    found = {
        path: (row["severity"], row["line"], row["col"], row["end_col"], row["tool"], row["node_id"])
        for path in ("pkg/open.py", "pkg/_shut.py")
        for row in as_dicts(files[path], "diagnostics")
    }
    assert found == {
        "pkg/open.py": ("error", 3, 4, 5, "emit", "pkg/open.py:3:0:FunctionDef:f"),
        "pkg/_shut.py": ("warning", 2, 4, 5, "emit", "pkg/_shut.py:2:0:FunctionDef:f"),
    }


def test_real_mistakes_are_found_in_a_real_package() -> None:
    source = (package_folder("requests") / "utils.py").read_text(encoding="utf-8")
    assert findings(source, "requests/utils.py") == [
        "the docstring of `unquote_header_value` does not document `is_filename`"
    ]
