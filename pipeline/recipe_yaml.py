"""YAML as recipes have it: no key twice in one section, and mistakes told in one line."""

from typing import Any

import yaml

from ..schemas.errors import UsageError


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
