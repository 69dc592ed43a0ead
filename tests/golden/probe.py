"""Run by an interpreter of its own: imports the modules of cases and says what their names are.

Reads a list of questions (JSON) from standard input, writes a list of answers. Each question is answered in a fork,
so cases share no module. Runs with the standard library alone.
"""

import ast
import builtins
import importlib
import importlib.machinery
import json
import os
import sys
import types
from typing import Any

NAMED = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)
MISSING = object()


def main() -> None:
    questions = json.load(sys.stdin)
    json.dump([in_fork(question) for question in questions], sys.stdout)


def in_fork(question: Any) -> Any:
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        with os.fdopen(write, "w", encoding="utf-8") as answer:
            json.dump(Run(question).answer(), answer)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text)


class Run:
    def __init__(self, question: Any) -> None:
        self.module = question["module"]
        self.entry = question["entry"]
        self.names = question["names"]
        self.marks = question["marks"]
        self.seen: dict[int, list[object]] = {}
        for name in question["files"].values():
            sys.modules.pop(name, None)
        self.own = set(question["files"].values())
        files = {os.path.join(question["folder"], path): path for path in question["files"]}
        marks, seen = self.marks, self.seen

        def note(index: int, value: object) -> object:
            seen.setdefault(index, []).append(value)
            return value

        vars(builtins)["__golden__"] = note

        class Loader(importlib.machinery.SourceFileLoader):
            def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> Any:  # type: ignore[override]
                tree = ast.parse(data, path)
                wanted = {
                    (mark["line"], ast.unparse(ast.parse(mark["text"]))): index
                    for index, mark in enumerate(marks)
                    if files.get(path) == mark["path"]
                }
                tree = ast.fix_missing_locations(Wrap(wanted).visit(tree))
                return compile(tree, path, "exec", dont_inherit=True)

        def finder(path: str) -> importlib.machinery.FileFinder:
            if not path.startswith(question["folder"]):
                raise ImportError
            return importlib.machinery.FileFinder(path, (Loader, [".py"]))

        sys.path_hooks.insert(0, finder)
        sys.path[:0] = [os.path.normpath(os.path.join(question["folder"], root)) for root in question["roots"]]

    def answer(self) -> dict[str, Any]:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            for name in self.entry:
                importlib.import_module(name)
            module = importlib.import_module(self.module)
        except BaseException as problem:
            return {"error": f"{type(problem).__name__}: {problem}"}
        bound = dict(vars(module))
        star: dict[str, Any] = {}
        star_error = None
        try:
            exec(f"from {self.module} import *", star)
        except BaseException as problem:
            star_error = f"{type(problem).__name__}: {problem}"
        star.pop("__builtins__", None)
        names = {}
        for name, claims in self.names.items():
            space: dict[str, Any] = {}
            try:
                exec(f"from {self.module} import {name}", space)
            except BaseException as problem:
                names[name] = {"error": f"{type(problem).__name__}: {problem}"}
                continue
            names[name] = self.judge([space[name]], claims)
        marks = []
        for index, mark in enumerate(self.marks):
            values = self.seen.get(index, [])
            if not values and mark["text"] in bound and mark["module"] == self.module:
                values = [bound[mark["text"]]]
            marks.append(self.judge(values, mark["claims"]))
        return {
            "error": None,
            "bound": sorted(bound),
            "lazy": sorted(set(map(str, dir(module))) - set(bound)),
            "star": None if star_error else sorted(star),
            "star_error": star_error,
            "names": names,
            "marks": marks,
        }

    def judge(self, values: list[Any], claims: list[str]) -> dict[str, Any]:
        """What the values are called where they were defined, and which claimed paths lead to one of them."""
        labels = sorted({label for value in values if (label := self.label(value)) is not None})
        candidates = [follow(claim) for claim in claims]
        return {
            "error": None,
            "count": len(values),
            "labels": labels,
            "bound_method": any(isinstance(value, types.MethodType) for value in values),
            "unnamed": any(self.label(value) is None for value in values),
            "same": [
                any(found is value or same_function(found, value) for found in each for value in values)
                for each in candidates
            ],
        }

    def label(self, value: Any) -> str | None:
        """`module.qualname` of what one of the case's files, or the interpreter itself, defines under a name."""
        if isinstance(value, types.ModuleType):
            return value.__name__ if value.__name__ in self.own or not getattr(value, "__file__", None) else None
        value = getattr(value, "__func__", value)
        owner = getattr(value, "__self__", None)
        if isinstance(value, types.BuiltinFunctionType) and isinstance(owner, type):
            bases = [*owner.__mro__, *type.mro(type(owner))]
            giver = next(base for base in bases if value.__name__ in vars(base))
            return f"{giver.__module__}.{giver.__qualname__}.{value.__name__}"
        if isinstance(value, NAMED):
            owner = getattr(value, "__objclass__", None)
            module = owner.__module__ if owner else value.__module__
            if module in self.own or module == "builtins":
                return f"{module}.{value.__qualname__}"
        return None


class Wrap(ast.NodeTransformer):
    """Puts a call that notes its argument around the marked expressions."""

    def __init__(self, wanted: dict[tuple[int | None, str], int]) -> None:
        self.wanted = wanted
        self.done: set[int | None] = set()

    def generic_visit(self, node: Any) -> Any:
        index = None
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            key = node.end_lineno, ast.unparse(node)
            index = self.wanted.get(key)
            if index is not None and index in self.done:
                index = None
            self.done.add(index)
        node = super().generic_visit(node)
        if index is None:
            return node
        called = ast.Name("__golden__", ast.Load())
        return ast.copy_location(ast.Call(called, [ast.Constant(index), node], []), node)


def follow(path: str) -> list[Any]:
    """The objects that a dotted path may mean: by attributes of loaded modules, a loaded module, else one to import."""
    parts = path.split(".")
    found: list[Any] = []
    for count in range(1, len(parts) + 1):
        value: Any = sys.modules.get(".".join(parts[:count]), MISSING)
        for name in parts[count:]:
            value = attribute(value, name)
        if value is not MISSING:
            found.append(value)
    if not found:
        for count in range(len(parts), 0, -1):
            try:
                value = importlib.import_module(".".join(parts[:count]))
            except BaseException:
                continue
            for name in parts[count:]:
                value = attribute(value, name)
            return [] if value is MISSING else [value]
    return found


def attribute(value: object, name: str) -> object:
    """An attribute by its written name: a private one of a class has another name at run time."""
    if isinstance(value, type) and name.startswith("__") and not name.endswith("__"):
        name = f"_{value.__name__.lstrip('_')}{name}"
    return getattr(value, name, MISSING)


def same_function(found: object, value: object) -> bool:
    inner = getattr(value, "__func__", None)
    return inner is not None and getattr(found, "__func__", found) is inner


main()
