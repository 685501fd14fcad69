"""Attacks by envelopes: what XML can do, what SOAP can do, what OCPP-S forbids."""

from __future__ import annotations

from typing import Final

from tests.security.attacks.attack import (
    NOT_SUPPORTED,
    PROTOCOL,
    Attack,
    Expected,
    Http,
    SoapFault,
)
from tests.security.attacks.wire import SOAP, envelope, post, soap_head

NS15: Final = "urn://Ocpp/Cs/2012/06/"
NS_CP: Final = "urn://Ocpp/Cp/2015/10/"
SOAP11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
FINE: Final = Http(200)


def _xml(id: str, tries: str, body: bytes, expected: Expected = PROTOCOL) -> Attack:
    return Attack(f"xml-{id}", tries, post(body), expected)


def _with_type(id: str, tries: str, declared: str, body: str = "<o:heartbeatRequest/>") -> Attack:
    return _xml(id, tries, envelope(body, before=f"<!DOCTYPE x {declared}>"))


_LOL: Final = "<!ENTITY l0 'lol'>" + "".join(
    f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10)
)
_MANY_ATTRIBUTES: Final = "".join(f" a{number}='x'" for number in range(200))
_MANY_NAMESPACES: Final = "".join(f" xmlns:a{number}='urn:{number}'" for number in range(200))
_INCLUDE: Final = "<i:include xmlns:i='http://www.w3.org/2001/XInclude' href='{}' parse='text'/>"

XML: Final = [
    _xml("empty", "no body at all", b""),
    _xml("word", "no XML", b"hello"),
    _xml("json", "a call of OCPP-J", b'[2,"1","Heartbeat",{}]'),
    _xml("html", "a page", b"<html><body>hello</body></html>"),
    _xml("cut", "an envelope that does not end", envelope()[:-20]),
    _xml("two-roots", "two envelopes", envelope() + envelope()),
    _xml("garbage-after", "something after the envelope", envelope() + b"x"),
    _xml("nul", "a NUL in the text", envelope(soap_head("EV\0IL"))),
    _xml("control", "a control character as a reference",
         envelope(head=soap_head("EV&#1;IL"))),
    _xml("surrogate", "half a surrogate pair as a reference",
         envelope(head=soap_head("EV&#xD800;IL"))),
    _xml("not-utf8", "a byte that UTF-8 does not have",
         envelope(head=soap_head("EVIL")).replace(b"EVIL", b"EV\xffIL")),
    _xml("overlong", "a `<` in two bytes",
         envelope(head=soap_head("EVIL")).replace(b"EVIL", b"\xc0\xbcEVIL")),
    _xml("utf-16", "another encoding", envelope().decode().encode("utf-16")),
    _xml("utf-32", "another encoding", envelope().decode().encode("utf-32")),
    _xml("utf-7", "a declared encoding that hides tags",
         envelope(before="<?xml version='1.0' encoding='UTF-7'?>")),
    _xml("ebcdic", "a declared encoding in which `<` is another byte",
         envelope(before="<?xml version='1.0' encoding='cp037'?>")),
    _xml("latin-1", "a declared encoding of old",
         envelope(before="<?xml version='1.0' encoding='ISO-8859-1'?>")),
    _with_type("doctype", "a document type, harmless of itself", ""),
    _with_type("doctype-external", "a document type elsewhere", "SYSTEM 'http://127.0.0.1:9/x'"),
    _with_type("doctype-public", "a public document type", "PUBLIC 'a' 'http://127.0.0.1:9/x'"),
    _with_type("entity-file", "a file of the machine (XXE)",
               "[<!ENTITY e SYSTEM 'file:///etc/passwd'>]", "<o:heartbeatRequest>&e;</o:heartbeatRequest>"),
    _with_type("entity-network", "a request from the server (XXE, SSRF)",
               "[<!ENTITY e SYSTEM 'http://127.0.0.1:9/x'>]", "<o:heartbeatRequest>&e;</o:heartbeatRequest>"),
    _with_type("entity-parameter", "a parameter entity",
               "[<!ENTITY % e SYSTEM 'http://127.0.0.1:9/x'> %e;]"),
    _with_type("entity-php", "a filter of another language",
               "[<!ENTITY e SYSTEM 'php://filter/read=convert.base64-encode/resource=/etc/passwd'>]",
               "<o:heartbeatRequest>&e;</o:heartbeatRequest>"),
    _with_type("billion-laughs", "entities that grow tenfold each", f"[{_LOL}]",
               "<o:heartbeatRequest>&l9;</o:heartbeatRequest>"),
    _with_type("quadratic", "one long entity many times", f"[<!ENTITY q '{'x' * 40_000}'>]",
               "&q;" * 15_000),
    _with_type("notation", "a notation", "[<!NOTATION n SYSTEM 'x'>]"),
    _with_type("attribute-list", "attributes by default", "[<!ATTLIST x a CDATA 'b'>]"),
    _xml("doctype-after-comment", "a document type behind a comment",
         envelope(before="<!-- x --><!DOCTYPE x []>")),
    _xml("entity-undeclared", "an entity that nobody declared",
         envelope("<o:heartbeatRequest>&e;</o:heartbeatRequest>")),
    _xml("entity-html", "an entity of HTML",
         envelope("<o:heartbeatRequest>&nbsp;</o:heartbeatRequest>")),
    _xml("depth-65", "depth just over the limit",
         envelope("<o:heartbeatRequest>" + "<a>" * 64 + "</a>" * 64 + "</o:heartbeatRequest>")),
    _xml("depth-9000", "9,000 elements in each other", envelope("<a>" * 9000 + "</a>" * 9000)),
    _xml("depth-open", "30,000 elements that do not end", envelope("<a>" * 30_000)),
    _xml("attributes", "200 attributes", envelope(f"<o:heartbeatRequest{_MANY_ATTRIBUTES}/>")),
    _xml("namespaces", "200 namespaces", envelope(f"<o:heartbeatRequest{_MANY_NAMESPACES}/>")),
    _xml("attribute-twice", "an attribute twice", envelope("<o:heartbeatRequest a='1' a='2'/>")),
    _xml("attribute-twice-by-namespace", "an attribute twice by two prefixes",
         envelope("<o:heartbeatRequest xmlns:p='u' xmlns:q='u' p:a='1' q:a='2'/>")),
    _xml("prefix-unbound", "a prefix that stands for nothing", envelope("<p:heartbeatRequest/>")),
    _xml("xinclude-file", "a file of the machine (XInclude)",
         envelope(f"<o:heartbeatRequest>{_INCLUDE.format('file:///etc/passwd')}</o:heartbeatRequest>")),
    _xml("xinclude-header", "likewise in a header",
         envelope(head=soap_head() + _INCLUDE.format("http://127.0.0.1:9/x"))),
    _xml("comment-in-identity", "an identity that readers see differently",
         envelope(head=soap_head("EV<!-- x -->IL")), FINE),
    _xml("element-in-identity", "likewise with an element",
         envelope(head=soap_head("EV<x/>IL"))),
    _xml("quotes", "60,000 quotes in a tag", envelope("<a " + "'" * 60_001 + ">")),
    _xml("comments", "15,000 comments that begin", envelope("<!--" * 15_000)),
    _xml("cdata", "10,000 sections that begin", envelope("<![CDATA[" * 10_000)),
    _xml("instruction", "a style sheet from elsewhere",
         envelope(before="<?xml-stylesheet href='http://127.0.0.1:9/x'?>"), FINE),
    _xml("names", "4,000 names that differ", envelope("".join(f"<a{n}/>" for n in range(4000)))),
]  # fmt: skip

SOAP_ATTACKS: Final = [
    _xml("soap-1.1", "an envelope of SOAP 1.1", envelope(soap=SOAP11),
         SoapFault(500, "VersionMismatch", None)),
    _xml("soap-other", "an envelope of another namespace", envelope(soap="urn:x")),
    _xml("no-body", "an envelope without body",
         f"<s:Envelope xmlns:s='{SOAP}'><s:Header/></s:Envelope>".encode()),
    _xml("body-empty", "an empty body", envelope("")),
    _xml("body-twice", "two bodies", envelope().replace(b"</s:Body>", b"</s:Body><s:Body/>")),
    _xml("body-two", "two requests in a body",
         envelope("<o:heartbeatRequest/><o:heartbeatRequest/>")),
    _xml("body-text", "text in a body", envelope("x<o:heartbeatRequest/>")),
    _xml("body-fault", "a Fault as a request",
         envelope("<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason/></s:Fault>")),
    _xml("body-response", "an answer as a request, to be taken for one of another's",
         envelope("<o:heartbeatResponse/>")),
    _xml("header-after", "a header behind the body",
         envelope().replace(b"</s:Body>", b"</s:Body><s:Header/>")),
    _xml("must-understand", "a header that has to be understood",
         envelope(head=soap_head() + "<x xmlns='u' s:mustUnderstand='true'/>"),
         SoapFault(500, "MustUnderstand", None)),
    _xml("ws-security", "a signature that nobody checks",
         envelope(head=soap_head() + "<w:Security xmlns:w='http://docs.oasis-open.org/wss/2004/01/"
                  "oasis-200401-wss-wssecurity-secext-1.0.xsd' s:mustUnderstand='1'/>"),
         SoapFault(500, "MustUnderstand", None)),
    _xml("no-identity", "no identity",
         envelope(head=soap_head().partition("</o:chargeBoxIdentity>")[2])),
    _xml("two-identities", "two identities",
         envelope(head=soap_head() + "<o:chargeBoxIdentity>BYSTANDER</o:chargeBoxIdentity>")),
    _xml("identity-empty", "an empty identity", envelope(head=soap_head(""))),
    _xml("identity-49", "an identity of 49 characters", envelope(head=soap_head("C" * 49))),
    _xml("identity-dots", "the way up as an identity", envelope(head=soap_head(".."))),
    _xml("identity-newline", "a line break in the identity",
         envelope(head=soap_head("A&#13;&#10;B"))),
    _xml("identity-escape", "an escape in the identity", envelope(head=soap_head("A&#x85;B"))),
    _xml("no-action", "no Action",
         envelope(head=soap_head().replace("<a:Action>/Heartbeat</a:Action>", ""))),
    _xml("action-other", "an Action that is not the body's",
         envelope(head=soap_head(action="Authorize"))),
    _xml("two-actions", "two Actions", envelope(head=soap_head() + "<a:Action>/Reset</a:Action>")),
    _xml("no-message-id", "no MessageID",
         envelope(head=soap_head().replace("<a:MessageID>urn:uuid:1</a:MessageID>", ""))),
    _xml("no-from", "no From", envelope(head=soap_head().partition("<a:From>")[0])),
    _xml("action-unknown", "an action that does not exist",
         envelope("<o:explodeRequest/>", soap_head(action="Explode")), NOT_SUPPORTED),
    _xml("action-reset", "an order for charge points, given to the central system",
         envelope("<o:resetRequest><o:type>Hard</o:type></o:resetRequest>",
                  soap_head(action="Reset")), NOT_SUPPORTED),
    _xml("action-json-only", "an action of the security extension, which SOAP does not have",
         envelope("<o:signCertificateRequest/>", soap_head(action="SignCertificate")),
         NOT_SUPPORTED),
    _xml("service-1.5", "the namespace of OCPP 1.5", envelope(service=NS15)),
    _xml("service-other", "the namespace of the other service", envelope(service=NS_CP)),
    _xml("service-none", "no namespace", envelope("<heartbeatRequest/>")),
    _xml("field-missing", "a request without what it needs",
         envelope("<o:authorizeRequest/>", soap_head(action="Authorize"))),
    _xml("field-twice", "a field twice",
         envelope("<o:authorizeRequest><o:idTag>A</o:idTag><o:idTag>B</o:idTag>"
                  "</o:authorizeRequest>", soap_head(action="Authorize"))),
    _xml("field-unknown", "a field that the action does not have",
         envelope("<o:heartbeatRequest><o:admin>true</o:admin></o:heartbeatRequest>")),
    _xml("field-nil", "a field that is null",
         envelope("<o:authorizeRequest><o:idTag xmlns:x='http://www.w3.org/2001/XMLSchema-instance'"
                  " x:nil='true'/></o:authorizeRequest>", soap_head(action="Authorize"))),
    _xml("field-elements", "elements where text is due",
         envelope("<o:authorizeRequest><o:idTag><b/></o:idTag></o:authorizeRequest>",
                  soap_head(action="Authorize"))),
    _xml("tag-21", "a text one too long",
         envelope(f"<o:authorizeRequest><o:idTag>{'A' * 21}</o:idTag></o:authorizeRequest>",
                  soap_head(action="Authorize"))),
    _xml("tag-100000", "a text of 100,000 characters",
         envelope(f"<o:authorizeRequest><o:idTag>{'A' * 100_000}</o:idTag></o:authorizeRequest>",
                  soap_head(action="Authorize"))),
    _xml("tag-shell", "a command in a text: to us it is a text like any other",
         envelope("<o:authorizeRequest><o:idTag>$(reboot)</o:idTag></o:authorizeRequest>",
                  soap_head(action="Authorize")), FINE),
    _xml("tag-injection", "tags in a text, escaped: they stay text",
         envelope("<o:authorizeRequest><o:idTag>&lt;/o:idTag&gt;</o:idTag></o:authorizeRequest>",
                  soap_head(action="Authorize")), FINE),
    *(
        _xml(f"integer-{name}", f"a number that is {what}",
             envelope(f"<o:stopTransactionRequest><o:transactionId>{text}</o:transactionId>"
                      "<o:timestamp>2024-01-01T00:00:00Z</o:timestamp><o:meterStop>0</o:meterStop>"
                      "</o:stopTransactionRequest>", soap_head(action="StopTransaction")))
        for name, what, text in (
            ("32", "over 32 bits", "2147483648"),
            ("5000", "of 5,000 digits", "9" * 5000),
            ("nan", "none", "NaN"),
            ("inf", "infinite", "INF"),
            ("float", "no whole one", "1.0"),
            ("exponent", "written with an exponent", "1e999999"),
            ("empty", "empty", ""),
            ("arabic", "of another script", "\u0661"),
        )
    ),
    *(
        _xml(f"time-{name}", f"a timestamp that is {what}",
             envelope("<o:stopTransactionRequest><o:transactionId>1</o:transactionId>"
                      f"<o:timestamp>{text}</o:timestamp><o:meterStop>0</o:meterStop>"
                      "</o:stopTransactionRequest>", soap_head(action="StopTransaction")))
        for name, what, text in (
            ("number", "a number", "1000000"),
            ("naive", "without offset", "2024-01-01T00:00:00"),
            ("february", "30 February", "2024-02-30T00:00:00Z"),
            ("empty", "empty", ""),
        )
    ),
    *(
        _xml(f"from-{name}", f"a callback address that is {what}: answered, and never called",
             envelope(head=soap_head(f"SSRF-{name}").replace("http://127.0.0.1:9/", text)), FINE)
        for name, what, text in (
            ("metadata", "a cloud's metadata service", "http://169.254.169.254/latest/meta-data"),
            ("file", "a file", "file:///etc/passwd"),
            ("gopher", "of another scheme", "gopher://127.0.0.1:6379/_FLUSHALL"),
            ("other", "somebody else's", "http://198.51.100.1/"),
            ("userinfo", "another than it looks", "http://127.0.0.1@169.254.169.254/"),
            ("decimal", "written as a number", "http://2852039166/"),
            ("mapped", "IPv4 in IPv6", "http://[::ffff:169.254.169.254]/"),
            ("name", "a name that may stand for anything", "http://metadata.google.internal/"),
            ("crlf", "two lines", "http://127.0.0.1:9/%0d%0aX: y"),
            ("100000", "100,000 characters long", "http://127.0.0.1/" + "a" * 100_000),
        )
    ),
    _xml("reply-to", "an answer to be sent elsewhere: it comes in the same exchange",
         envelope(head=soap_head() + "<a:ReplyTo><a:Address>http://127.0.0.1:9/</a:Address>"
                  "</a:ReplyTo>"), FINE),
]  # fmt: skip
