"""The walk reaches every identifier that LibCST's tree holds."""

import libcst as cst
import pytest

from tests.unit.stages.bind.binder_support import Case

PIECES = """\
import a1.b1 as c1, d1
from .e1 import f1 as g1, h1
from i1 import *
@j1(k1=l1)
class m1[n1: o1 = p1](*q1, r1=s1, **t1):
    u1: v1[w1] = x1
    async def y1(self, /, z1=a2, *b2: c2, d2, **e2) -> f2:
        async with g2 as (h2, *i2), j2: return await k2
        async for l2 in m2: yield n2
        else: yield from o2
        global p2, q2
        del r2[s2:t2:u2], v2.w2
type x2[*y2, **z2] = a3
for b3, c3 in d3:
    while e3: break
    else: f3 += g3
if h3: assert i3, j3
elif k3: raise l3 from m3
else: n3 = o3 = p3
try: q3
except r3 as s3: t3
else: u3
finally: v3
try: w3
except* x3 as y3: z3
match a4, b4:
    case {c4.d4: e4, **f4} | [g4, *h4] | i4(j4, k4=l4) | (m4 as n4) | (o4, p4) if q4: r4
s4 = lambda t4, *u4, v4=w4: x4 if y4 else z4
{a5: b5, **c5}; [d5, *e5]; {f5}; (g5 := h5); i5 < j5 not in k5; not l5; m5 @ n5 and o5
[p5 for q5 in r5 if s5]; {t5 for u5 in v5}; {w5: x5 for y5 in z5}; (a6 for b6 in c6 for d6 in e6)
f"{f6!r:>{g6}}" "text" f"{h6=}"
i6[j6, *k6](*l6, m6=n6, **o6)
def p6():
    nonlocal q6
    return r6
"""


def test_every_identifier_is_met_once_and_in_order() -> None:
    tokens: list[str] = []

    class Collector(cst.CSTVisitor):
        def visit_Name(self, node: cst.Name) -> None:
            tokens.append(node.value)

    cst.parse_module(PIECES).visit(Collector())
    references = Case(PIECES).bound.references
    places = [(reference.line, reference.col) for reference in references]
    assert places == sorted(set(places))
    assert sorted(reference.name for reference in references) == sorted(tokens)


@pytest.mark.parametrize("source", ["t'{a!r:{b}} text'", "{**a for b in c}"])
def test_newer_syntax_is_walked(source: str) -> None:
    assert [reference.name for reference in Case(source).bound.references] == [c for c in source if c in "abc"]
