"""The one XML parser under attack: refused or harmless, in bounded time, with nothing opened."""

from __future__ import annotations

import builtins
import gc
import os
import socket
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp16.bindings.ocpps.envelope import read
from ocpp16.bindings.ocpps.faults import EnvelopeFault
from ocpp16.bindings.ocpps.xml import XmlError, parse
from ocpp16.settings import Settings

LIMIT = Settings().message_limit
SECONDS = 1.0
MEGABYTE = 1024 * 1024
SECRET = "the secret of this machine"


def refuse_to_open(*_: object, **__: object) -> NoReturn:
    raise AssertionError("something was opened")


@contextmanager
def watched() -> Iterator[None]:
    """Fail if the parser opens a socket, or a file by way of Python, or takes long."""
    began = time.process_time()
    with (
        patch.object(socket, "socket", refuse_to_open),
        patch.object(socket, "getaddrinfo", refuse_to_open),
        patch.object(builtins, "open", refuse_to_open),
        patch.object(os, "open", refuse_to_open),
    ):
        yield
    assert time.process_time() - began < SECONDS


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """The URL of a file that nobody may read."""
    path = tmp_path / "secret"
    path.write_text(SECRET)
    return path.as_uri()


@pytest.fixture
def trap() -> Iterator[str]:
    """The URL of a server on this machine to which nobody may connect, from C either."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x"
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def refused(data: bytes) -> str:
    """Return why a document is refused, which has to be told soon."""
    with watched():
        with pytest.raises(XmlError) as raised:
            parse(data)
        with pytest.raises(EnvelopeFault) as fault:
            read(data)
    assert SECRET not in str(raised.value)
    assert (fault.value.soap.code, fault.value.soap.subcode) == ("Sender", "ProtocolError")
    return str(raised.value)


def taken(data: bytes) -> Any:
    """Return the root of a document."""
    with watched():
        return parse(data)


DTD = "a document type or entity declaration is not allowed"


@pytest.mark.parametrize(
    "front",
    ["", "<?xml version='1.0'?>", "\ufeff", "\n\t ", "<!-- - -->", "<!--> <a/> -->", "<?x ?>",
     "<?xml version='1.0'?><!-- <a> --><?y?>\n"],
)  # fmt: skip
@pytest.mark.parametrize(
    "declaration",
    [
        "<!DOCTYPE a>",
        "<!DOCTYPE a []>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]>",
        "<!DOCTYPE a SYSTEM 'URL'>",
        "<!DOCTYPE a PUBLIC '-//x' 'URL'>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'URL'> %p;]>",
        "<!DOCTYPE a [<!ELEMENT a ANY><!ATTLIST a b CDATA 'c'><!NOTATION n SYSTEM 'x'>]>",
    ],
)
def test_a_document_type_of_any_kind(front: str, declaration: str, trap: str) -> None:
    declaration = declaration.replace("URL", trap)
    assert refused(f"{front}{declaration}<a>&x;</a>".encode()) == DTD


@pytest.mark.parametrize("word", ["doctype", "DocType", "ENTITY x 'y'", "ELEMENT a ANY", "[CDATA["])
def test_any_declaration_before_the_root(word: str) -> None:
    assert refused(f"<!{word}><a/>".encode()) == DTD


def test_an_external_entity_reads_nothing(secret: str, trap: str) -> None:
    for kind in ("x SYSTEM", "x PUBLIC 'p'", "% x SYSTEM"):
        for url in (secret, trap):
            data = f"<!DOCTYPE a [<!ENTITY {kind} '{url}'>]><a>&x;</a>"
            assert refused(data.encode()) == DTD


def test_a_billion_laughs() -> None:
    entities = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    data = f"<!DOCTYPE a [<!ENTITY l0 'ha'>{entities}]><a>&l9;</a>"
    assert refused(data.encode()) == DTD


def test_quadratic_blowup() -> None:
    data = f"<!DOCTYPE a [<!ENTITY x '{'x' * 60_000}'>]><a>{'&x;' * 20_000}</a>"
    assert refused(data.encode()[:LIMIT]) == DTD


def test_a_document_type_inside_the_root_is_not_well_formed() -> None:
    assert "is not well-formed XML" in refused(b"<a><!DOCTYPE a [<!ENTITY x 'y'>]>&x;</a>")


@pytest.mark.parametrize("reference", ["&x;", "&#0;", "&#x1f;", "&#xD800;", "&#x110000;", "&"])
def test_references_that_mean_nothing(reference: str) -> None:
    assert "is not well-formed XML" in refused(f"<a>{reference}</a>".encode())


@pytest.mark.parametrize(
    "namespace", ["http://www.w3.org/2001/XInclude", "http://www.w3.org/2001/X&#73;nclude"]
)
def test_xinclude_is_refused(secret: str, trap: str, namespace: str) -> None:
    data = (
        f"<a xmlns:x='{namespace}'>"
        f"<x:include href='{secret}' parse='text'/><x:include href='{trap}'/></a>"
    )
    assert refused(data.encode()) == "XInclude is not allowed"
    # The word alone is none.
    assert taken(b"<a x='&#65;'>XInclude</a>").text == "XInclude"


def test_stylesheets_schemas_and_other_hints_are_not_followed(secret: str, trap: str) -> None:
    data = (
        f"<?xml-stylesheet href='{secret}' type='text/xsl'?><?php phpinfo() ?>"
        f"<a xmlns:i='http://www.w3.org/2001/XMLSchema-instance' xml:base='{trap}'"
        f" i:schemaLocation='urn:x {secret}' i:noNamespaceSchemaLocation='{secret}'><?x?>b</a>"
    )
    root = taken(data.encode())
    assert root.tag == "a"
    assert (root.text, len(root)) == ("b", 0)


# Depth


@pytest.mark.parametrize("depth", [65, 66, 255, 300, LIMIT // 7])
def test_what_nests_too_deep(depth: int) -> None:
    assert refused(b"<a>" * depth + b"</a>" * depth) == "nests deeper than 64"


@pytest.mark.parametrize("depth", [300, 5_000, 100_000])
def test_what_nests_deep_and_is_cut_off(depth: int) -> None:
    assert "is not well-formed XML" in refused(b"<a>" * depth)


def test_64_levels_and_many_siblings_are_fine() -> None:
    assert taken(b"<a>" * 64 + b"</a>" * 64).tag == "a"
    assert len(taken(b"<a>" + b"<b><c/></b>" * 10_000 + b"</a>")) == 10_000
    deep = b"<a>" * 63 + b"<b/>" * 10_000 + b"</a>" * 63
    assert sum(1 for _ in taken(deep).iter("b")) == 10_000


# Attributes and namespaces


def attributes(count: int, value: str = "v") -> str:
    return "".join(f" a{n}='{value}'" for n in range(count))


def namespaces(count: int) -> str:
    return "".join(f" xmlns:n{n}='urn:{n}'" for n in range(count))


TOO_MANY = "an element has more than 64 attributes or namespaces"


@pytest.mark.parametrize(
    "tag",
    [
        attributes(65),
        attributes(65, ">"),
        attributes(65, '"'),
        " x='>'" + attributes(64),
        ' x=">"' + attributes(64, "/>"),
        attributes(15_000),
        namespaces(65),
        namespaces(6_000),
        " xmlns='u'" + namespaces(64),
        attributes(65).replace("=", "\n=\n"),
    ],
)
@pytest.mark.parametrize("place", ["<a@/>", "<a><!-- = --><b@></b></a>", "<a>'<b@/></a>"])
def test_too_many_attributes_or_namespaces(tag: str, place: str) -> None:
    data = place.replace("@", tag).encode()
    assert len(data) <= 2 * LIMIT
    assert refused(data) == TOO_MANY


@pytest.mark.parametrize(
    "data",
    [
        f"<a{attributes(64)}{namespaces(64)}/>",
        f"<a{attributes(64, '=====>')}/>",
        f"<a>{attributes(100)}</a>",
        f"<a><![CDATA[<b{attributes(100)}>]]></a>",
        f"<a><!-- <b{attributes(100)}> --></a>",
        f"<?x <b{attributes(100)}>?><a/>",
        "<a>" + f"<b{attributes(64)}/>" * 100 + "</a>",
        f"<a b='{'=' * 1000}'/>",
    ],
)
def test_64_attributes_and_64_namespaces_are_fine(data: str) -> None:
    assert taken(data.encode()).tag == "a"


def test_a_name_with_a_hundred_thousand_characters_and_an_attribute_twice() -> None:
    assert taken(b"<" + b"a" * 40_000 + b"/>").tag == "a" * 40_000
    assert "is not well-formed XML" in refused(b"<a b='1' b='2'/>")


def test_thousands_of_namespaces_over_many_elements() -> None:
    levels = [
        "".join(f" xmlns:n{level}x{n}='urn:{level}:{n}'" for n in range(64)) for level in range(30)
    ]
    data = "".join(f"<a{level}>" for level in levels) + "<n0x0:b/>" * 6_000 + "</a>" * 30
    assert len(data) < LIMIT
    assert taken(data.encode()).tag == "a"


@pytest.mark.parametrize(
    "piece",
    ["<!--", "<![CDATA[", "<?", "<", "<a", "<a='", "<a ='\"", "='", "<a x='>' ", "]]>", "<!", "<!-",
     " = ", "'", '"', "<a><", "\t", "<?xml ", "<?xml encoding"],
)  # fmt: skip
def test_pieces_that_never_end_take_no_time(piece: str) -> None:
    for front in ("", "<a>", "=" * 100):
        refused((front + piece * (LIMIT // len(piece))).encode())


# Encodings


TEXT = "<?xml version='1.0' encoding='{}'?><a>x</a>"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le",
                                   "utf-32-be"])  # fmt: skip
@pytest.mark.parametrize("text", ["<a>x</a>", TEXT.format("UTF-16"), TEXT.format("UTF-8")])
def test_other_encodings_of_unicode(codec: str, text: str) -> None:
    assert refused(text.encode(codec)) == "is not UTF-8"


@pytest.mark.parametrize(
    "name",
    ["ISO-8859-1", "latin1", "UTF-7", "UTF-16", "utf-32", "windows-1252", "EBCDIC-CP-US", "x", "",
     "Shift_JIS", "UTF-8x", "unicode-1-1-utf-7", "HTML"],
)  # fmt: skip
@pytest.mark.parametrize("front", ["", "\ufeff"])
def test_a_declared_encoding_that_is_not_utf_8(name: str, front: str) -> None:
    data = (front + TEXT.format(name)).encode()
    assert refused(data) == "declares an encoding other than UTF-8"
    other = data.replace(b" encoding=", b"\n encoding\t=\n").replace(b"'", b'"')
    assert refused(other) == "declares an encoding other than UTF-8"


@pytest.mark.parametrize("codec", ["latin-1", "cp1252", "cp037", "shift_jis"])
def test_bytes_of_other_encodings(codec: str) -> None:
    assert refused("<a>x\xa7</a>".encode(codec)) == "is not UTF-8"


def test_utf_7_without_a_word_is_text_and_no_markup() -> None:
    assert taken(b"<a>+ADw-b/+AD4-</a>").text == "+ADw-b/+AD4-"


@pytest.mark.parametrize("name", ["UTF-8", "utf-8", "Utf8", "us-ascii", "ASCII"])
def test_utf_8_by_its_names(name: str) -> None:
    assert taken(TEXT.format(name).encode()).text == "x"
    assert taken(b"\xef\xbb\xbf" + TEXT.format(name).encode()).text == "x"


@pytest.mark.parametrize("data", [b"<a>\0</a>", b"\0<a/>", b"<a/>\0", b"<a b='\0'/>", b"\0"])
def test_a_null_byte(data: bytes) -> None:
    assert refused(data) == "is not UTF-8"


@pytest.mark.parametrize("data", [b"<a>\x1b</a>", "<a>\ufffe</a>".encode(), b"<a>\x08</a>"])
def test_characters_that_xml_does_not_have(data: bytes) -> None:
    assert "is not well-formed XML" in refused(data)


@pytest.mark.parametrize(
    "data", [b"\xc0\xbca/>", b"<a>\xed\xa0\x80</a>", b"<a>\xf5\x80\x80\x80</a>", b"<a>\xe2\x82</a>"]
)
def test_overlong_forms_surrogates_and_halves(data: bytes) -> None:
    assert refused(data) == "is not UTF-8"


# Content


@pytest.mark.parametrize(
    "data", [b"", b" ", b"x", b"<a>", b"<a/>x", b"<a/><b/>", b"</a>", b"<a></b>", b" <?xml?><a/>"]
)
def test_what_is_not_well_formed(data: bytes) -> None:
    assert "is not well-formed XML" in refused(data)


def test_comments_cdata_and_escapes_are_text_or_nothing() -> None:
    root = taken(b"<a>x<!-- <b> & --><![CDATA[<!DOCTYPE a>&lt;]]>&#x79;&amp;<?p q?>z</a>")
    assert (root.text, len(root)) == ("x<!DOCTYPE a>&lt;y&z", 0)


@pytest.mark.parametrize("text", ["&lt;!DOCTYPE a [&lt;!ENTITY x 'y'>", "<!-- <!DOCTYPE a> -->"])
def test_the_words_of_a_document_type_are_text_elsewhere(text: str) -> None:
    assert taken(f"<a>{text}</a>".encode()).tag == "a"


def test_a_huge_text_and_a_huge_attribute_within_the_message_limit() -> None:
    size = LIMIT - 20
    assert len(taken(b"<a>" + b"x" * size + b"</a>").text) == size
    assert len(taken(b"<a b='" + b"=" * size + b"'/>").get("b")) == size
    assert len(taken(b"<a>" + b"&#65;" * (size // 5) + b"</a>").text) == size // 5


@pytest.mark.parametrize(
    "data",
    [
        b"<a>" + b"<b/>" * (LIMIT // 4) + b"</a>",
        b"<a>" + b"<b c='d'/>" * (LIMIT // 10) + b"</a>",
        b"<a>" + b"<b>x</b>y" * (LIMIT // 9) + b"</a>",
    ],
)
def test_the_memory_that_python_needs_for_a_large_tree(data: bytes) -> None:
    tracemalloc.start()
    try:
        taken(data)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The body of a message is limited, and so is what becomes of it.
    assert most < 6 * MEGABYTE


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes(data: bytes) -> None:
    try:
        root = parse(data)
    except XmlError as error:
        assert str(error)  # noqa: PT017 - any reason will do
    else:
        assert isinstance(root.tag, str)


def resident() -> int:
    """Return the memory that this process has, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_names_that_never_come_again_leave_nothing() -> None:
    """libxml2 would keep them all: 20 MB of names left 27 MB for good."""

    def feed(rounds: range) -> int:
        size = 0
        for turn in rounds:
            names = [f"n{turn}-{number}-{'x' * 20}" for number in range(2500)]
            inner = "".join(
                f"<{name} xmlns:p{name}='urn:{name}' a{name}=''>{' ' * (number % 50)}</{name}>"
                for number, name in enumerate(names[:600])
            )
            data = (
                f"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body><x>{inner}"
                "</x></s:Body></s:Envelope>"
            ).encode()
            size += len(data)
            assert len(data) <= LIMIT
            assert read(data).body_name == "x"
        return size

    feed(range(20))
    gc.collect()
    before = resident()
    assert feed(range(20, 220)) > 20 * MEGABYTE
    gc.collect()
    assert resident() - before < 4 * MEGABYTE
