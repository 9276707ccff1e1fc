"""Configs that checkpoints carry as text, which mmengine runs as Python: ``MMSegInferencer(weights=...)``, resuming."""

from __future__ import annotations

import ast
from typing import Any

from .errors import UnsafeCheckpointError

# What mmengine's dump of a config consists of; calls of these make data.
_CONTAINERS = ('dict', 'list', 'tuple', 'set', 'frozenset', 'float', 'int', 'str', 'slice')
_LITERALS = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.keyword, ast.Load, ast.Store)
_SIGNS = (ast.UnaryOp, ast.UAdd, ast.USub)


def check_config_texts(checkpoint: Any) -> None:
    """Refuses a checkpoint whose config text is more than data.

    Raises:
        UnsafeCheckpointError: Names the line and what is there.
    """
    if not isinstance(checkpoint, dict):
        return
    meta, hub = (checkpoint.get(name) for name in ('meta', 'message_hub'))
    places = {'meta': meta, 'message_hub.runtime_info': hub.get('runtime_info') if isinstance(hub, dict) else None}
    for place, values in places.items():
        for name in ('cfg', 'config'):
            text = values.get(name) if isinstance(values, dict) else None
            if isinstance(text, str):
                _check(text, f'{place}.{name}')


def _check(text: str, place: str) -> None:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return  # mmengine cannot run it either
    for statement in tree.body:
        found = _first_program(statement)
        if found is not None:
            line = getattr(found, 'lineno', statement.lineno)
            raise UnsafeCheckpointError(
                f'carries a config that is a program, not data ({place}, line {line}: '
                f'{text.splitlines()[line - 1].strip()[:80]!a}). Nothing in it was run'
            )


def read_config_text(text: str) -> dict[str, Any]:
    """Values of a config's text, without running it; what is more than data is left out.

    Example:
        >>> read_config_text("optimizer = dict(lr=0.1, betas=(0.9, float('inf')))")
        {'optimizer': {'lr': 0.1, 'betas': (0.9, "float('inf')")}}
    """
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found = [(node.targets[0], node.value) for node in body if isinstance(node, ast.Assign)]
    return {target.id: _value(value) for target, value in found if isinstance(target, ast.Name)}


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id == 'dict' and not node.args:
            return {item.arg: _value(item.value) for item in node.keywords}
        return f'{node.func.id}({", ".join(repr(_value(item)) for item in node.args)})'
    if isinstance(node, ast.Dict):
        return {_value(key): _value(value) for key, value in zip(node.keys, node.values) if key is not None}
    if isinstance(node, (ast.List, ast.Tuple)):
        items = [_value(item) for item in node.elts]
        return tuple(items) if isinstance(node, ast.Tuple) else items
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return f'<{type(node).__name__}>'


def _first_program(statement: ast.stmt) -> ast.AST | None:
    """The first node that is neither ``name = data`` nor a comment in quotes; None if all is data."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return None
    if not isinstance(statement, ast.Assign) or not all(isinstance(target, ast.Name) for target in statement.targets):
        return statement
    if any(target.id == '_base_' for target in statement.targets):  # would run another file; dumps are flattened
        return statement
    called = set()
    for node in ast.walk(statement.value):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CONTAINERS:
            # ast.walk comes to a call before its name, which by itself would be no data
            called.add(node.func)
        elif node not in called and not isinstance(node, (*_LITERALS, *_SIGNS)):
            return node
    return None
