"""Small projects that hold every kind of dependency between modules."""

EVERYTHING_ON = """\
[tool.codeintel-enrich]
emit-ast = true
slices = {enabled = true}
overlays = {enabled = true}
"""
"""A pyproject.toml with every option on."""

SHOP: dict[str, str] = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n',
    "shop/__init__.py": "from .api import *\nfrom .core import Base\n",
    "shop/core.py": (
        '"""The hub."""\n\nLIMIT = 3\n\n\nclass Base:\n    def key(self) -> str:\n        return "base"\n\n\n'
        "def helper(value: int) -> int:\n    return value + LIMIT\n\n\ndef other():\n    return None\n"
    ),
    "shop/api.py": (
        "from .core import Base, helper as help_me\n\n__all__ = ['help_me', 'Base', 'Api']\n\n\n"
        "class Api(Base):\n    pass\n"
    ),
    "shop/chained.py": "from shop import help_me\n\n\ndef chained():\n    return help_me(1)\n",
    "shop/starred.py": "from shop import *\n\n\ndef starred():\n    return Api().key()\n",
    "shop/limited.py": "from shop.core import LIMIT\n\nDOUBLE = LIMIT * 2\n",
    "shop/left.py": "from . import right\n\nLEFT = 1\n\n\ndef go():\n    return right.RIGHT\n",
    "shop/right.py": "from .left import LEFT\nfrom .core import other\n\nRIGHT = LEFT\n",
    "shop/waiting.py": "try:\n    from .missing import later\nexcept ImportError:\n    later = None\n\nprint(later)\n",
    "shop/lonely.py": "import os\n\n\ndef alone():\n    return os.sep\n",
}
"""A hub, re-exports, stars, a cycle, a failed import, and a module that nobody imports."""
