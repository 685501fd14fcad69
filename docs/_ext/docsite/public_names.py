"""Where a type is documented.

Annotations name the module that a type lives in, pages the one that it is used from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pkgutil import resolve_name
from typing import Any

import attrs
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import ocpp16

_HIDDEN = re.compile(r"attr_dict\['(\w+)'\]\.default")
_INSIDE = frozenset({"Observers"})
"""Classes of that module which tell events, and are none."""


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contents: nodes.TextElement
) -> nodes.Element | None:
    """Find what a reference of the Python domain means where its name leads nowhere itself."""
    if node.get("refdomain") != "py":
        return None
    names: dict[str, str] | None = env.temp_data.get("docsite names")
    if names is None:
        names = dict(_names(env.domains.python_domain.objects))
        env.temp_data["docsite names"] = names
    target = names.get(node["reftarget"])
    if target is None:
        return None
    return env.domains.python_domain.resolve_xref(
        env, node["refdoc"], app.builder, "obj", target, node, contents
    )


def _names(documented: Any) -> Iterator[tuple[str, str]]:
    """Yield every other name of what is documented: by the module it lives in, and its last word.

    A docstring names an exception by its last word alone.
    """
    seen: dict[str, list[str]] = {}
    for name, entry in documented.items():
        if entry.objtype not in {"class", "exception", "function", "data"}:
            continue
        last = name.rpartition(".")[2]
        seen.setdefault(last, []).append(name)
        thing = resolve_name(name)
        home = getattr(thing, "__module__", None)
        if isinstance(home, str) and isinstance(thing, type):
            yield f"{home}.{thing.__qualname__}", name
            if getattr(ocpp16, last, None) is thing:
                yield f"ocpp16.{last}", name
    for last, owners in seen.items():
        # The public one, where an application has another of the same name.
        yield last, min(owners, key=lambda owner: (owner.count("."), owner))


def show_defaults(
    _app: Sphinx,
    _what: str,
    _name: str,
    thing: object,
    _options: object,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None] | None:
    """Write the defaults of an attrs class as they are: its generated code hides them."""
    if signature is None or not (isinstance(thing, type) and attrs.has(thing)):
        return None
    fields = attrs.fields_dict(thing)
    shown = _HIDDEN.sub(lambda found: _shown(fields[found[1]].default), signature)
    return shown, returns


def _shown(default: object) -> str:
    return (
        f"{type(default).__name__}.{default.name}" if isinstance(default, Enum) else repr(default)
    )


def events() -> str:
    """Return what documents every class of `ocpp16.events`."""
    classes = [
        name
        for name, thing in vars(ocpp16.events).items()
        if isinstance(thing, type) and thing.__module__ == ocpp16.events.__name__
        if not name.startswith("_") and name not in _INSIDE
    ]
    blocks = "\n".join(f".. autoclass:: ocpp16.events.{name}" for name in classes)
    return f"```{{eval-rst}}\n{blocks}\n```\n"
