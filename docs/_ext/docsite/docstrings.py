"""What stands under an attribute of a class: Python itself forgets these texts."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from types import ModuleType


@cache
def _texts(module: ModuleType) -> Mapping[str, Mapping[str, str]]:
    tree = ast.parse(inspect.getsource(module))
    return {
        node.name: dict(_of_body(node.body)) for node in tree.body if isinstance(node, ast.ClassDef)
    }


def _of_body(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, following in pairwise(body):
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case ast.Assign(targets=[ast.Name(id=name)]):
                pass
            case _:
                continue
        match following:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)


def attribute_texts(cls: type) -> Mapping[str, str]:
    """Return the text of every attribute of a class that has one, in order."""
    module = inspect.getmodule(cls)
    assert module is not None, cls
    return _texts(module).get(cls.__name__, {})
