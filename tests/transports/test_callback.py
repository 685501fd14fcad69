"""Which callback addresses are taken; nothing here opens a socket."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from ocpp16.settings import Settings
from ocpp16.transports.callback import check_url, choose_callback, parse_address

PRIVATE = [ip_network("10.0.0.0/8"), ip_network("127.0.0.0/8"), ip_network("fd00::/8")]
PUBLIC = "http://93.184.216.34:8080/cp"


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        (PUBLIC, "93.184.216.34"),
        ("https://93.184.216.34/", "93.184.216.34"),
        (PUBLIC, "::ffff:93.184.216.34"),
        ("http://[2606:2800:220:1::1]:9000/x", "2606:2800:220:1::1"),
    ],
)
def test_who_names_its_own_public_address_is_called_there(claim: str, source: str) -> None:
    assert choose_callback(claim, source) == claim


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("http://10.1.2.3:9000/", "10.1.2.3"),
        ("http://127.0.0.1:9000/", "127.0.0.1"),
        ("http://[fd12::1]:9000/", "fd12::1"),
        ("http://[::ffff:10.1.2.3]/", "10.1.2.3"),
    ],
)
def test_private_networks_need_the_setting(claim: str, source: str) -> None:
    assert choose_callback(claim, source, networks=PRIVATE) == claim
    with pytest.raises(ValueError, match="private or loopback"):
        choose_callback(claim, source)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.1.1",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[fd00:ec2::254]",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::1]",
        "[::a9fe:a9fe]",
        "[64:ff9b:1::a9fe:a9fe]",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",
        "[::]",
        "224.0.0.1",
        "255.255.255.255",
        "[ff02::1]",
    ],
)
def test_some_addresses_are_never_called(host: str) -> None:
    everything = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    source = host.strip("[]")
    with pytest.raises(ValueError, match=r"link-local|character"):
        choose_callback(f"http://{host}/latest", source, networks=everything)


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("ftp://93.184.216.34/", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
        ("93.184.216.34:80", "neither http nor https"),
        ("", "neither http nor https"),
        ("http:///cp", "no host"),
        ("http://user@93.184.216.34/", "character"),
        ("http://93.184.216.34#@10.0.0.1/", "character"),
        ("http://93.184.216.34\\@10.0.0.1/", "character"),
        ("http://93.184.216.34/\r\nX: y", "character"),
        ("http://93.184.216.34:0/", "port 0"),
        ("http://93.184.216.34:99999/", "Port out of range"),
        ("http://localhost/", "a name"),
        ("http://charger.example/", "a name"),
        ("http://2130706433/", "a name"),
        ("http://0x7f.1/", "a name"),
        ("http://127.1/", "a name"),
        ("http://www.w3.org/2005/08/addressing/anonymous", "a name"),
        (f"http://93.184.216.34/{'x' * 2000}", "characters"),
        ("http://93.184.216.35/", "not where the request came from"),
    ],
)
def test_what_cannot_be_called_is_refused(claim: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        choose_callback(claim, "93.184.216.34", networks=PRIVATE)


def test_an_allowed_network_does_not_lift_the_source() -> None:
    with pytest.raises(ValueError, match="not where the request came from"):
        choose_callback("http://10.0.0.9/", "10.0.0.8", networks=PRIVATE)
    with pytest.raises(ValueError, match="not where the request came from"):
        choose_callback(PUBLIC, None)
    with pytest.raises(ValueError, match="not where the request came from"):
        choose_callback(PUBLIC, "testclient")


def test_another_port_needs_a_list_or_an_allowed_network() -> None:
    other = "http://93.184.216.34:22/"
    with pytest.raises(ValueError, match="another port than 8080"):
        choose_callback(other, "93.184.216.34", stored=PUBLIC)
    same = "http://93.184.216.34:8080/other"
    assert choose_callback(same, "93.184.216.34", stored=PUBLIC) == same
    assert choose_callback(other, "93.184.216.34", stored=PUBLIC, listed=[other]) == other
    moved = "http://10.0.0.1:1/"
    assert (
        choose_callback(moved, "10.0.0.1", stored="http://10.0.0.1:2/", networks=PRIVATE) == moved
    )


def test_a_charge_point_that_moved_is_called_at_its_new_address() -> None:
    moved = "http://93.184.216.99:8080/cp"
    assert choose_callback(moved, "93.184.216.99", stored=PUBLIC) == moved


def test_what_was_learnt_changes_only_with_a_message_that_tells_of_addresses() -> None:
    moved = "http://93.184.216.99:8080/cp"
    with pytest.raises(ValueError, match="tells of no other"):
        choose_callback(moved, "93.184.216.99", stored=PUBLIC, may_move=False)
    path = "http://93.184.216.34:8080/other"
    with pytest.raises(ValueError, match="tells of no other"):
        choose_callback(path, "93.184.216.34", stored=PUBLIC, may_move=False)
    port = "http://10.0.0.1:1/"
    with pytest.raises(ValueError, match="tells of no other"):
        choose_callback(
            port, "10.0.0.1", stored="http://10.0.0.1:2/", may_move=False, networks=PRIVATE
        )
    # The first is learnt from whatever comes first, and a listed one was proven otherwise.
    assert choose_callback(PUBLIC, "93.184.216.34", may_move=False) == PUBLIC
    assert choose_callback(PUBLIC, None, stored=PUBLIC, may_move=False) == PUBLIC
    assert choose_callback(moved, None, stored=PUBLIC, may_move=False, listed=[moved]) == moved


def test_no_claim_changes_nothing() -> None:
    assert choose_callback(None, "93.184.216.34") is None
    assert choose_callback(None, "93.184.216.34", stored=PUBLIC) == PUBLIC


def test_a_list_is_all_that_counts() -> None:
    listed = ("http://charger.example:9000/a", "http://10.0.0.1/b")
    assert choose_callback(None, None, listed=listed) == listed[0]
    assert choose_callback(PUBLIC, "93.184.216.34", listed=listed) == listed[0]
    assert choose_callback(listed[1], "1.2.3.4", listed=listed) == listed[1]
    assert choose_callback(PUBLIC, "93.184.216.34", stored=listed[1], listed=listed) == listed[1]
    assert choose_callback(PUBLIC, "93.184.216.34", stored=PUBLIC, listed=listed) == listed[0]


def test_addresses_are_compared_as_what_they_stand_for() -> None:
    assert str(parse_address("::ffff:1.2.3.4")) == "1.2.3.4"
    assert str(parse_address("fe80::1%eth0")) == "fe80::1"
    assert parse_address("host") is None
    assert check_url("http://host:1/x").hostname == "host"


def test_the_settings_read_networks_and_addresses() -> None:
    settings = Settings(
        callback_networks=["10.0.0.0/8", "fd00::/8"],
        callback_addresses={"CP1": "http://a/", "CP2": ["http://b/", "http://c/"]},
    )
    assert settings.callback_networks == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert settings.callback_addresses["CP1"] == ("http://a/",)
    assert settings.callback_addresses["CP2"] == ("http://b/", "http://c/")
    with pytest.raises(ValueError, match="host bits"):
        Settings(callback_networks=["10.0.0.1/8"])
    with pytest.raises(TypeError, match="not a list of networks"):
        Settings(callback_networks="10.0.0.0/8")
