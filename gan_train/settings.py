"""Settings from the command line: what a family's config dataclass has, in its own types and words; never torch itself.

Previous station: cli.py (`--set name=value`). Next: loop.configure, which checks names against the family.
"""

import ast
import dataclasses
import inspect
import itertools
import textwrap
import typing

from .errors import ConfigError


def parse_settings(pairs: list[str], config_class: type) -> dict[str, object]:
    """["crop=96", "generator_width=64,32"] -> {"crop": 96, "generator_width": (64, 32)}; ConfigError names the
    setting."""
    kinds = typing.get_type_hints(config_class)
    names = [field.name for field in dataclasses.fields(config_class)]
    settings: dict[str, object] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise ConfigError(f"--set {pair}: write it as name=value, for example {names[0]}=...")
        if name not in names:
            raise ConfigError(f"--set {name}: there is no such setting. There are: {', '.join(names)}.")
        if name in settings:
            raise ConfigError(f"--set {name}: is given twice.")
        settings[name] = _parse(name, text.strip(), kinds[name])
    return settings


def require(config: object, checks: dict[str, tuple[bool, str]]) -> None:
    """checks: {setting: (whether its value will do, what it must be)}; ConfigError names the first that will not."""
    for name, (fine, rule) in checks.items():
        if not fine:
            value = getattr(config, name)
            shown = ",".join(map(str, value)) if isinstance(value, tuple) else value
            raise ConfigError(f"{name}={shown}: must be {rule}.")


def describe_settings(config_class: type, changed: dict[str, object]) -> list[str]:
    """One line per field: name, value (the preset's where it differs), and the docstring that stands under it."""
    docs = field_docs(config_class)
    lines = []
    for field in dataclasses.fields(config_class):
        value = changed.get(field.name, field.default)
        shown = ",".join(str(part) for part in value) if isinstance(value, tuple) else str(value)
        lines.append(f"{field.name}={shown}")
        lines += textwrap.wrap(docs.get(field.name, ""), 100, initial_indent="    ", subsequent_indent="    ")
    return lines


def field_docs(config_class: type) -> dict[str, str]:
    """The string under each field of a dataclass, read from its source."""
    body = ast.parse(textwrap.dedent(inspect.getsource(config_class))).body[0].body
    docs = {}
    for node, after in itertools.pairwise(body):
        is_field = isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        if is_field and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            docs[node.target.id] = " ".join(str(after.value.value).split())
    return docs


def _parse(name: str, text: str, kind) -> object:
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)[0]
        return tuple(_parse(name, part.strip(), inner) for part in text.split(",") if part.strip())
    if kind is bool:
        if text.lower() in ("true", "yes", "1", "false", "no", "0"):
            return text.lower() in ("true", "yes", "1")
        raise ConfigError(f"--set {name}={text}: must be true or false.")
    assert kind in (int, float, str), (name, kind)
    try:
        return kind(text)
    except ValueError as error:
        raise ConfigError(
            f"--set {name}={text}: must be {'a whole number' if kind is int else 'a number'}."
        ) from error
