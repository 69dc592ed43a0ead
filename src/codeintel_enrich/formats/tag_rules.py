"""YAML files of tag rules, read strictly, with errors that name the line, the key and the nearest key.

- tag: handler
  decorators: ["app.route", "*.get"]
- tag: legacy
  paths: "old/**"
  docstring: "(?i)deprecated"
"""

import difflib
import re
from typing import Any, NoReturn

import msgspec
import yaml

from codeintel_enrich.errors import UsageError
from codeintel_enrich.model.patterns import too_costly
from codeintel_enrich.model.tag_rules import TagRule

_KEYS = tuple(field.name for field in msgspec.structs.fields(TagRule))
_TAG = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_LARGEST_BYTES = 1_000_000


def read_tag_rules(data: bytes, name: str) -> tuple[TagRule, ...]:
    """The rules in a file, in its order: a list of mappings whose values are texts or lists of texts.

    Raises UsageError for anything else; `name` is what messages call the file. Aliases and YAML tags are refused, so
    that no file can make more of itself than it is.
    """
    if len(data) > _LARGEST_BYTES:
        raise UsageError(f"{name}: {len(data)} bytes; rules take no more than {_LARGEST_BYTES}")
    try:
        # Aliases make nine lines of YAML a gigabyte ("billion laughs"), and tags construct objects. Both show in the
        # stream of events, before anything is built of them.
        for event in yaml.parse(data, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                _fail(name, event.start_mark, "aliases are not allowed")
            written = getattr(event, "tag", None)
            if written is not None:
                _fail(name, event.start_mark, f"the YAML tag {written} is not allowed")
        # Nodes, not plain values: messages name the line, and `tag: 1` stays the text that was written.
        root = yaml.compose(data, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}" if mark is not None else ""
        raise UsageError(f"{name}{place}: not valid YAML: {getattr(error, 'problem', None) or error}") from error
    except RecursionError as error:
        raise UsageError(f"{name}: nested too deeply") from error
    if root is None:
        return ()
    if not isinstance(root, yaml.SequenceNode):
        _fail(name, root.start_mark, "expected a list of rules, each `- tag: NAME` and patterns")
    return tuple(_rule(name, node) for node in root.value)


def _rule(name: str, node: yaml.Node) -> TagRule:
    if not isinstance(node, yaml.MappingNode):
        _fail(name, node.start_mark, "a rule must be a mapping with the key `tag`")
    values: dict[str, str | tuple[str, ...]] = {}
    for key_node, value in node.value:
        key = _text(name, key_node, "a key")
        if key not in _KEYS:
            # No cutoff: of so few keys the nearest is always worth naming.
            near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.0)
            _fail(name, key_node.start_mark, f'unknown key "{key}"; did you mean "{near[0]}"?')
        if key in values:
            _fail(name, key_node.start_mark, f'the key "{key}" stands here twice')
        if key in ("tag", "docstring"):
            values[key] = _text(name, value, f'"{key}"')
        else:
            items = value.value if isinstance(value, yaml.SequenceNode) else [value]
            values[key] = tuple(_text(name, item, f'"{key}"') for item in items)
            for pattern in values[key]:
                if (fault := too_costly(pattern.replace(".", "/"))) is not None:
                    _fail(name, value.start_mark, f'the pattern "{pattern}" is not matched: {fault}')
    if "tag" not in values:
        _fail(name, node.start_mark, 'a rule has no "tag"')
    if not _TAG.fullmatch(str(values["tag"])):
        _fail(name, node.start_mark, f'"{values["tag"]}" is no tag: small letters, digits, `-`, `_` and `.`')
    if len(values) == 1:
        _fail(
            name, node.start_mark, f'the rule for "{values["tag"]}" has no pattern; add one of {", ".join(_KEYS[1:])}'
        )
    try:
        re.compile(str(values.get("docstring", "")))
    except (re.error, RecursionError, OverflowError) as error:
        _fail(name, node.start_mark, f'"docstring" is no regular expression: {error}')
    if _repeats_choices(str(values.get("docstring", ""))):
        _fail(name, node.start_mark, '"docstring" repeats a group of repeats or alternatives: that may never end')
    return msgspec.convert(values, TagRule)


def _repeats_choices(expression: str) -> bool:
    """Whether a regular expression repeats a group that may match one text in several ways: time grows as a power."""
    has_choice = [False]
    in_class = False
    tokens = re.findall(r"\\.|.", expression, re.DOTALL)
    for token, following in zip(tokens, [*tokens, ""][1:], strict=True):
        if in_class or token == "[":
            in_class = token != "]"
        elif token == "(":
            has_choice.append(False)
        elif token == ")" and len(has_choice) > 1:
            inner = has_choice.pop()
            if inner and following in ("*", "+", "{"):
                return True
            has_choice[-1] |= inner
        elif token in ("*", "+", "{", "|"):
            has_choice[-1] = True
    return False


def _text(name: str, node: yaml.Node, what: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or not node.value:
        _fail(name, node.start_mark, f"{what} must be a text")
    return str(node.value)


def _fail(name: str, mark: Any, message: str) -> NoReturn:
    raise UsageError(f"{name}:{mark.line + 1}: {message}")
