"""A package full of stars and of exports that type checkers cannot follow by themselves."""

STARS: dict[str, str] = {
    "pyproject.toml": '[project]\nname = "sky"\nversion = "1"\nrequires-python = ">=3.11"\n',
    "src/sky/__init__.py": (
        '"""The sky."""\nfrom .shapes import *\nfrom .numbers import *\nfrom .lists import *\nfrom . import late\n\n'
        'TITLE = "sky"\n\n\ndef greet(name: str) -> str:\n    return f"{TITLE} {name}"\n'
    ),
    "src/sky/shapes.py": (
        "from dataclasses import dataclass, field\nfrom enum import Enum\nfrom typing import Generic, TypeVar\n\n"
        'T = TypeVar("T")\n\n\nclass _Shape:\n    corners = 0\n\n'
        "    def __init__(self, name: str, size: float = 1.0) -> None:\n"
        "        self.name = name\n        self.size: float = size\n        self.tags = {part for part in name}\n\n"
        '    @property\n    def label(self) -> str:\n        return f"{self.name} {self.size}"\n\n\n'
        "@dataclass\nclass Star(Generic[T]):\n    payload: T\n    rays: int = 5\n"
        "    notes: list[str] = field(default_factory=list)\n\n"
        "    def __post_init__(self) -> None:\n        self.total = self.rays * 2\n\n\n"
        "class Kind(Enum):\n    SMALL = 1\n    LARGE = SMALL + 1\n\n\n"
        '__all__ = [name for name in ("_Shape", "Star", "Kind")]\n'
    ),
    "src/sky/numbers.py": (
        "__all__: list[str] = ['fail']\n\n\n"
        "def export(thing):\n    __all__.append(thing.__name__)\n    return thing\n\n\n"
        "@export\ndef _double(value: int) -> int:\n    return value * 2\n\n\n"
        "@export\nasync def count(limit: int):\n    for number in range(limit):\n        yield number\n\n\n"
        "def fail(reason: str):\n    raise RuntimeError(reason)\n"
    ),
    "src/sky/lists.py": (
        "import os\n\n_first = os.sep\n_second = [part for part in (1, 2, 3)]\n\n"
        "__all__ = [name for name in globals() if name in ('_first', '_second')]\n"
    ),
    "src/sky/late.py": (
        "from importlib import import_module\n\n_TABLE = {'Deep': 'sky.deep', '_hidden': 'sky.deep'}\n\n\n"
        "def __getattr__(name: str):\n    if name in _TABLE:\n"
        "        return getattr(import_module(_TABLE[name]), name)\n"
        "    raise AttributeError(name)\n"
    ),
    "src/sky/deep.py": "class Deep:\n    level: int = 3\n\n\ndef _hidden(x: int) -> str:\n    return str(x)\n",
    "src/sky/inner.py": (
        "from . import Kind, _double, _first, _Shape\nfrom .numbers import fail\n\n\n"
        "def pick(number: int) -> str:\n    if number:\n        result = _Shape('a').label + _first\n"
        "    else:\n        fail('no number')\n    return result + str(_double(number)) + Kind.SMALL.name\n"
    ),
    "src/use.py": (
        "import sky\nfrom sky import Kind, Star, _double, _first, _second, _Shape, count, fail, greet\n"
        "from sky.inner import pick\nfrom sky.late import Deep\n\n\n"
        "async def total() -> int:\n    result = 0\n    async for number in count(3):\n        result += number\n"
        "    return result\n\n\n"
        "star = Star(3, notes=['x'])\nsum_of: int = star.payload + star.total + star.rays\n"
        "shape = _Shape('square', 2.0)\ntext: str = shape.name + shape.label + greet('x') + pick(3) + _first\n"
        "size: float = shape.size + _double(3) + len(_second) + len(shape.tags) + sky._double(4)\n"
        "deep: int = Deep().level\nkind: Kind = Kind.LARGE\n\n\n"
        "def never() -> int:\n    fail('never')\n"
    ),
}
