"""What Python itself names: builtins, a module's implicit globals, and the mangling of private names.

The lists are written down, not asked of the running interpreter: rows must not depend on which Python made them.
"""

import unicodedata

# fmt: off
BUILTIN_CLASSES = frozenset({
    "ArithmeticError", "AssertionError", "AttributeError", "BaseException", "BaseExceptionGroup", "BlockingIOError",
    "BrokenPipeError", "BufferError", "BytesWarning", "ChildProcessError", "ConnectionAbortedError",
    "ConnectionError", "ConnectionRefusedError", "ConnectionResetError", "DeprecationWarning", "EOFError",
    "EncodingWarning", "EnvironmentError", "Exception", "ExceptionGroup", "FileExistsError", "FileNotFoundError",
    "FloatingPointError", "FutureWarning", "GeneratorExit", "IOError", "ImportError", "ImportWarning",
    "IndentationError", "IndexError", "InterruptedError", "IsADirectoryError", "KeyError", "KeyboardInterrupt",
    "LookupError", "MemoryError", "ModuleNotFoundError", "NameError", "NotADirectoryError", "NotImplementedError",
    "OSError", "OverflowError", "PendingDeprecationWarning", "PermissionError", "ProcessLookupError",
    "PythonFinalizationError", "RecursionError", "ReferenceError", "ResourceWarning", "RuntimeError",
    "RuntimeWarning", "StopAsyncIteration", "StopIteration", "SyntaxError", "SyntaxWarning", "SystemError",
    "SystemExit", "TabError", "TimeoutError", "TypeError", "UnboundLocalError", "UnicodeDecodeError",
    "UnicodeEncodeError", "UnicodeError", "UnicodeTranslateError", "UnicodeWarning", "UserWarning", "ValueError",
    "Warning", "WindowsError", "ZeroDivisionError", "bool", "bytearray", "bytes", "classmethod", "complex", "dict",
    "enumerate", "filter", "float", "frozenset", "int", "list", "map", "memoryview", "object", "property", "range",
    "reversed", "set", "slice", "staticmethod", "str", "super", "tuple", "type", "zip",
})

BUILTINS = BUILTIN_CLASSES | frozenset({
    "Ellipsis", "NotImplemented", "__build_class__", "__debug__", "__import__", "abs",
    "aiter", "all", "anext", "any", "ascii", "bin", "breakpoint", "callable", "chr", "compile", "copyright",
    "credits", "delattr", "dir", "divmod", "eval", "exec", "exit", "format", "getattr", "globals", "hasattr",
    "hash", "help", "hex", "id", "input", "isinstance", "issubclass", "iter", "len", "license", "locals", "max",
    "min", "next", "oct", "open", "ord", "pow", "print", "quit", "repr", "round", "setattr", "sorted", "sum",
    "vars",
})
"""What `builtins` holds in any supported Python, `site`'s additions included."""

MODULE_NAMES = frozenset({
    "__annotations__", "__builtins__", "__cached__", "__dict__", "__doc__", "__file__", "__loader__", "__name__",
    "__package__", "__path__", "__spec__",
})
"""Globals that the import system sets before a module runs."""

OBJECT_MEMBERS = frozenset({
    "__class__", "__delattr__", "__dict__", "__dir__", "__doc__", "__eq__", "__format__", "__ge__",
    "__getattribute__", "__getstate__", "__gt__", "__hash__", "__init__", "__init_subclass__", "__le__", "__lt__",
    "__module__", "__ne__", "__new__", "__reduce__", "__reduce_ex__", "__repr__", "__setattr__", "__sizeof__",
    "__str__", "__subclasshook__",
})
"""What every class has from `object`."""
# fmt: on


def normalised(identifier: str) -> str:
    """The identifier as Python stores it: NFKC, by the language reference, section "Identifiers and keywords"."""
    return identifier if identifier.isascii() else unicodedata.normalize("NFKC", identifier)


def mangled(name: str, class_name: str | None) -> str:
    """The key under which `name` is looked up inside the class `class_name` (CPython's `_Py_Mangle`).

    Language reference, section "Private name mangling". The class's leading underscores go first, so that `_C` and `C`
    mangle alike; a class of underscores alone mangles nothing.
    """
    if class_name is None or not name.startswith("__") or name.endswith("__"):
        return name
    stripped = class_name.lstrip("_")
    return f"_{stripped}{name}" if stripped else name


def qualified(prefix: str, name: str) -> str:
    """A dotted name below a prefix that may be empty."""
    return f"{prefix}.{name}" if prefix else name
