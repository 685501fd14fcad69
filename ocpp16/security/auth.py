"""HTTP Basic as OCPP has it, and AuthorizationKeys: their forms, and the hashes that are kept.

The password is the key itself, 16 to 20 bytes of any value, and never text; some charge points send
the key's hex digits instead, which are as many characters as no key has bytes, so the two cannot be
confused. Pure functions, no store (see `credentials`). Spec: J 6.2 and JE; W A00.201-.205, A01.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
from base64 import b64decode, b64encode
from hashlib import scrypt, sha256
from typing import Final

import attrs

KEY_BYTES: Final = range(16, 21)
"""How long a key is (A00.205)."""
PASSWORD_BYTES: Final = range(16, 41)
"""How long a password that is no key may be: some charge points have text for one."""
CHALLENGE: Final = ("WWW-Authenticate", 'Basic realm="OCPP 1.6"')
_HEX_DIGITS: Final = frozenset(b"0123456789abcdefABCDEF")


def read_key(digits: str) -> bytes:
    """Return the key that hex digits stand for, as ChangeConfiguration and settings write it.

    Raises:
        ValueError: They are not 32 to 40 hex digits, an even number of them. What stands there
            instead is not quoted: it may be a key.
    """
    data = digits.encode("utf-8", "surrogatepass")
    if not _is_hex_key(data):
        raise ValueError("an AuthorizationKey is 32 to 40 hex digits, an even number of them")
    return bytes.fromhex(digits)


def new_key() -> bytes:
    """Return a new random key of the greatest length (A01.07)."""
    return secrets.token_bytes(KEY_BYTES[-1])


def plain_password(password: bytes) -> bytes:
    """Return the key itself where a password is its hex digits, else the password."""
    return bytes.fromhex(password.decode("ascii")) if _is_hex_key(password) else password


def _is_hex_key(data: bytes) -> bool:
    return len(data) in range(32, 41, 2) and _HEX_DIGITS.issuperset(data)


def check_basic_identity(identity: str) -> None:
    """Check that an identity can be the user name of HTTP Basic.

    Raises:
        ValueError: It holds a colon, which ends a user name (RFC 7617, 2).
    """
    if ":" in identity:
        raise ValueError("an identity with ':' cannot be used with HTTP Basic")


def write_basic(identity: str, key: bytes) -> str:
    """Return the value of the Authorization header of a charge point.

    Raises:
        ValueError: The identity holds a colon.
    """
    check_basic_identity(identity)
    return "Basic " + b64encode(identity.encode() + b":" + key).decode()


@attrs.frozen
class BasicLogin:
    """What an Authorization header claims."""

    user: bytes
    password: bytes = attrs.field(repr=False)

    def names(self, identity: str) -> bool:
        """Tell whether the user is this charge point."""
        return hmac.compare_digest(self.user, identity.encode("utf-8", "surrogatepass"))


def read_basic(header: str) -> BasicLogin:
    """Read the value of an Authorization header.

    Raises:
        ValueError: It is none of HTTP Basic.
    """
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "basic":
        raise ValueError("the authorization is not Basic")
    try:
        pair = b64decode(rest.strip().encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("the authorization is not base64") from None
    # Never decoded as text: a key has any bytes, colons among them.
    user, colon, password = pair.partition(b":")
    if not colon:
        raise ValueError("the authorization has no colon")
    return BasicLogin(user, password)


# Keys are random (A01.07), so no hash is so fast that trying all 2**128 is an option. This one is a
# second line for passwords that somebody made up, and cheap enough (10 ms, 4 MiB) that ten thousand
# charge points that come back at once are let in within a minute or two.
_COST, _BLOCK, _LANES = 12, 8, 1
_SALT_BYTES: Final = 16
_MOST_MEMORY: Final = 64 * 1024 * 1024


def hash_key(key: bytes) -> str:
    """Return the salted hash of a key or password, a line of text that holds its parameters."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = _scrypt(key, salt, _COST, _BLOCK, _LANES)
    return f"scrypt${_COST}${_BLOCK}${_LANES}${salt.hex()}${digest.hex()}"


def matches(stored: str, password: bytes) -> bool:
    """Tell whether a password is the one that was hashed, in constant time.

    Raises:
        ValueError: What is stored is no hash of ours.
    """
    try:
        cost, block, lanes, salt, digest = stored.removeprefix("scrypt$").split("$")
        found = _scrypt(
            plain_password(password), bytes.fromhex(salt), int(cost), int(block), int(lanes)
        )
        due = bytes.fromhex(digest)
    except ValueError:
        raise ValueError("a stored hash cannot be read") from None
    return hmac.compare_digest(found, due)


def _scrypt(password: bytes, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    # Digested first: to scrypt, a password is the same with and without zero bytes at its end.
    return scrypt(
        sha256(password).digest(),
        salt=salt,
        n=1 << cost,
        r=block,
        p=lanes,
        maxmem=_MOST_MEMORY,
        dklen=32,
    )
