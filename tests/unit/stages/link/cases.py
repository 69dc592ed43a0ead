"""Small packages, each about one rule of Python's imports; the interpreter says what is true of them.

A case maps paths inside a package, named after the case, to sources; `PKG` stands for that name.
"""

CASES: dict[str, dict[str, str]] = {
    "assignments": {"__init__.py": "a = b = 1\n(c, [d, *e]) = 1, (2, 3)\nf: int = 1\ng: int\nh = []\nh += [1]\n"},
    "walrus": {"__init__.py": "if (a := 1):\n    pass\nx = [(b := i) for i in range(2)]\ny = lambda: (c := 1)\n"},
    "comprehensions": {"__init__.py": "a = [i for i in range(3)]\nb = {k: v for k, v in {}.items()}\nc = list(j for j in a)\n"},
    "loops": {"__init__.py": "for i in range(2):\n    x = i\nelse:\n    y = 1\nwhile True:\n    z = 1\n    break\n"},
    "with_targets": {"__init__.py": "import io\nwith io.StringIO() as a, io.StringIO() as b:\n    c = 1\n"},
    "except_name": {"__init__.py": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    a = 1\nfinally:\n    c = 1\n"},
    "match_captures": {
        "__init__.py": "match [1, 2, 3]:\n    case [a, *rest]:\n        x = 1\nmatch {'k': 1, 'l': 2}:\n    case {'k': v, **others}:\n        pass\n"
    },
    "deletions": {"__init__.py": "a = b = c = 1\ndel a, (b)\n"},
    "delete_after_star": {"m.py": "a = b = 1\n", "__init__.py": "from .m import *\ndel a\n"},
    "global_called": {"__init__.py": "def f():\n    global a, b\n    a = 1\n    b = 2\nf()\n"},
    "global_not_called": {"__init__.py": "def f():\n    global a\n    a = 1\n"},
    "global_import": {"__init__.py": "def f():\n    global json\n    import json\nf()\n"},
    "class_scope": {"__init__.py": "class C:\n    x = 1\n    def m(self): pass\n    class D: pass\n"},
    "version_branches": {
        "__init__.py": "import sys\nif sys.version_info >= (3, 8):\n    def new(): pass\nelif sys.version_info[0] == 2:\n    old2 = 1\nelse:\n    old = 1\nif sys.version_info[:2] < (3, 0):\n    older = 1\n"
    },
    "platform_branches": {
        "__init__.py": "import os, sys\nif sys.platform == 'win32':\n    w = 1\nelse:\n    p = 1\nif sys.platform.startswith('linux') and os.name != 'nt':\n    q = 1\nif sys.platform in ('cygwin', 'win32'):\n    r = 1\n"
    },
    "constant_of_another_module": {
        "compat.py": "import sys\nPY3 = sys.version_info[0] >= 3\nPY2 = not PY3\n",
        "__init__.py": "from .compat import PY3, PY2\nfrom . import compat\nif PY2:\n    a = 1\nelse:\n    b = 1\nif not compat.PY3:\n    c = 1\n",
    },
    "type_checking": {
        "__init__.py": "from typing import TYPE_CHECKING\nimport typing as t\nif TYPE_CHECKING:\n    from .m import A\nelse:\n    A = None\nif t.TYPE_CHECKING:\n    from .m import B\nif not TYPE_CHECKING:\n    C = 1\n",
        "m.py": "class A: pass\nclass B: pass\n",
    },
    "main_guard": {"__init__.py": "if __name__ == '__main__':\n    a = 1\nif __name__ != '__main__':\n    b = 1\n"},
    "import_fails": {
        "__init__.py": "try:\n    from .missing import f\n    has = True\nexcept ImportError:\n    has = False\n    def f(): pass\n"
    },
    "import_succeeds": {
        "__init__.py": "try:\n    from .there import f\nexcept ImportError:\n    def f(): pass\n    extra = 1\n",
        "there.py": "def f(): pass\n",
    },
    "optional_third_party": {
        "__init__.py": "try:\n    import no_such_distribution_x as n\n    from no_such_distribution_x import thing\nexcept ImportError:\n    n = None\n"
    },
    "suppressed_import": {
        "__init__.py": "import contextlib\nwith contextlib.suppress(ImportError):\n    from no_such_distribution_x import thing\nx = 1\n"
    },
    "raising_branch": {
        "__init__.py": "import sys\ntry:\n    a = 1\n    if sys.platform == 'win32':\n        b = 2\n    else:\n        raise ImportError\n    c = 3\nexcept ImportError:\n    d = 4\n"
    },
    "all_literal": {"__init__.py": "__all__ = ['a', '_b']\na = _b = c = 1\n"},
    "all_tuple": {"__init__.py": "__all__ = 'a', 'b'\na = b = c = 1\n"},
    "all_annotated": {"__init__.py": "__all__: list[str] = ['a']\na = b = 1\n"},
    "all_concatenated": {"__init__.py": "__all__ = ['a'] + ['b']\n__all__ += ['c']\na = b = c = d = 1\n"},
    "all_methods": {
        "__init__.py": "__all__ = ['a', 'z']\n__all__.append('b')\n__all__.extend(['c', 'y'])\n__all__.remove('z')\n__all__.insert(0, 'd')\n__all__.extend(('e',))\n__all__.sort()\na = b = c = d = e = y = z = 1\n"
    },
    "all_starred": {"__init__.py": "names = ['b']\n__all__ = ['a', *names]\na = b = c = 1\n"},
    "all_comprehension": {"__init__.py": "__all__ = [n + '_x' for n in ('a', 'b') if n != 'b'] + [f'{n}_y' for n in 'a']\na_x = b_x = a_y = 1\n"},
    "all_sorted": {"__init__.py": "__all__ = sorted({'b', 'a'} | set(('c',)))\na = b = c = d = 1\n"},
    "all_dict_keys": {"__init__.py": "table = {'a': 1, 'b': 2}\n__all__ = list(table)\n__all__ += table.keys()\na = b = c = 1\n"},
    "all_of_names": {"__init__.py": "class A: pass\ndef f(): pass\n__all__ = [A.__name__, f.__name__]\nx = 1\n"},
    "all_of_loop_of_objects": {"__init__.py": "class A: pass\ndef f(): pass\n__all__ = [o.__name__ for o in (A, f)]\nx = 1\n"},
    "all_from_submodules": {
        "__init__.py": "from . import m\nfrom .m import *\nfrom .n import *\nfrom .n import __all__ as n_all\n__all__ = m.__all__ + n_all + ['own']\nown = other = 1\n",
        "m.py": "__all__ = ['a']\na = b = 1\n",
        "n.py": "__all__ = ('c',)\n__all__ = list(__all__)\nc = d = 1\n",
    },
    "all_extended_by_submodule": {
        "__init__.py": "from . import m\nfrom .m import *\n__all__ = ['own']\n__all__ += m.__all__\nown = 1\n",
        "m.py": "__all__ = ['a']\na = b = 1\n",
    },
    "all_imported": {"__init__.py": "from .m import *\nfrom .m import __all__\n", "m.py": "__all__ = ['a']\na = b = 1\n"},
    "all_reassigned": {"__init__.py": "__all__ = ['a']\n__all__ = ['b']\na = b = 1\n"},
    "all_in_branches": {
        "__init__.py": "import sys\nif sys.platform == 'win32':\n    __all__ = ['w']\nelse:\n    __all__ = ['p']\n__all__ += ['q']\nw = p = q = 1\n"
    },
    "all_of_dir": {"__init__.py": "a = _b = 1\n__all__ = [n for n in dir() if not n.startswith('_')]\nlate = 1\n"},
    "all_of_globals": {
        "__init__.py": "import types, os\na = _b = c = 1\nskip = 2\n__all__ = [n for n, o in globals().items() if not (n.startswith('_') or isinstance(o, types.ModuleType)) and n not in {'skip'}]\n"
    },
    "all_by_decorator": {
        "export.py": "import sys\ndef public(thing):\n    module = sys.modules[thing.__module__]\n    if not hasattr(module, '__all__'):\n        module.__all__ = []\n    module.__all__.append(thing.__name__)\n    return thing\n",
        "tools.py": "from .export import public\n",
        "__init__.py": "from .tools import public\n@public\ndef a(): pass\n@public\nclass B: pass\ndef c(): pass\n",
    },
    "all_by_own_decorator": {
        "__init__.py": "__all__ = []\ndef export(f):\n    __all__.append(f.__name__)\n    return f\n@export\ndef a(): pass\ndef b(): pass\n"
    },
    "all_in_loop": {"__init__.py": "__all__ = []\nfor n in ('a', 'b'):\n    globals()[n] = 1\n    __all__.append(n)\nc = 1\n"},
    "names_set_by_string": {"__init__.py": "globals()['a'] = 1\nglobals().update(b=1)\nglobals().update({'c': 1})\nimport sys\nsetattr(sys.modules[__name__], 'd', 1)\n"},
    "star_chain": {
        "__init__.py": "from .a import *\n",
        "a.py": "from .b import *\n",
        "b.py": "from .c import *\nextra = 1\n",
        "c.py": "class C: pass\n_private = 1\n",
    },
    "star_of_private_through_all": {"__init__.py": "from .a import *\n", "a.py": "__all__ = ['_p']\n_p = 1\nq = 1\n"},
    "star_overlap": {
        "__init__.py": "def f(): pass\nfrom .a import *\nfrom .b import *\ndef g(): pass\n",
        "a.py": "def f(): pass\ndef g(): pass\ndef h(): pass\n",
        "b.py": "def h(): pass\n",
    },
    "mutual_stars": {
        "__init__.py": "from .a import *\nfrom .b import *\n",
        "a.py": "def fa(): pass\nfrom .b import *\n",
        "b.py": "def fb(): pass\nfrom .a import *\n",
    },
    "star_names_submodules": {
        "__init__.py": "__all__ = ['sub', 'x']\nx = 1\n",
        "sub.py": "",
        "user.py": "from . import *\n",
    },
    "star_of_package_with_loaded_submodules": {
        "inner/__init__.py": "from .one import f\n",
        "inner/one.py": "from . import two\ndef f(): pass\n",
        "inner/two.py": "",
        "inner/three.py": "",
        "__init__.py": "from .inner import *\n",
    },
    "star_returns_through_cycle": {
        "__init__.py": "from .a import *\nfrom .b import *\n",
        "a.py": "__all__ = ['f']\ndef f(): pass\n",
        "b.py": "from . import f\ndef g(): return f\n",
    },
    "star_inside_package": {
        "__init__.py": "def early(): pass\nfrom . import m\ndef late(): pass\n",
        "m.py": "from . import *\n",
    },
    "reexport_chain": {
        "__init__.py": "from .a import Thing as Public\n",
        "a.py": "from .b import Thing\n",
        "b.py": "from .c import Real as Thing\n",
        "c.py": "class Real: pass\n",
    },
    "alias_assignment": {
        "__init__.py": "from . import impl\nThing = impl.Thing\nmake = Alias = impl.make\ndef local(): pass\nother = local\nboth, two = impl.make, local\n",
        "impl.py": "class Thing: pass\ndef make(): pass\n",
    },
    "alias_conditional": {
        "__init__.py": "import sys\nfrom .impl import f, g\nh = f if sys.version_info >= (3,) else g\n",
        "impl.py": "def f(): pass\ndef g(): pass\n",
    },
    "rebinding": {
        "__init__.py": "from .a import f\nfrom .b import f\nfrom .b import g\ndef g(): pass\n",
        "a.py": "def f(): pass\n",
        "b.py": "def f(): pass\ndef g(): pass\n",
    },
    "fallback_none": {"__init__.py": "f = None\nif len('x'):\n    from .a import f\n", "a.py": "def f(): pass\n"},
    "relative_levels": {
        "__init__.py": "from .x.y import m\n",
        "top.py": "def t(): pass\n",
        "x/__init__.py": "def fx(): pass\n",
        "x/sibling.py": "def s(): pass\n",
        "x/y/__init__.py": "",
        "x/y/m.py": "from ... import top\nfrom ...top import t\nfrom .. import fx, sibling\nfrom ..sibling import s as s2\nfrom . import m as me\n",
    },
    "absolute_dotted": {"__init__.py": "import PKG.a.b\nimport PKG.a.b as ab\n", "a/__init__.py": "", "a/b.py": "def f(): pass\n"},
    "namespace_package": {
        "__init__.py": "from .space import m\nfrom .space.m import f\nimport PKG.space.deep.k as k\n",
        "space/m.py": "def f(): pass\n",
        "space/deep/k.py": "def g(): pass\n",
    },
    "module_beside_package": {"__init__.py": "from .twin import where\n", "twin.py": "def where(): pass\nonly_module = 1\n", "twin/__init__.py": "def where(): pass\n"},
    "attribute_over_submodule": {"__init__.py": "from .f import f\n", "f.py": "def f(): pass\n", "user.py": "from . import f\n"},
    "submodule_loaded_after_name": {"__init__.py": "def f(): pass\nfrom .f import g\n", "f.py": "def g(): pass\n", "user.py": "from . import f\n"},
    "submodule_before_name_is_bound": {
        "__init__.py": "from . import early\nfrom .f import f\nfrom . import late\n",
        "early.py": "from . import f\nseen = f\n",
        "f.py": "def f(): pass\n",
        "late.py": "from . import f\n",
    },
    "submodule_from_itself": {"__init__.py": "from . import sub, sub as other\n", "sub.py": "def f(): pass\n"},
    "name_before_submodule": {"__init__.py": "sub = 1\nfrom . import sub as got\n", "sub.py": ""},
    "lazy_branches": {
        "__init__.py": "def __getattr__(name):\n    if name == 'A':\n        from .impl import A\n        return A\n    if name in ('B', 'C'):\n        from . import impl\n        return getattr(impl, name)\n    raise AttributeError(name)\n",
        "impl.py": "class A: pass\nclass B: pass\nclass C: pass\n",
        "user.py": "from . import A, B\n",
    },
    "lazy_table": {
        "__init__.py": "import importlib\n_table = {'A': '.impl', 'f': '.impl'}\n__all__ = list(_table)\ndef __getattr__(name):\n    if name not in _table:\n        raise AttributeError(name)\n    return getattr(importlib.import_module(_table[name], __name__), name)\n",
        "impl.py": "class A: pass\ndef f(): pass\n",
        "user.py": "from . import *\n",
    },
    "lazy_pairs": {
        "__init__.py": "from importlib import import_module\n_table = {'Renamed': ('impl', 'A')}\ndef __getattr__(name):\n    try:\n        module, attribute = _table[name]\n    except KeyError:\n        raise AttributeError(name)\n    return getattr(import_module('.' + module, __name__), attribute)\n",
        "impl.py": "class A: pass\n",
        "user.py": "from . import Renamed\n",
    },
    "lazy_inverted": {
        "__init__.py": "import importlib\n_modules = {'impl': ['A', 'f']}\n_owner = {n: m for m, names in _modules.items() for n in names}\n__all__ = sorted(_owner)\ndef __getattr__(name):\n    if name in _owner:\n        return getattr(importlib.import_module(f'{__name__}.{_owner[name]}'), name)\n    raise AttributeError(name)\n",
        "impl.py": "class A: pass\ndef f(): pass\n",
        "user.py": "from . import A, f\n",
    },
    "lazy_submodules": {
        "__init__.py": "import importlib\n_submodules = ['impl']\ndef __getattr__(name):\n    if name in _submodules:\n        return importlib.import_module('.' + name, __name__)\n    raise AttributeError(name)\n",
        "impl.py": "class A: pass\n",
        "user.py": "from . import impl\nA = impl.A\n",
    },
    "future_and_builtins": {"__init__.py": "from __future__ import annotations\nimport builtins\nx = len\n"},
    "conditional_definitions": {"__init__.py": "import os\nif os.environ.get('NO_SUCH_VARIABLE'):\n    def f(): pass\nelse:\n    def f(): pass\nif 1:\n    yes = 1\nif 0:\n    no = 1\n"},
    "unicode_names": {"__init__.py": "ﬁeld = 1\nfrom .m import ﬁne\n", "m.py": "def fine(): pass\n"},
    "decorated_function": {
        "__init__.py": "from .m import f, g\n",
        "m.py": "import functools\ndef deco(f):\n    @functools.wraps(f)\n    def inner(*a): return f(*a)\n    return inner\n@deco\ndef f(): pass\n@functools.lru_cache\ndef g(): pass\n",
    },
}
