"""YAML as recipes have it: no key twice in one section, and mistakes told in one line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ...schemas.errors import UsageError


def parse_yaml(text: str, origin: str) -> Any:  # noqa: ANN401  (whatever the YAML says)
    """Return what a YAML text says.

    Args:
        text: the text.
        origin: what to call it in an error.

    Raises:
        UsageError: it is not YAML, or gives a key twice; with line and column.
    """
    try:
        return yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UsageError(f"{origin} is no YAML{where}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{origin} is no YAML: {' '.join(str(error).split())}") from error


def read_mapping(path: Path, example: str) -> dict[str, Any]:
    """Return what the file of a recipe says.

    Args:
        path: a YAML file.
        example: a line that such a recipe may have, for the message.

    Raises:
        UsageError: the file cannot be read, is not YAML, or no mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            f"there is no recipe at {path}; `interlink init` writes one to start from"
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"the recipe {path} is no text in UTF-8: {error}") from error
    except OSError as error:
        raise UsageError(f"cannot read the recipe {path}: {error.strerror}") from error
    content = parse_yaml(text, f"the recipe {path}")
    if not isinstance(content, dict):
        raise UsageError(f"the recipe {path} must be a YAML mapping such as `{example}`")
    return content


def overrule(content: Mapping[str, Any], setting: str) -> dict[str, Any]:
    """Return `content` with one setting in it; what was given stays as it is.

    Args:
        content: what a recipe says.
        setting: `key=value`; the key is dotted, the value is YAML.

    Raises:
        UsageError: it is no such pair, or a part of the key stands for a value.
    """
    key, equals, text = setting.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path):
        raise UsageError(f"--set {setting!r} must be key=value, such as cut.mode=exact")
    changed = dict(content)
    place = changed
    for name in path[:-1]:
        below = place.get(name)
        if below is not None and not isinstance(below, dict):
            raise UsageError(f"--set {setting!r}: {name!r} has no keys of its own")
        place[name] = dict(below or {})
        place = place[name]
    place[path[-1]] = parse_yaml(text, f"--set {setting!r}")
    return changed


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice: YAML itself would let the last one win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands there twice", key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)
