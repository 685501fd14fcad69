"""HTTP Basic with keys of any bytes, the forms of a key, and its hash (J 6.2; W A00.203-.205)."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp16.security.auth import (
    BasicLogin,
    check_basic_identity,
    hash_key,
    matches,
    new_key,
    plain_password,
    read_basic,
    read_key,
    write_basic,
)

KEY = bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF")
HEADER = "Basic QUwxMDAwOgABAgMEBQYH////////////////"
"""The example of J 6.2.2, for AL1000 with that key."""


def basic(pair: bytes) -> str:
    return f"Basic {b64encode(pair).decode()}"


def test_the_example_of_the_standard_is_written_and_read() -> None:
    assert write_basic("AL1000", KEY) == HEADER
    assert read_basic(HEADER) == BasicLogin(b"AL1000", KEY)
    assert read_basic(HEADER).names("AL1000")
    assert not read_basic(HEADER).names("AL1001")


@given(
    identity=st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"]), min_size=1),
    key=st.binary(min_size=16, max_size=20),
)
def test_whatever_bytes_a_key_has_they_come_back(identity: str, key: bytes) -> None:
    login = read_basic(write_basic(identity, key))
    assert (login.user, login.password) == (identity.encode(), key)
    assert login.names(identity)


def test_only_the_first_colon_splits() -> None:
    assert read_basic(basic(b"CP1:a:b::")) == BasicLogin(b"CP1", b"a:b::")


def test_an_identity_with_a_colon_cannot_use_basic() -> None:
    with pytest.raises(ValueError, match="':' cannot be used with HTTP Basic"):
        check_basic_identity("CP:1")
    with pytest.raises(ValueError, match="':' cannot be used with HTTP Basic"):
        write_basic("CP:1", KEY)
    assert not read_basic(basic(b"CP:1:" + KEY)).names("CP:1")


@pytest.mark.parametrize(
    "header",
    [
        "", "Basic", "Basic ", "Bearer abc", "Basic QUwx*", "Basic QUwxMDAw=====", "Basic é",
        "Basic QUw xMDAw", "BasicQUwxMDAwOg==", "Digest username=CP1", "Basic " + "A" * 5,
        basic(b"no colon"), basic(b""), "Basic QUwxMDAwOg",
    ],
)  # fmt: skip
def test_what_is_no_basic_header_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match=r"^the authorization "):
        read_basic(header)


@pytest.mark.parametrize("header", [HEADER.replace("Basic", "bAsIc"), f"  {HEADER}  "])
def test_the_scheme_has_no_case_and_spaces_do_not_count(header: str) -> None:
    assert read_basic(header).password == KEY


def test_a_password_is_in_no_repr() -> None:
    assert "secret" not in repr(BasicLogin(b"CP1", b"secret"))


@pytest.mark.parametrize("size", [16, 17, 18, 19, 20])
def test_a_key_has_16_to_20_bytes(size: int) -> None:
    key = bytes(range(200, 200 + size))
    assert read_key(key.hex()) == read_key(key.hex().upper()) == key


@pytest.mark.parametrize(
    "digits",
    ["", "00" * 15, "00" * 21, "0" * 33, "0" * 39, "g" * 32, "00 " * 16, "٣" * 32, "\ud800" * 32,
     "0x" + "00" * 16, " " + "00" * 16, "00" * 16 + "\n"],
)  # fmt: skip
def test_anything_else_is_none_and_is_not_quoted(digits: str) -> None:
    with pytest.raises(ValueError, match=r"^an AuthorizationKey is 32 to 40 hex digits, an even"):
        read_key(digits)


def test_a_new_key_is_random_and_of_the_greatest_length() -> None:
    assert len({new_key() for _ in range(50)}) == 50
    assert all(len(new_key()) == 20 for _ in range(5))


def test_hex_digits_stand_for_their_key_and_nothing_else_does() -> None:
    assert plain_password(KEY.hex().encode()) == KEY
    assert plain_password(KEY.hex().upper().encode()) == KEY
    assert plain_password(KEY) == KEY
    for password in (b"0" * 31, b"0" * 33, b"0" * 42, b"z" * 32, b"", bytes(32)):
        assert plain_password(password) == password


def test_a_hash_is_salted_and_knows_both_forms_of_a_key() -> None:
    one, other = hash_key(KEY), hash_key(KEY)
    assert one != other
    for stored in (one, other):
        assert matches(stored, KEY)
        assert matches(stored, KEY.hex().encode())
        assert not matches(stored, KEY[:-1] + b"\xfe")
        assert not matches(stored, KEY[:-1])
        assert not matches(stored, KEY + b"\0")
        assert not matches(stored, b"")
        assert KEY.hex() not in stored.lower()


@pytest.mark.parametrize(
    "stored", ["", "x", "scrypt$", "scrypt$12$8$1$zz$00", "md5$1$2$3$00$00", "scrypt$60$8$1$00$00"]
)
def test_what_is_no_hash_is_an_error_and_never_a_match(stored: str) -> None:
    with pytest.raises(ValueError, match="a stored hash cannot be read"):
        matches(stored, KEY)
