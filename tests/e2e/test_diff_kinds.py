"""`diff` by kinds of change: what breaks those who use a class or function, and what breaks nobody.

Every case is a module (or files) of one repository, so that all of them cost two builds.
"""

import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from codeintel_enrich.commands.diff import ApiChange, ApiDiff, diff
from codeintel_enrich.engine.state.places import Options
from tests.support.gitrepo import GitRepository

Files = str | Mapping[str, str]
HEAD = """
from __future__ import annotations
import abc, attr, attrs, enum, functools, sys, typing as t
from collections import namedtuple
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import InitVar, KW_ONLY, dataclass, field
from typing import Any, ClassVar, Generic, Literal, NamedTuple, Optional, TypedDict, TypeVar, Union, overload
"""

BREAKING: dict[str, tuple[Files, Files, str, str]] = {
    # before, after, the name that is told, part of the reason
    "method_gone": ("class C:\n  def f(self): ...\n  def g(self): ...", "class C:\n  def f(self): ...", "C.g", "gone"),
    "property_gone": ("class C:\n  @property\n  def p(self): ...", "class C: ...", "C.p", "gone"),
    "attribute_gone": ("class C:\n  x = 1", "class C: ...", "C.x", "gone"),
    "instance_attribute_gone": (
        "class C:\n  def __init__(self):\n    self.a = 1\n    self.b: int = 2",
        "class C:\n  def __init__(self):\n    self.a = 1",
        "C.b",
        "gone",
    ),
    "nested_class_gone": ("class C:\n  class D: ...", "class C: ...", "C.D", "gone"),
    "nested_member_gone": ("class C:\n  class D:\n    x = 1", "class C:\n  class D: ...", "C.D.x", "gone"),
    "enum_member_gone": ("class E(enum.Enum):\n  A = 1\n  B = 2", "class E(enum.Enum):\n  A = 1", "E.B", "gone"),
    "enum_value_gone": ("class E(enum.Enum):\n  A = 'a'", "class E(enum.Enum):\n  A = 'b'", "E.A", "'a'"),
    "enum_member_of_tuple_gone": ("class E(enum.Enum):\n  A, B = 1, 2", "class E(enum.Enum):\n  A = 1", "E.B", "gone"),
    "enum_by_call": ("E = enum.Enum('E', 'A B')", "E = enum.Enum('E', ['A'])", "E.B", "gone"),
    "typed_dict_by_call": ("D = TypedDict('D', {'a': int, 'b': int})", "D = TypedDict('D', {'a': int})", "D.b", "gone"),
    "beside_a_star_of_the_library": ("from typing import *\nX = 1", "from typing import *", "X", "gone"),
    "iteration_gone": ("class C:\n  def __iter__(self): ...", "class C: ...", "C.__iter__", "gone"),
    "dataclass_field_required": (
        "@dataclass\nclass C:\n  a: int\n  b: int = 1",
        "@dataclass\nclass C:\n  a: int\n  z: int\n  b: int = 1",
        "C",
        "parameter z is new and has no default",
    ),
    "dataclass_field_gone": (
        "@dataclass\nclass C:\n  a: int\n  b: int = 1",
        "@dataclass\nclass C:\n  a: int",
        "C",
        "parameter b is gone",
    ),
    "dataclass_default_gone": (
        "@dataclass\nclass C:\n  a: list = field(default_factory=list)",
        "@dataclass\nclass C:\n  a: list",
        "C",
        "default",
    ),
    "dataclass_keywords_only": (
        "@dataclass\nclass C:\n  a: int",
        "@dataclass(kw_only=True)\nclass C:\n  a: int",
        "C",
        "by keyword only",
    ),
    "dataclass_keywords_only_from_here": (
        "@dataclass\nclass C:\n  a: int\n  b: int",
        "@dataclass\nclass C:\n  a: int\n  _: KW_ONLY\n  b: int",
        "C",
        "keyword",
    ),
    "dataclass_not_in_constructor": (
        "@dataclass\nclass C:\n  a: int = 0",
        "@dataclass\nclass C:\n  a: int = field(default=0, init=False)",
        "C",
        "a is gone",
    ),
    "dataclass_init_variable": (
        "@dataclass\nclass C:\n  a: int",
        "@dataclass\nclass C:\n  a: int\n  b: InitVar[int]",
        "C",
        "parameter b is new",
    ),
    "dataclass_inherited_field": (
        "@dataclass\nclass _B:\n  a: int\n@dataclass\nclass C(_B):\n  b: int = 1",
        "@dataclass\nclass _B:\n  a: int\n  z: int\n@dataclass\nclass C(_B):\n  b: int = 1",
        "C",
        "parameter z is new",
    ),
    "dataclass_frozen": (
        "@dataclass\nclass C:\n  a: int",
        "@dataclass(frozen=True)\nclass C:\n  a: int",
        "C",
        "assigned",
    ),
    "dataclass_order_gone": (
        "@dataclass(order=True)\nclass C:\n  a: int",
        "@dataclass\nclass C:\n  a: int",
        "C.__lt__",
        "gone",
    ),
    "attrs_field_required": (
        "@attrs.define\nclass C:\n  a: int",
        "@attrs.define\nclass C:\n  a: int\n  _b: int",
        "C",
        "parameter b is new",
    ),
    "attrs_old_style": (
        "@attr.s\nclass C:\n  a = attr.ib()\n  b = attr.ib(default=1)",
        "@attr.s\nclass C:\n  a = attr.ib()",
        "C",
        "b is gone",
    ),
    "named_tuple_field": (
        "class C(NamedTuple):\n  a: int\n  b: int",
        "class C(t.NamedTuple):\n  b: int\n  a: int",
        "C",
        "another order",
    ),
    "named_tuple_by_call": ("C = namedtuple('C', 'a b')", "C = namedtuple('C', ['a'])", "C", "parameter b is gone"),
    "typed_dict_key": (
        "class C(TypedDict):\n  a: int",
        "class C(TypedDict):\n  a: int\n  b: int",
        "C",
        "parameter b is new",
    ),
    "typed_dict_key_gone": (
        "class C(TypedDict, total=False):\n  a: int\n  b: int",
        "class C(TypedDict, total=False):\n  a: int",
        "C.b",
        "gone",
    ),
    "becomes_async": ("class C:\n  def f(self): ...", "class C:\n  async def f(self): ...", "C.f", "coroutine"),
    "becomes_plain": ("async def f(): ...", "def f() -> int: ...", "f", "gave a coroutine"),
    "becomes_generator": ("def f() -> list: return [1]", "def f() -> Iterator[int]:\n  yield 1", "f", "generator"),
    "becomes_manager": ("def f(): yield 1", "@contextmanager\ndef f(): yield 1", "f", "context manager"),
    "property_to_method": (
        "class C:\n  @property\n  def x(self): ...",
        "class C:\n  def x(self): ...",
        "C.x",
        "a method",
    ),
    "cached_property_to_method": (
        "class C:\n  @functools.cached_property\n  def x(self): ...",
        "class C:\n  def x(self): ...",
        "C.x",
        "a method",
    ),
    "method_to_property": (
        "class C:\n  def x(self): ...",
        "class C:\n  @property\n  def x(self): ...",
        "C.x",
        "a property",
    ),
    "attribute_to_method": ("class C:\n  x = 1", "class C:\n  def x(self): ...", "C.x", "a method"),
    "attribute_to_read_only": (
        "class C:\n  def __init__(self):\n    self.x = 1",
        "class C:\n  @property\n  def x(self): ...",
        "C.x",
        "assigned",
    ),
    "setter_gone": (
        "class C:\n  @property\n  def x(self): ...\n  @x.setter\n  def x(self, v): ...",
        "class C:\n  @property\n  def x(self): ...",
        "C.x",
        "assigned",
    ),
    "class_to_function": ("class C: ...", "def C(): ...", "C", "a function"),
    "function_to_value": ("def f(): ...", "f = 3", "f", "a value"),
    "static_to_instance": (
        "class C:\n  @staticmethod\n  def f(a): ...",
        "class C:\n  def f(self, a): ...",
        "C.f",
        "static",
    ),
    "class_method_loses_parameter": (
        "class C:\n  @classmethod\n  def f(cls, a): ...",
        "class C:\n  @classmethod\n  def f(cls): ...",
        "C.f",
        "a is gone",
    ),
    "base_gone": ("class B: ...\nclass C(B): ...", "class B: ...\nclass C: ...", "C", "base B is gone"),
    "base_gone_with_members": (
        "class B:\n  def f(self): ...\nclass C(B): ...",
        "class B:\n  def f(self): ...\nclass C: ...",
        "C.f",
        "gone",
    ),
    "exception_base_gone": ("class E(ValueError): ...", "class E(Exception): ...", "E", "base ValueError is gone"),
    "exception_base_further_up_gone": (
        "class E(KeyError): ...",
        "class E(ValueError): ...",
        "E",
        "base LookupError is gone",
    ),
    "constructor": (
        "class C:\n  def __init__(self, a): ...",
        "class C:\n  def __init__(self, a, b): ...",
        "C",
        "b is new",
    ),
    "constructor_gone": ("class C:\n  def __init__(self, a=1): ...", "class C: ...", "C", "parameter a is gone"),
    "constructor_new": ("class C:\n  def __new__(cls, a): ...", "class C:\n  def __new__(cls): ...", "C", "a is gone"),
    "constructor_of_private_base": (
        "class _B:\n  def __init__(self, a): ...\nclass C(_B): ...",
        "class _B:\n  def __init__(self): ...\nclass C(_B): ...",
        "C",
        "parameter a is gone",
    ),
    "call": (
        "class C:\n  def __call__(self, a): ...",
        "class C:\n  def __call__(self): ...",
        "C.__call__",
        "a is gone",
    ),
    "abstract_class": (
        "class C(abc.ABC):\n  x: int",
        "class C(abc.ABC):\n  @property\n  @abc.abstractmethod\n  def x(self): ...",
        "C",
        "no instance can be made",
    ),
    "listed_and_bound_no_more": (
        "__all__ = ['f', 'g']\ndef f(): ...\ndef g(): ...",
        "__all__ = ['f', 'g']\ndef f(): ...",
        "g",
        "leads nowhere",
    ),
    "special_shim_gone": (
        "def __getattr__(name):\n  if name == '__version__': return load()\n  raise AttributeError(name)",
        "",
        "__version__",
        "gone",
    ),
    "abstract_added": (
        "class C(abc.ABC):\n  @abc.abstractmethod\n  def f(self): ...",
        "class C(abc.ABC):\n  @abc.abstractmethod\n  def f(self): ...\n  @abc.abstractmethod\n  def g(self): ...",
        "C.g",
        "subclasses must define",
    ),
    "overload_gone": (
        "@overload\ndef f(a: int) -> int: ...\n@overload\ndef f(a: str) -> str: ...\ndef f(a): ...",
        "@overload\ndef f(a: int) -> int: ...\n@overload\ndef f(a: None) -> str: ...\ndef f(a): ...",
        "f",
        "no overload takes",
    ),
    "moved_class_lost_a_method": (
        {"m.py": "class C:\n  def f(self): ...\n  def g(self): ...", "n.py": ""},
        {"m.py": "from .n import C", "n.py": "class C:\n  def f(self): ..."},
        "m.C.g",
        "gone",
    ),
    "all_takes_it_from_a_star": (
        {"m.py": "__all__ = ['f']\ndef f(): ...\ndef g(): ..."},
        {"m.py": "__all__ = ['g']\ndef g(): ..."},
        "m.f",
        "gone",
    ),
    "shim_gone": (
        "def __getattr__(name):\n  if name == 'old': return load()\n  raise AttributeError(name)",
        "def new(): ...",
        "old",
        "gone",
    ),
    "gone_beside_another_shim": (
        "def f(): ...",
        "def __getattr__(name):\n  if name == 'old': return load()\n  raise AttributeError(name)",
        "f",
        "gone",
    ),
    "under_type_checking_only": (
        {"m.py": "def f(): ...", "n.py": ""},
        {"m.py": "if t.TYPE_CHECKING:\n  from .n import f", "n.py": "def f(): ..."},
        "m.f",
        "gone",
    ),
    "renamed": ("def f(a): ...", "def f(b): ...", "f", "parameter a is gone, b stands in its place"),
    "reordered": ("def f(a, b): ...", "def f(b, a): ...", "f", "another order: a, b"),
    "in_between": ("def f(a, b=1): ...", "def f(a, z=0, b=1): ...", "f", "another order: b"),
    "by_position_only": ("def f(a): ...", "def f(a, /): ...", "f", "by position only"),
    "by_keyword_only": ("def f(a, b=1): ...", "def f(a, *, b=1): ...", "f", "by keyword only"),
    "swallowed_by_rest": ("def f(a): ...", "def f(*a): ...", "f", "by position only"),
    "rest_gone": ("def f(*a): ...", "def f(): ...", "f", "positional arguments"),
    "keywords_gone": ("def f(**a): ...", "def f(): ...", "f", "keyword arguments"),
    "two_reasons": ("def f(a, b): ...", "def f(a, c, d): ...", "f", "parameter d is new"),
    "position_and_missing": ("def f(a): ...", "def f(x, **kw): ...", "f", "a is gone, x stands"),
}

QUIET: dict[str, tuple[Files, Files]] = {
    "reexport_left": ({"m.py": "def f(a): ...", "n.py": ""}, {"m.py": "from .n import f", "n.py": "def f(a): ..."}),
    "reexport_by_star": ({"m.py": "def f(a): ...", "n.py": ""}, {"m.py": "from .n import *", "n.py": "def f(a): ..."}),
    "reexport_by_alias": (
        {"m.py": "def f(a): ...", "n.py": ""},
        {"m.py": "from .n import g as f", "n.py": "def g(a): ..."},
    ),
    "reexport_by_assignment": (
        {"m.py": "def f(a): ...", "n.py": ""},
        {"m.py": "from . import n\nf = n.g", "n.py": "def g(a): ..."},
    ),
    "shim": (
        {"m.py": "def f(a): ...", "n.py": ""},
        {
            "m.py": "def __getattr__(name):\n  if name == 'f':\n    from .n import f\n    return f",
            "n.py": "def f(a): ...",
        },
    ),
    "shim_with_table": (
        "def f(a): ...\nclass G: ...",
        "_OLD = {'f': 'new', 'G': 'newer'}\ndef __getattr__(name):\n  if name in _OLD: return load(_OLD[name])\n"
        "  raise AttributeError(name)",
    ),
    "shim_for_anything": ("def f(a): ...", "def __getattr__(name): return getattr(load(), name)"),
    "deprecated": ("def f(a): ...", "from warnings import deprecated\n@deprecated('no')\ndef f(a): ..."),
    "star_arguments": ("def f(a, b=1): ...", "def f(*args, **kw): ..."),
    "star_arguments_made_plain": ("def f(*args, **kw): ...", "def f(a, b=1): ..."),
    "wider": ("def f(a, /, *, b): ...", "def f(a=1, b=2, *rest, c=3, **more): ..."),
    "positional_only_renamed": ("def f(a, /): ...", "def f(b, /): ..."),
    "old_positional_only_renamed": ("def f(__a): ...", "def f(__b): ..."),
    "own_parameter": ("def f(a, _b=1): ...", "def f(a): ..."),
    "type_parameters": (
        "class C: ...\nclass D(C): ...",
        "T = TypeVar('T')\nclass C(Generic[T]): ...\nclass D(C[int]): ...",
    ),
    "type_parameters_gone": ("T = TypeVar('T')\nclass C(Generic[T]): ...", "class C: ..."),
    "type_variables": (
        "T = TypeVar('T')\nP = t.ParamSpec('P')\ndef f(a: T) -> T: ...",
        "S = TypeVar('S')\ndef f(a: S) -> S: ...",
    ),
    "getter_and_setter": (
        "class C:\n  @property\n  def x(self): ...\n  @x.setter\n  def x(self, v): ...",
        "class C:\n  @property\n  def x(s): ...\n  @x.deleter\n  def x(s): ...\n  @x.setter\n  def x(self, w): ...",
    ),
    "setter_added": (
        "class C:\n  @property\n  def x(self): ...",
        "class C:\n  @property\n  def x(self): ...\n  @x.setter\n  def x(self, value): ...",
    ),
    "property_by_call": (
        "class C:\n  @property\n  def x(self): ...",
        "class C:\n  def _x(self): ...\n  x = property(_x)",
    ),
    "annotations": (
        "def f(a: Optional[int], b: Union[int, str], c: t.List, d: t.Callable[[int], str]) -> t.Iterable[t.Dict]: ...",
        "def f(a: 'int | None', b: str | int, c: list, d: Callable[[int], str]) -> 'Iterable[dict]': ...",
    ),
    "defaults": (
        "def f(a='x', b=1000, c=60 * 60, d={}, e=(1, 2), g=-1): ...",
        'def f(a="x", b=1_000, c=3600, d=dict(), e=(1,2,), g= -1): ...',
    ),
    "private": ("class C:\n  def _f(self): ...\n  _x = 1\ndef _g(): ...", "class C: ..."),
    "private_by_all": ("__all__ = ['f']\ndef f(): ...\ndef g(): ...", "__all__ = ['f']\ndef f(): ..."),
    "pulled_up": ("class B: ...\nclass C(B):\n  def f(self): ...", "class B:\n  def f(self): ...\nclass C(B): ..."),
    "to_a_mixin": (
        "class C:\n  def f(self): ...\n  x = 1",
        "class _Mixin:\n  def f(self): ...\n  x = 1\nclass C(_Mixin): ...",
    ),
    "base_between": ("class B: ...\nclass C(B): ...", "class B: ...\nclass M(B): ...\nclass C(M): ..."),
    "base_moved": (
        {"m.py": "class B: ...\nclass C(B): ...", "n.py": ""},
        {"m.py": "from .n import B\nclass C(B): ...", "n.py": "class B: ..."},
    ),
    "private_base_gone": ("class _B:\n  def f(self): ...\nclass C(_B): ...", "class C:\n  def f(self): ..."),
    "same_error_by_its_other_name": ("class E(IOError): ...", "class E(OSError): ..."),
    "narrower_error": ("class E(Exception): ...", "class E(ValueError): ..."),
    "versions": (
        "class C:\n  if sys.version_info >= (3, 99):\n    def f(self, a): ...\n  else:\n    def f(self): ...",
        "class C:\n  x = 1\n  if sys.version_info >= (3, 98):\n    def f(self, a): ...\n  else:\n    def f(self): ...",
    ),
    "versions_of_functions": (
        "if sys.platform == 'mars':\n  def f(a): ...\nelse:\n  def f(b): ...",
        "if sys.platform == 'moon':\n  def f(b): ...\nelse:\n  def f(a): ...",
    ),
    "awaitable": ("def f() -> Awaitable[int]: ...", "async def f() -> int: ..."),
    "iterator": ("def f() -> Iterator[int]: return iter([1])", "def f() -> t.Iterator[int]:\n  yield 1"),
    "iterator_returned": ("def f():\n  yield 1", "def f(): return _g()\ndef _g(): yield 1"),
    "inner_generator": ("def f(): return 1", "def f():\n  def g(): yield 1\n  return list(g())"),
    "dataclass_written_out": (
        "class C:\n  def __init__(self, a: int, b: int = 1):\n    self.a = a\n    self.b = b",
        "@dataclass\nclass C:\n  a: int\n  b: int = 1",
    ),
    "dataclass_class_variable": (
        "@dataclass\nclass C:\n  a: int",
        "@dataclass\nclass C:\n  a: int\n  b: ClassVar[int] = 1",
    ),
    "dataclass_default_factory": (
        "@dataclass\nclass C:\n  a: list | None = None",
        "@dataclass\nclass C:\n  a: list = field(default_factory=list)",
    ),
    "dataclass_pulled_up": (
        "@dataclass\nclass C:\n  a: int\n  b: int",
        "@dataclass\nclass _B:\n  a: int\n@dataclass\nclass C(_B):\n  b: int",
    ),
    "enum_by_call_now": ("class E(enum.Enum):\n  A = 1", "E = enum.Enum('E', 'A')"),
    "set_by_name": (
        "class C:\n  def __init__(self, a):\n    self.a = a",
        "class C:\n  def __init__(self, a):\n    object.__setattr__(self, 'a', a)",
    ),
    "set_beside_the_class": ("class C:\n  x = 1", "class C: ...\nC.x = 1"),
    "constructor_by_a_decorator": (
        "class C:\n  def __init__(self, a):\n    self.a = a",
        "from other import made\n@made\nclass C:\n  a: int",
    ),
    "fast_version": ("def f(a): ...", "try:\n  from _fast import f\nexcept ImportError:\n  def f(a): ..."),
    "narrower_override_gone": (
        "class A:\n  def f(self, a): ...\nclass B(A):\n  def f(self, a): ...",
        "class A:\n  def f(self, a): ...\nclass B(A): ...",
    ),
    "named_tuple_written_out": ("C = namedtuple('C', 'a b')", "class C(NamedTuple):\n  a: int\n  b: int"),
    "property_to_attribute": (
        "class C:\n  @property\n  def x(self): ...",
        "class C:\n  def __init__(self):\n    self.x = 1",
    ),
    "method_to_alias": ("class C:\n  def f(self): ...\n  def g(self): ...", "class C:\n  def f(self): ...\n  g = f"),
    "function_to_partial": ("def f(): ...", "f = functools.partial(print, 1)"),
    "function_to_class": ("def C(a): ...", "class C:\n  def __init__(self, a): ..."),
    "given_by_getattr": ("class C:\n  def f(self): ...", "class C:\n  def __getattr__(self, name): ..."),
    "inherited_from_a_builtin": ("class C(dict):\n  def keys(self): ...", "class C(dict): ..."),
    "base_out_of_sight": ("import other\nclass C(other.B):\n  def f(self): ...", "import other\nclass C(other.B): ..."),
    "own_representation": ("class C:\n  def __repr__(self): ...\n  def __eq__(self, o): ...", "class C: ..."),
    "enum_member_added": ("class E(enum.Enum):\n  A = 1", "class E(enum.Enum):\n  A = 1\n  B = 2"),
    "enum_member_renamed_value": ("class E(enum.Enum):\n  A = 1\n  B = 1", "class E(enum.Enum):\n  A = 1\n  B = A"),
    "overload_merged": (
        "@overload\ndef f(a: int) -> int: ...\n@overload\ndef f(a: str) -> str: ...\ndef f(a): ...",
        "@overload\ndef f(a: int | str) -> int: ...\n@overload\ndef f(a: None) -> str: ...\ndef f(a): ...",
    ),
    "overloads_added": (
        "def f(a): ...",
        "@overload\ndef f(a: int) -> int: ...\n@overload\ndef f(a: str) -> str: ...\ndef f(a): ...",
    ),
    "narrower_annotation": ("def f(a: int | str) -> int: ...", "def f(a: int) -> int | None: ..."),
    "abstract_made_real": (
        "class C(abc.ABC):\n  @abc.abstractmethod\n  def f(self): ...",
        "class C(abc.ABC):\n  def f(self): ...",
    ),
    "made_final": ("class C: ...", "@t.final\nclass C: ..."),
    "instance_to_class_method": ("class C:\n  def f(self, a): ...", "class C:\n  @classmethod\n  def f(cls, a): ..."),
    "module_to_package": (
        {"m.py": "def f(): ..."},
        {"m/__init__.py": "from .impl import f", "m/impl.py": "def f(): ..."},
    ),
    "listed_and_never_bound": ("__all__ = ['f', 'g']\ndef f(): ...", "__all__ = ['f']\ndef f(): ..."),
    "command": ("import click\n@click.command()\ndef f(a): ...", "import click\n@click.command()\ndef f(b): ..."),
    "base_by_its_own_word": (
        "class B: ...\nclass C(B): ...",
        "class _M(type):\n  def __subclasscheck__(cls, other): ...\nclass C: ...\nclass B(C, metaclass=_M): ...",
    ),
    "declared_and_then_abstract": (
        "class B(abc.ABC):\n  @abc.abstractmethod\n  def f(s): ...\n  x: int",
        "class B(abc.ABC):\n  @abc.abstractmethod\n  def f(s): ...\n  @property\n  @abc.abstractmethod\n  def x(): ...",
    ),
    "abstract_without_abc": ("class C:\n  def f(self): ...", "class C:\n  @abc.abstractmethod\n  def f(self): ..."),
    "migration": ({"0001_first.py": "class Migration:\n  x = 1"}, {"0001_first.py": "class Migration: ..."}),
    "generated": ({"m.py": "from ._made import x"}, {"m.py": "from ._made import x\ny = 1"}),
    "tests": ({"tests/test_m.py": "def test_f(): ..."}, {"tests/test_m.py": ""}),
}


def written(case: str, files: Files) -> dict[str, str]:
    texts = {"__init__.py": files} if isinstance(files, str) else {"__init__.py": "", **files}
    return {f"cases/{case}/{path}": HEAD + textwrap.dedent(text) + "\n" for path, text in texts.items()}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> ApiDiff:
    before: dict[str, str] = {"cases/__init__.py": ""}
    after = dict(before)
    for case, (old, new, *_) in {**BREAKING, **QUIET}.items():
        before |= written(case, old)
        after |= written(case, new)
    repository = GitRepository(tmp_path_factory.mktemp("kinds"), before)
    repository.git("rm", "-rq", "cases")
    for path, text in after.items():
        repository.write(path, text)
    repository.commit("every kind of change")
    return diff(Options(root=Path(repository.root), jobs=1), "HEAD~1..HEAD")


def of_case(changes: tuple[ApiChange, ...], case: str) -> dict[str, str]:
    prefix = f"cases.{case}."
    return {change.name.removeprefix(prefix): change.why for change in changes if change.name.startswith(prefix)}


@pytest.mark.parametrize("case", BREAKING)
def test_what_breaks_is_told_with_its_name_and_reason(told: ApiDiff, case: str) -> None:
    *_, name, why = BREAKING[case]
    found = of_case(told.breaking, case)
    assert why in found.get(name, ""), found


@pytest.mark.parametrize("case", QUIET)
def test_what_breaks_nobody_is_not_told_as_breaking(told: ApiDiff, case: str) -> None:
    assert of_case(told.breaking, case) == {}


def test_all_reasons_are_told(told: ApiDiff) -> None:
    assert of_case(told.breaking, "two_reasons")["f"].split("; ") == [
        "parameter b is gone, c stands in its place",
        "parameter d is new and has no default",
    ]


@pytest.mark.parametrize("case", ["annotations", "defaults", "type_variables", "private", "versions_of_functions"])
def test_another_spelling_is_no_change(told: ApiDiff, case: str) -> None:
    assert of_case((*told.signatures, *told.removed), case) == {}
