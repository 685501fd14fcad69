"""Bearer tokens of the control API, and the file that they are kept in.

One a line: a scope (`read`, `operate`), a token of 16 to 200 characters, and nothing else. `#`
begins a comment. `operate` includes `read`. A file that is not there is made, with one of each.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Collection, Iterable
from enum import StrEnum
from pathlib import Path

import attrs

TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{16,200}", re.ASCII)
"""What a bearer token is made of (RFC 6750, 2.1), and how long ours are."""
FILE_LIMIT = 65536


class Scope(StrEnum):
    """What a token is good for."""

    READ = "read"
    OPERATE = "operate"


@attrs.frozen
class Token:
    """A token, and what it is good for; its text is never shown."""

    scope: Scope
    text: str = attrs.field(repr=False)


class TokenFileError(ValueError):
    """The file of tokens cannot be used; the text says why, and shows no token."""


def load_tokens(path: Path) -> tuple[Token, ...]:
    """Read a file of tokens, which only its owner may be able to read.

    Raises:
        TokenFileError: It is not as it has to be.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
            raise TokenFileError(f"{path}: others can read or write it (chmod 600 makes it safe)")
        text = file.read(FILE_LIMIT + 1)
    if len(text) > FILE_LIMIT:
        raise TokenFileError(f"{path}: it is larger than {FILE_LIMIT} bytes")
    try:
        lines = text.decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise TokenFileError(f"{path}: it holds other than ASCII") from None
    tokens = tuple(_tokens(path, lines))
    if not tokens:
        raise TokenFileError(f"{path}: there is no token in it")
    return tokens


def load_or_make_tokens(path: Path) -> tuple[Token, ...]:
    """Read a file of tokens; one that is not there is made first.

    Raises:
        TokenFileError: It is not as it has to be.
        OSError: It cannot be read, or made.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return load_tokens(path)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("# Tokens of the control API of `ocpp16 central-system`: scope and token.\n")
        file.writelines(f"{scope} {secrets.token_urlsafe(32)}\n" for scope in Scope)
    return load_tokens(path)


def scope_of(tokens: Collection[Token], text: str) -> Scope | None:
    """Return what a token is good for, None if it is none; takes as long for each."""
    # Of one length, so that the time tells nothing of how long a token is.
    given = hashlib.sha256(text.encode()).digest()
    found: Scope | None = None
    for token in tokens:
        if hmac.compare_digest(hashlib.sha256(token.text.encode()).digest(), given):
            found = token.scope
    return found


def strongest(tokens: Iterable[Token]) -> Token:
    """Return a token that is good for most."""
    return max(tokens, key=lambda token: token.scope is Scope.OPERATE)


def _tokens(path: Path, lines: list[str]) -> Iterable[Token]:
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or words[0] not in set(Scope) or not TOKEN.fullmatch(words[1]):
            raise TokenFileError(
                f"{path}, line {number}: it is not SCOPE TOKEN, with read or operate, and"
                " 16 to 200 letters, digits or ._~+/=-"
            )
        yield Token(Scope(words[0]), words[1])
