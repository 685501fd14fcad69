"""Addresses that peers name, to make us connect where they want: callbacks and places of files."""

from __future__ import annotations

from typing import Final

import attrs

METADATA: Final = "it is link-local, a metadata service, or no address of a host"
PRIVATE: Final = "it is private or loopback, in a network that is not allowed"
UNFIT: Final = "it holds a character that an address here has not"
SCHEME: Final = "it is neither http nor https"
NO_HOST: Final = "it names no host"


@attrs.frozen
class Claim:
    """What a request says in `From`, and why it is not believed."""

    id: str
    tries: str
    claim: str
    expected: str
    source: str = "203.0.113.5"
    stored: str | None = None


def _name(host: str) -> str:
    return f"the host {host!r} is a name, and not listed"


def _foreign(source: str = "203.0.113.5") -> str:
    return f"it is not where the request came from ({source}), and not listed"


CLAIMS: Final = [
    Claim("metadata", "the metadata service of most clouds", "http://169.254.169.254/", METADATA),
    Claim("metadata-own", "likewise, and as if from there", "http://169.254.169.254/", METADATA,
          "169.254.169.254"),
    Claim("metadata-alibaba", "that of Alibaba", "http://100.100.100.200/", METADATA),
    Claim("metadata-azure", "the host of Azure", "http://168.63.129.16/", METADATA),
    Claim("metadata-oracle", "that of Oracle", "http://192.0.0.192/", METADATA),
    Claim("metadata-amazon", "that of Amazon over IPv6", "http://[fd00:ec2::254]/", METADATA),
    Claim("metadata-google", "that of Google over IPv6", "http://[fd20:ce::254]/", METADATA),
    Claim("metadata-mapped", "an IPv4 address within IPv6", "http://[::ffff:169.254.169.254]/",
          METADATA),
    Claim("metadata-mapped-hex", "likewise, in hex", "http://[::ffff:a9fe:a9fe]/", METADATA),
    Claim("metadata-6to4", "likewise, as 6to4", "http://[2002:a9fe:a9fe::]/", METADATA),
    Claim("metadata-nat64", "likewise, as NAT64", "http://[64:ff9b::a9fe:a9fe]/", METADATA),
    Claim("link-local", "a neighbour by IPv6", "http://[fe80::1]/", METADATA),
    Claim("link-local-zone", "likewise, with its interface", "http://[fe80::1%25eth0]/", METADATA),
    Claim("any", "the address that stands for any", "http://0.0.0.0/", METADATA),
    Claim("any-6", "likewise in IPv6", "http://[::]/", METADATA),
    Claim("zero-net", "another of its network", "http://0.1.2.3/", METADATA),
    Claim("multicast", "many at once", "http://224.0.0.1/", METADATA),
    Claim("multicast-6", "many at once, in IPv6", "http://[ff02::1]/", METADATA),
    Claim("broadcast", "all at once", "http://255.255.255.255/", METADATA),
    Claim("loopback", "the machine itself", "http://127.0.0.1/", PRIVATE, "127.0.0.1"),
    Claim("loopback-other", "another of its addresses", "http://127.8.8.8/", PRIVATE),
    Claim("loopback-6", "the machine itself, in IPv6", "http://[::1]/", PRIVATE, "::1"),
    Claim("loopback-mapped", "likewise, as IPv4 within IPv6", "http://[::ffff:127.0.0.1]/",
          PRIVATE),
    Claim("private-10", "the operator's network", "http://10.0.0.1/", PRIVATE, "10.0.0.1"),
    Claim("private-172", "likewise", "http://172.16.0.1/", PRIVATE, "172.16.0.1"),
    Claim("private-192", "likewise", "http://192.168.0.1/", PRIVATE, "192.168.0.1"),
    Claim("private-6", "likewise, in IPv6", "http://[fd12::1]/", PRIVATE, "fd12::1"),
    Claim("shared", "a provider's inner network", "http://100.64.0.1/", PRIVATE, "100.64.0.1"),
    Claim("elsewhere", "somebody else's server", "http://198.51.100.7/", PRIVATE),
    Claim("elsewhere-public", "a server of the internet", "http://93.184.216.34/", _foreign()),
    Claim("name", "a name, which can lead anywhere later", "http://internal.example/",
          _name("internal.example")),
    Claim("localhost", "the machine itself, by name", "http://localhost/", _name("localhost")),
    Claim("decimal", "an address as one number", "http://2130706433/", _name("2130706433")),
    Claim("hex", "likewise, in hex", "http://0x7f000001/", _name("0x7f000001")),
    Claim("octal", "an address in octal", "http://0177.0.0.1/", _name("0177.0.0.1")),
    Claim("short", "an address of two numbers", "http://127.1/", _name("127.1")),
    Claim("dot-at-the-end", "an address with a dot at its end", "http://127.0.0.1./",
          _name("127.0.0.1.")),
    Claim("escaped-host", "a host with escapes", "http://%31%32%37.0.0.1/", _name("%31%32%37.0.0.1")),
    Claim("wide-digits", "digits of another script", "http://\uff11\uff12\uff17.0.0.1/", UNFIT),
    Claim("wide-dots", "dots of another script", "http://127\u30020\u30020\u30021/", UNFIT),
    Claim("user", "the right host as the user", "http://203.0.113.5@169.254.169.254/", UNFIT),
    Claim("user-escaped", "likewise, escaped", "http://203.0.113.5%40169.254.169.254/",
          _name("203.0.113.5%40169.254.169.254")),
    Claim("fragment", "the right host as a fragment", "http://169.254.169.254#203.0.113.5/", UNFIT),
    Claim("backslash", "the right host after a backslash", "http://169.254.169.254\\203.0.113.5/",
          UNFIT),
    Claim("newline", "a header within the address", "http://203.0.113.5/\r\nX: y", UNFIT),
    Claim("tab", "a tab, which some readers drop", "ht\ttp://203.0.113.5/", UNFIT),
    Claim("blank", "a blank within", "http://203.0.113.5/ HTTP/1.1", UNFIT),
    Claim("nul", "a NUL within", "http://203.0.113.5\0.example/", UNFIT),
    Claim("file", "a file of ours", "file:///etc/passwd", SCHEME),
    Claim("gopher", "any bytes to any port", "gopher://203.0.113.5:6379/_FLUSHALL", SCHEME),
    Claim("ftp", "another protocol", "ftp://203.0.113.5/", SCHEME),
    Claim("no-scheme", "no protocol at all", "//203.0.113.5/", SCHEME),
    Claim("no-host", "no host at all", "http:///path", NO_HOST),
    Claim("port-0", "port 0", "http://203.0.113.5:0/", "port 0 is none"),
    Claim("port-high", "a port beyond all", "http://203.0.113.5:65536/", "Port out of range 0-65535"),
    Claim("long", "two thousand characters", f"http://203.0.113.5/{'a' * 2000}",
          "it has more than 1024 characters"),
    Claim("other-port", "another port of the same address", "http://93.184.216.34:25/",
          "it names another port than 8080, and is not listed", "93.184.216.34",
          "http://93.184.216.34:8080/"),
]  # fmt: skip


@attrs.frozen
class Place:
    """A location of a file, what its host stands for, and how it is refused."""

    id: str
    tries: str
    location: str
    expected: str
    addresses: tuple[str, ...] = ("93.184.216.34",)


def _unlisted(host: str) -> str:
    return f"the location is not allowed: the host {host!r} is not listed"


def _at(*addresses: str) -> str:
    return f"the location is not allowed: 'files.example' is at {', '.join(addresses)}"


URL: Final = "the location is none: it is no URL"
FORM: Final = "the location is none: it has no host, or forbidden characters"


def _leads(id: str, tries: str, *addresses: str) -> Place:
    """Return one whose host is listed, and stands for addresses that are not for us."""
    return Place(f"leads-{id}", tries, "http://files.example/f", _at(*addresses), addresses)


PLACES: Final = [
    Place("unlisted", "a host that nobody has listed", "http://evil.example/f",
          _unlisted("evil.example")),
    Place("listed-within", "a listed host as a part of another", "http://files.example.evil.example/",
          _unlisted("files.example.evil.example")),
    Place("listed-after", "a host that ends as a listed one", "http://evilfiles.example/f",
          _unlisted("evilfiles.example")),
    Place("dot-at-the-end", "a listed host with a dot", "http://files.example./f",
          _unlisted("files.example.")),
    Place("user", "a listed host as the user", "http://files.example@evil.example/f",
          _unlisted("evil.example")),
    Place("user-and-port", "likewise, with a port", "http://files.example:80@evil.example/f",
          _unlisted("evil.example")),
    Place("two-ats", "two users", "http://a@files.example@evil.example/f",
          _unlisted("evil.example")),
    Place("backslash", "a host that readers see differently", "http://evil.example\\@files.example/",
          FORM),
    Place("fragment", "a listed host behind a fragment", "http://evil.example#@files.example/",
          _unlisted("evil.example")),
    Place("query", "a listed host behind a query", "http://evil.example?@files.example/",
          _unlisted("evil.example")),
    Place("decimal", "an address as one number", "http://2130706433/f", _unlisted("2130706433")),
    Place("hex", "likewise, in hex", "http://0x7f000001/f", _unlisted("0x7f000001")),
    Place("octal", "an address in octal", "http://0177.0.0.1/f", _unlisted("0177.0.0.1")),
    Place("short", "an address of two numbers", "http://127.1/f", _unlisted("127.1")),
    Place("zero", "an address of one digit", "http://0/f", _unlisted("0")),
    Place("mapped", "an IPv4 address within IPv6", "http://[::ffff:127.0.0.1]/f",
          _unlisted("::ffff:127.0.0.1")),
    Place("loopback-6", "the machine itself, in IPv6", "http://[::1]/f", _unlisted("::1")),
    Place("wide", "letters of another script", "http://\uff46iles.example/f", FORM),
    Place("file", "a file of ours", "file://files.example/etc/passwd",
          "the location is not allowed: the scheme 'file'"),
    Place("file-no-host", "likewise, without a host", "file:///etc/passwd", FORM),
    Place("gopher", "any bytes to any port", "gopher://files.example:6379/_FLUSHALL",
          "the location is not allowed: the scheme 'gopher'"),
    Place("sftp", "a protocol that is not ours", "sftp://files.example/f",
          "the location is not allowed: the scheme 'sftp'"),
    Place("data", "the content itself", "data:text/plain,x", FORM),
    Place("no-scheme", "no protocol at all", "//files.example/f",
          "the location is not allowed: the scheme ''"),
    Place("no-host", "no host at all", "http:///f", FORM),
    Place("nothing", "nothing", "", FORM),
    Place("newline", "a header within", "http://files.example/f\r\nX: y", FORM),
    Place("newline-host", "a line end within the host", "http://files.example\n.evil.example/", FORM),
    Place("blank", "a blank within", "http://files.example/f HTTP/1.1", FORM),
    Place("nul", "a NUL within", "http://files.example/\0f", FORM),
    Place("port-0", "port 0", "http://files.example:0/f", FORM),
    Place("port-high", "a port beyond all", "http://files.example:65536/f", URL),
    Place("port-text", "a port that is none", "http://files.example:http/f", URL),
    Place("brackets", "a bracket that does not close", "http://[::1/f", URL),
    _leads("metadata", "a listed name that leads to a metadata service", "169.254.169.254"),
    _leads("metadata-mapped", "likewise, within IPv6", "::ffff:169.254.169.254"),
    _leads("metadata-6", "likewise, that of Amazon", "fd00:ec2::254"),
    _leads("link-local", "a listed name that leads to a neighbour", "fe80::1%2"),
    _leads("any", "a listed name that stands for any address", "0.0.0.0"),
    _leads("private", "a listed name that leads into the private network", "10.0.0.1"),
    _leads("loopback", "a listed name that leads to the machine itself", "127.0.0.1"),
    _leads("loopback-6", "likewise, in IPv6", "::1"),
    _leads("all-private", "many addresses, none for us", "10.0.0.1", "169.254.169.254", "::1"),
]  # fmt: skip
