"""A report of a made-up repository of any size."""

from codeintel_enrich.model.report import Churn, Complexity, Report, ReportedRun


def made_up(count: int, *, name: str = "made-up", missing: str = "") -> Report:
    """`count` modules in nested packages; each imports a few with lower numbers, some also one with a higher number."""
    modules = []
    imports = []
    for index in range(count):
        package = f"pkg{index % 25}/sub{index % 7}"
        path = f"{package}/__init__.py" if index < 175 else f"{package}/module{index}.py"
        modules.append(
            {
                "path": path,
                "module": path.removesuffix(".py").removesuffix("/__init__").replace("/", "."),
                "lines": 10 + index * 37 % 900,
                "defs": index % 30,
                "parse_ok": index != 3,
                "type_errors": int(index % 11 == 0),
                "tags": ["test"] if index % 9 == 0 else [],
                "typable": index % 40,
                "typed": index % 40 * (index % 5) // 4,
                "exports": index % 13,
                "reexports": index % 3,
                "complexity": Complexity(1 + index % 200, f"Klass.method{index}", 1 + index % 30, 5),
                "commits": index * index % 61,
            }
        )
        imports += [
            (index, other, "runtime", 1 + index % 3) for other in sorted({index // 2, index // 3, index % 97} - {index})
        ]
        if index % 50 == 0 and index + 1 < count:
            imports.append((index, index + 1, "typing", 1))
    last = modules[-1]["module"] if modules else ""
    chain = {"module": 0, "name": "deep", "hops": ["pkg1.sub1.deep", f"{last}.deep"]}
    return Report(
        name=name,
        version="1",
        generation=3,
        modules=modules,
        imports=imports,
        chains=[chain] if count > 1 else [],
        references=[{"reason": None, "count": 900}, {"reason": "unbound name", "count": 4}],
        undefined=[{"name": "nowhere", "reason": "unbound name", "count": 4, "files": 1, "first": "pkg0/a.py:3"}],
        outside=[{"package": "numpy", "names": 4, "files": 2}],
        broken=[{"path": modules[3]["path"], "line": 1, "error": "no <syntax>"}] if count > 3 else [],
        churn=Churn(days=365, commits={}, missing=missing),
        unmeasured=0,
        run=ReportedRun(
            ended="2026-01-02T03:04:05Z",
            elapsed=1.5,
            tasks={"parse": count, "merge": 1},
            seconds={"parse": 1.0, "merge": 0.25},
            up_to_date=0,
            warnings=("a warning",),
            errors=(),
        ),
    )
