from __future__ import annotations

import pytest

from ocpp16.transports.identity import (
    check_identity,
    identity_in,
    unescape,
    url_for,
    without_secrets,
)


@pytest.mark.parametrize(
    ("target", "endpoint", "identity"),
    [
        ("/ocpp/CP1", "/ocpp", "CP1"),
        ("/ocpp/CP1", "/ocpp/", "CP1"),
        ("/CP1", "", "CP1"),
        ("/CP1", "/", "CP1"),
        ("/a/b/c/CP1", "/a/b/c", "CP1"),
        ("/ocpp/CP1?token=a/b", "/ocpp", "CP1"),
        ("/ocpp/CP%201", "/ocpp", "CP 1"),
        ("/ocpp/CP+1", "/ocpp", "CP+1"),
        ("/ocpp/%E8%BB%8A", "/ocpp", "車"),
        ("/ocpp/%e8%bb%8a", "/ocpp", "車"),
        ("/ocpp/a%2Fb", "/ocpp", "a/b"),
        ("/ocpp/%2e%2e%2Fx", "/ocpp", "../x"),
        ("/ocpp/a%3Fb", "/ocpp", "a?b"),
        ("/ocpp/100%25", "/ocpp", "100%"),
        ("/ocpp/...", "/ocpp", "..."),
        ("/ocpp/" + "x" * 48, "/ocpp", "x" * 48),
        ("/ocpp/" + "%E8%BB%8A" * 48, "/ocpp", "車" * 48),
        ("/my%20ocpp/CP1", "/my ocpp", "CP1"),
        ("/my%20ocpp/CP1", "/my%20ocpp", "CP1"),
        ("/%6Fcpp/CP1", "/ocpp", "CP1"),
    ],
)
def test_the_last_segment_after_the_endpoint_is_the_identity(
    target: str, endpoint: str, identity: str
) -> None:
    assert identity_in(target, endpoint) == identity


@pytest.mark.parametrize(
    "target",
    [
        "/ocpp",
        "/ocpp/",
        "/",
        "",
        "*",
        "CP1",
        "/CP1",
        "/OCPP/CP1",
        "/other/CP1",
        "/ocpp/a/CP1",
        "/ocpp//CP1",
        "//ocpp/CP1",
        "/ocpp/CP1/",
        "/ocpp2/CP1",
        "/ocpp/.",
        "/ocpp/..",
        "/ocpp/%2e",
        "/ocpp/%2E%2e",
        "/ocpp/%",
        "/ocpp/%4",
        "/ocpp/%zz",
        "/ocpp/%+1",
        "/ocpp/%ff",
        "/ocpp/%C3",
        "/ocpp/%ED%A0%80",
        "/ocpp/%C0%AF",
        "/ocpp/a%00b",
        "/ocpp/a%0Ab",
        "/ocpp/a%7Fb",
        "/ocpp/a%C2%85b",
        "/ocpp/" + "x" * 49,
        "/%ff/CP1",
        "http://host/ocpp/CP1",
        "/a%2Focpp/CP1",
    ],
)
def test_everything_else_is_no_identity(target: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        identity_in(target, "/ocpp")


def test_an_encoded_slash_can_be_refused() -> None:
    with pytest.raises(ValueError, match="'/'"):
        identity_in("/ocpp/a%2Fb", "/ocpp", allow_slash=False)


@pytest.mark.parametrize(
    "identity", ["CP1", "a/b", "../x", "100%", "a b", "車", "a?b#c", "x" * 48, "a+b", "a%2Fb"]
)
@pytest.mark.parametrize("endpoint", ["ws://host:9000/ocpp", "ws://host", "ws://host/a/b/"])
def test_what_a_charge_point_asks_for_is_what_the_central_system_reads(
    identity: str, endpoint: str
) -> None:
    url = url_for(endpoint, identity)
    path = "/" + url.removeprefix("ws://").split("/", 1)[1]
    base = endpoint.removeprefix("ws://").partition("/")[2]
    assert identity_in(path, f"/{base}") == identity


def test_user_and_query_of_an_endpoint_stay_in_place() -> None:
    assert url_for("ws://u:p@host/ocpp?a=b", "C/1") == "ws://u:p@host/ocpp/C%2F1?a=b"


def test_a_url_without_secrets() -> None:
    assert without_secrets("ws://u:p@host:1/a/b?token=x#y") == "ws://host:1/a/b"


def test_an_identity_that_is_one_passes() -> None:
    check_identity("Straße 7/車")


def test_unescape_is_strict() -> None:
    assert unescape("a%20b") == "a b"
    with pytest.raises(ValueError, match="two hex digits"):
        unescape("a%2")
