"""Rules are read strictly, and what is wrong is named by line, key and nearest key."""

import pytest

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats.tag_rules import read_tag_rules
from codeintel_enrich.model.config import EmitConfig
from codeintel_enrich.model.tag_rules import TagRule
from tests.support.rows import emitted


def test_texts_and_lists_are_read() -> None:
    text = (
        b"# Ours.\n- tag: handler\n  decorators: [app.route, '*.get']\n"
        b"- {tag: old, paths: 'old/**', docstring: '(?i)x'}\n"
    )
    assert read_tag_rules(text, "t.yaml") == (
        TagRule(tag="handler", decorators=("app.route", "*.get")),
        TagRule(tag="old", paths=("old/**",), docstring="(?i)x"),
    )
    assert read_tag_rules(b"", "t.yaml") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "- tag: a\n  paths: x\n- tag: b\n  decorater: x\n",
            't.yaml:4: unknown key "decorater"; did you mean "decorators"?',
        ),
        ("- tag: a\n", 't.yaml:1: the rule for "a" has no pattern'),
        ("- paths: x\n", 't.yaml:1: a rule has no "tag"'),
        ("- tag: Bad Tag\n  paths: x\n", 't.yaml:1: "Bad Tag" is no tag'),
        ("- tag: a\n  paths: x\n  paths: y\n", 't.yaml:3: the key "paths" stands here twice'),
        ("- tag: a\n  docstring: '('\n", 't.yaml:1: "docstring" is no regular expression'),
        ("- tag: a\n  paths: [x, {y: z}]\n", 't.yaml:2: "paths" must be a text'),
        ("tag: a\n", "t.yaml:1: expected a list of rules"),
        ("- just text\n", "t.yaml:1: a rule must be a mapping"),
        ("- tag: a\n  paths: [x\n", "t.yaml:3: not valid YAML"),
        ("- &a {tag: a, paths: x}\n- *a\n", "t.yaml:2: aliases are not allowed"),
        ("- !!python/object:os.system {tag: a}\n", "t.yaml:1: the YAML tag"),
        ("[" * 3000, "t.yaml"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_tag_rules(text.encode(), "t.yaml")
    assert caught.value.message.startswith(message)


def test_a_bomb_is_refused_before_it_grows() -> None:
    layers = "\n".join(f"- &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 30))
    with pytest.raises(UsageError, match="aliases"):
        read_tag_rules(f"- &l0 [x]\n{layers}\n".encode(), "t.yaml")


SOURCES = {
    "app/__init__.py": "",
    "app/web.py": (
        '"""Deprecated since 2."""\nfrom flask import Flask\nfrom .base import Model as M\nimport numpy.linalg\n\n'
        "app = Flask()\n\n\n@app.route('/x')\ndef view(): ...\n\n\nclass User(M[int]):\n    def save(self): ...\n"
    ),
    "app/base.py": "class Model: ...\n",
}


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        (TagRule(tag="t", paths=("app/*.py",)), {"app/__init__.py", "app/web.py", "app/base.py"}),
        (TagRule(tag="t", paths=("*.py",)), set()),
        (TagRule(tag="t", paths=("**/web.py",)), {"app/web.py"}),
        (TagRule(tag="t", paths=("**/app/w?b.py",)), {"app/web.py"}),
        (TagRule(tag="t", modules=("app.*",)), {"app/web.py", "app/base.py"}),
        (TagRule(tag="t", imports=("flask.Flask",)), {"app/web.py"}),
        (TagRule(tag="t", imports=("numpy.**",)), {"app/web.py"}),
        (TagRule(tag="t", imports=("app.base",)), {"app/web.py"}),
        (TagRule(tag="t", decorators=("app.route",)), {"app/web.py"}),
        (TagRule(tag="t", decorators=("*.route",)), {"app/web.py"}),
        (TagRule(tag="t", bases=("app.base.Model",)), {"app/web.py"}),
        (TagRule(tag="t", bases=("M",)), {"app/web.py"}),
        (TagRule(tag="t", defines=("User.save",)), {"app/web.py"}),
        (TagRule(tag="t", docstring="(?i)^deprecated"), {"app/web.py"}),
        (TagRule(tag="t", docstring="(?i)^deprecated", bases=("Nobody",)), set()),
        (TagRule(tag="t", paths=("nowhere", "app/base.py")), {"app/base.py"}),
    ],
)
def test_a_rule_gives_its_tag_where_every_key_matches(rule: TagRule, matches: set[str]) -> None:
    rows = emitted(SOURCES, emit_config=EmitConfig(tag_rules=(rule,)))
    assert {path for path, item in rows.items() if "t" in item.fragments.summary.tags} == matches
