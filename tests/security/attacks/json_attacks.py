"""Attacks by text messages on an open WebSocket: not JSON, nearly JSON, JSON that is no call."""

from __future__ import annotations

from typing import Final

from tests.security.attacks.attack import (
    FV,
    NI,
    NS,
    OCV,
    PCV,
    TCV,
    Answered,
    Attack,
    Expected,
    Refused,
    Silence,
)

QUIET: Final = Silence()
LIMIT: Final = 128 * 1024


def _one(id: str, tries: str, text: str | bytes, expected: Expected = QUIET) -> Attack:
    sent = text if isinstance(text, bytes) else text.encode()
    return Attack(f"json-{id}", tries, sent, expected)


def _call(
    id: str, tries: str, payload: str, expected: Expected | str, action: str = "Authorize"
) -> Attack:
    told = Refused(expected) if isinstance(expected, str) else expected
    return _one(id, tries, f'[2,"1","{action}",{payload}]', told)


def _start(id: str, tries: str, field: str, value: str, expected: Expected | str) -> Attack:
    """One field of a StartTransaction that is right otherwise."""
    fields = {
        "connectorId": "1",
        "idTag": '"A"',
        "meterStart": "0",
        "timestamp": '"2024-01-01T00:00:00Z"',
    }
    payload = ",".join(f'"{name}":{each}' for name, each in (fields | {field: value}).items())
    return _call(id, tries, f"{{{payload}}}", expected, "StartTransaction")


NOT_A_CALL: Final = [
    _one("empty", "an empty text", ""),
    _one("blank", "nothing but white space", " \t\r\n "),
    _one("word", "a word", "hello"),
    _one("http", "an HTTP request within the WebSocket", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    _one("xml", "an envelope of OCPP-S", "<Envelope/>"),
    _one("object", "an object instead of an array", '{"2":"1"}'),
    _one("null", "null instead of an array", "null"),
    _one("true", "true instead of an array", "true"),
    _one("number", "a number instead of an array", "2"),
    _one("string", "a string instead of an array", '"[2,1]"'),
    _one("empty-array", "an empty array", "[]"),
    _one("nested-empty", "empty arrays in each other", "[[],[[]]]"),
    _one("unclosed", "an array that does not end", '[2,"1","Heartbeat",{}'),
    _one("only-closing", "an array that does not begin", "]]]]"),
    _one("trailing-comma", "a comma too many", '[2,"1","Heartbeat",{},]'),
    _one("missing-comma", "a comma too few", '[2,"1" "Heartbeat",{}]'),
    _one("comment", "a comment", '[2,"1","Heartbeat",{}/* */]'),
    _one("single-quotes", "single quotes", "[2,'1','Heartbeat',{}]"),
    _one("two-arrays", "two calls in one text", '[2,"1","Heartbeat",{}][2,"2","Heartbeat",{}]'),
    _one("lines", "two calls in two lines", '[2,"1","Heartbeat",{}]\n[2,"2","Heartbeat",{}]'),
    _one("garbage-after", "something after the array", '[2,"1","Heartbeat",{}]x'),
    _one("bom", "a byte order mark first", '\ufeff[2,"1","Heartbeat",{}]'),
    _one("nul", "a NUL after the array", '[2,"1","Heartbeat",{}]\0'),
    _one("nul-in-id", "a NUL in the id, not escaped", '[2,"1\0","Heartbeat",{}]'),
    _one("newline-in-id", "a line break in the id, not escaped", '[2,"1\n","Heartbeat",{}]'),
    _one("hex-escape", "an escape that JSON does not have", '[2,"\\x31","Heartbeat",{}]'),
    _one("short-escape", "an escape that is cut off", '[2,"\\u00","Heartbeat",{}]'),
    _one("nan", "NaN in the payload", '[2,"1","Heartbeat",{"a":NaN}]'),
    _one("nan-type", "NaN as the type", '[NaN,"1","Heartbeat",{}]'),
    _one("infinity", "Infinity in the payload", '[2,"1","Heartbeat",{"a":Infinity}]'),
    _one("minus-infinity", "-Infinity in the payload", '[2,"1","Heartbeat",{"a":-Infinity}]'),
    _one("leading-zero", "a number with a leading zero", '[02,"1","Heartbeat",{}]'),
    _one("plus", "a number with a plus", '[+2,"1","Heartbeat",{}]'),
    _one("hex-number", "a hexadecimal number", '[0x2,"1","Heartbeat",{}]'),
    _one("surrogate-in-id", "half a surrogate pair in the id", '[2,"\\ud800","Heartbeat",{}]'),
    _one("deep-arrays", "100,000 arrays in each other", "[" * 100_000),
    _one("deep-closed", "30,000 arrays in each other, closed", "[" * 30_000 + "]" * 30_000),
    _one("deep-objects", "20,000 objects in each other", '{"a":' * 20_000),
    _one("deep-before-id", "depth where the id should be", f"[2,{'[' * 50_000}"),
    _one("quotes", "60,000 quotes", '"' * 60_000),
    _one("backslashes", "120,000 backslashes in a string", '["' + "\\" * 120_000),
    _one("numbers", "an array of 60,000 numbers", f"[{','.join('1' * 60_000)}]"),
]

TYPES_AND_IDS: Final = [
    _one("type-alone", "a type and nothing else", "[2]"),
    _one("type-text", "the type as text", '["2","1","Heartbeat",{}]'),
    _one("type-float", "the type with a fraction", '[2.0,"1","Heartbeat",{}]'),
    _one("type-exponent", "the type with an exponent", '[2e0,"1","Heartbeat",{}]'),
    _one("type-null", "no type", '[null,"1","Heartbeat",{}]'),
    _one("type-true", "a truth value as the type", '[true,"1","Heartbeat",{}]'),
    _one("type-list", "a list as the type", '[[2],"1","Heartbeat",{}]'),
    _one("type-0", "the type 0", '[0,"1","Heartbeat",{}]'),
    _one("type-1", "the type 1", '[1,"1","Heartbeat",{}]'),
    _one("type-5", "the type 5", '[5,"1","Heartbeat",{}]'),
    _one("type-6", "SEND of OCPP 2.1", '[6,"1","NotifyPeriodicEventStream",{}]'),
    _one("type-minus", "a negative type", '[-2,"1","Heartbeat",{}]'),
    _one("type-64-bit", "a type over 64 bits", '[18446744073709551618,"1","Heartbeat",{}]'),
    _one("type-5000", "a type of 5,000 digits", f'[{"2" * 5000},"1","Heartbeat",{{}}]'),
    _one("id-missing", "a call without id and action", "[2,{}]"),
    _one("id-number", "a number as the id", '[2,1,"Heartbeat",{}]'),
    _one("id-null", "null as the id", '[2,null,"Heartbeat",{}]'),
    _one("id-true", "a truth value as the id", '[2,true,"Heartbeat",{}]'),
    _one("id-list", "a list as the id", '[2,["1"],"Heartbeat",{}]'),
    _one("id-object", "an object as the id", '[2,{"1":1},"Heartbeat",{}]'),
    _one("id-empty", "an empty id", '[2,"","Heartbeat",{}]'),
    _one("id-256", "an id of 256 characters", f'[2,"{"i" * 256}","Heartbeat",{{}}]'),
    _one("id-100000", "an id of 100,000 characters", f'[2,"{"i" * 100_000}","Heartbeat",{{}}]'),
    _one("id-37", "an id of 37 characters", f'[2,"{"i" * 37}","Heartbeat",{{}}]',
         Refused(FV, "i" * 37)),
    _one("id-255", "an id of 255 characters", f'[2,"{"i" * 255}","Heartbeat",{{}}]',
         Refused(FV, "i" * 255)),
    _one("id-control", "escape sequences and line breaks in the id, for terminals and logs",
         '[2,"\\u001b[2J\\r\\nroot: ok","Heartbeat",{}]',
         Answered(("\x1b[2J\r\nroot: ok",))),
    _one("id-bidi", "an id that turns the reading direction", '[2,"\u202eCALL","Heartbeat",{}]',
         Answered(("\u202eCALL",))),
    _one("id-null-escape", "an escaped NUL in the id", '[2,"a\\u0000b","Heartbeat",{}]',
         Answered(("a\0b",))),
    _one("id-proto", "an id that is a name of JavaScript's", '[2,"__proto__","Heartbeat",{}]',
         Answered(("__proto__",))),
]  # fmt: skip

SHAPES: Final = [
    _one("two-elements", "a call of two elements", '[2,"1"]', Refused(FV)),
    _one("three-elements", "a call without payload", '[2,"1","Heartbeat"]', Refused(FV)),
    _one("five-elements", "a call with one element more", '[2,"1","Heartbeat",{},{}]', Refused(FV)),
    _one("many-elements", "a call of 20,000 elements", f'[2,"1","Heartbeat"{",{}" * 20_000}]',
         Refused(FV)),
    _one("action-number", "a number as the action", '[2,"1",7,{}]', Refused(FV)),
    _one("action-5000", "a number of 5,000 digits as the action", f'[2,"1",{"9" * 5000},{{}}]',
         Refused(FV)),
    _one("action-null", "null as the action", '[2,"1",null,{}]', Refused(FV)),
    _one("action-list", "a list as the action", '[2,"1",["Heartbeat"],{}]', Refused(FV)),
    _one("action-object", "an object as the action", '[2,"1",{"a":"Heartbeat"},{}]', Refused(FV)),
    _one("action-deep", "depth where the action should be", f'[2,"1",{"[" * 9000}{"]" * 9000},{{}}]',
         Refused(FV)),
    _one("action-empty", "an empty action", '[2,"1","",{}]', Refused(NI)),
    _one("action-unknown", "an action that does not exist", '[2,"1","Explode",{}]', Refused(NI)),
    _one("action-case", "an action in small letters", '[2,"1","heartbeat",{}]', Refused(NI)),
    _one("action-space", "an action with a space", '[2,"1","Heartbeat ",{}]', Refused(NI)),
    _one("action-class", "the name of a class", '[2,"1","HeartbeatRequest",{}]', Refused(NI)),
    _one("action-dunder", "a name of Python's", '[2,"1","__class__",{}]', Refused(NI)),
    _one("action-path", "a path", '[2,"1","../../etc/passwd",{}]', Refused(NI)),
    _one("action-2.0.1", "an action of OCPP 2.0.1", '[2,"1","NotifyReport",{}]', Refused(NI)),
    _one("action-nul", "an action that ends early", '[2,"1","Heartbeat\\u0000",{}]', Refused(NI)),
    _one("action-100000", "an action of 100,000 characters", f'[2,"1","{"A" * 100_000}",{{}}]',
         Refused(NI)),
    _one("action-format", "an action for format functions", '[2,"1","%s%n{0.__class__}",{}]',
         Refused(NI)),
    _one("action-escape", "escape sequences in the action", '[2,"1","\\u001b]0;x\\u0007\\r\\n",{}]',
         Refused(NI)),
    _one("action-reset", "an order for charge points, given to the central system",
         '[2,"1","Reset",{"type":"Hard"}]', Refused(NS)),
    _one("action-remote-start", "likewise, to start a transaction",
         '[2,"1","RemoteStartTransaction",{"idTag":"A"}]', Refused(NS)),
    _one("action-configuration", "likewise, to change a key",
         '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"00"}]', Refused(NS)),
    _one("action-certificate", "likewise, to install a root certificate",
         '[2,"1","InstallCertificate",{}]', Refused(NS)),
    _call("payload-list", "a list as the payload", "[]", FV),
    _call("payload-text", "text as the payload", '"{}"', FV),
    _call("payload-number", "a number as the payload", "1", FV),
    _call("payload-true", "a truth value as the payload", "true", FV),
    _call("payload-null", "null as a payload that needs fields", "null", FV),
    _call("payload-empty", "a payload without what it needs", "{}", OCV),
    _call("payload-deep-65", "depth just over the limit", '{"a":' * 65 + "1" + "}" * 65, FV),
    _call("payload-deep-10000", "a payload 10,000 deep", '{"a":' * 10_000 + "1" + "}" * 10_000, FV),
    _call("payload-deep-lists", "lists 50,000 deep in a payload",
          '{"idTag":' + "[" * 50_000 + "]" * 50_000 + "}", FV),
]  # fmt: skip

VALUES: Final = [
    _call("key-twice", "a key twice, the second to win", '{"idTag":"A","idTag":"B"}', FV),
    _call("key-twice-escaped", "a key twice, once escaped", '{"idTag":"A","id\\u0054ag":"B"}', FV),
    _call("key-twice-spaced", "a key twice, with a space", '{"idTag":"A","idTag" :"B"}', FV),
    _call("key-unknown", "a key that the action does not have", '{"idTag":"A","admin":true}', FV),
    _call("key-proto", "a key for prototypes", '{"idTag":"A","__proto__":{"a":1}}', FV),
    _call("key-empty", "an empty key", '{"idTag":"A","":1}', FV),
    _call("key-case", "a key in small letters", '{"idtag":"A"}', FV),
    _call("key-10000", "10,000 unknown keys",
          "{" + ",".join(f'"{number}":1' for number in range(10_000)) + "}", FV),
    _call("key-100000", "a key of 100,000 characters", f'{{"{"k" * 100_000}":1}}', FV),
    _call("tag-null", "null for a text", '{"idTag":null}', TCV),
    _call("tag-number", "a number for a text", '{"idTag":1}', TCV),
    _call("tag-true", "a truth value for a text", '{"idTag":true}', TCV),
    _call("tag-list", "a list for a text", '{"idTag":["A"]}', TCV),
    _call("tag-object", "an operator of a database for a text", '{"idTag":{"$ne":""}}', TCV),
    _call("tag-21", "a text one too long", f'{{"idTag":"{"A" * 21}"}}', PCV),
    _call("tag-120000", "a text of 120,000 characters", f'{{"idTag":"{"A" * 120_000}"}}', PCV),
    _call("tag-combining", "a text of 21 characters that looks like one",
          '{"idTag":"e' + "\u0301" * 20 + '"}', PCV),
    _start("integer-text", "a number in quotes", "meterStart", '"0"', TCV),
    _start("integer-float", "a fraction of zero", "meterStart", "1.0", TCV),
    _start("integer-exponent", "an exponent", "meterStart", "1e0", TCV),
    _start("integer-huge-exponent", "an exponent that fills the memory", "meterStart",
           "1e999999999", TCV),
    _start("integer-true", "a truth value for a number", "meterStart", "true", TCV),
    _start("integer-null", "null for a number", "meterStart", "null", TCV),
    _start("integer-64", "a number over 64 bits", "meterStart", "9223372036854775808", PCV),
    _start("integer-minus-64", "a number under 64 bits", "meterStart", "-9223372036854775809", PCV),
    _start("integer-5000", "a number of 5,000 digits", "meterStart", "9" * 5000, PCV),
    _start("integer-100000", "a number of 100,000 digits", "meterStart", "9" * 100_000, PCV),
    _start("connector-0", "a transaction on no connector: kept as it is reported (C 3.7)", "connectorId", "0", Answered()),
    _start("connector-minus", "a connector below zero: likewise", "connectorId", "-1", Answered()),
    _start("time-number", "seconds for a timestamp", "timestamp", "1000000", TCV),
    _start("time-digits", "seconds in quotes", "timestamp", '"1000000"', TCV),
    _start("time-empty", "an empty timestamp", "timestamp", '""', TCV),
    _start("time-naive", "a timestamp without offset", "timestamp", '"2024-01-01T00:00:00"', TCV),
    _start("time-month", "a month too many", "timestamp", '"2024-13-01T00:00:00Z"', TCV),
    _start("time-day", "30 February", "timestamp", '"2024-02-30T00:00:00Z"', TCV),
    _start("time-year", "the year 0", "timestamp", '"0000-01-01T00:00:00Z"', TCV),
    _start("time-offset", "an offset of 99 hours", "timestamp", '"2024-01-01T00:00:00+99:00"', TCV),
    _start("time-fraction", "a fraction that ends in letters", "timestamp",
           f'"2024-01-01T00:00:00.{"0" * 1000}xZ"', TCV),
    _start("time-arabic", "digits of another script", "timestamp",
           '"\u0662\u0660\u0662\u0664-01-01T00:00:00Z"', TCV),
    _start("time-sql", "a command where a time is due", "timestamp", '"now(); DROP TABLE a"', TCV),
    _call("enum-unknown", "a status that does not exist",
          '{"connectorId":1,"errorCode":"NoError","status":"Free"}', PCV, "StatusNotification"),
    _call("enum-case", "a status in small letters",
          '{"connectorId":1,"errorCode":"NoError","status":"available"}', PCV,
          "StatusNotification"),
    _call("enum-120000", "a status of 120,000 characters",
          f'{{"connectorId":1,"errorCode":"NoError","status":"{"A" * 120_000}"}}', PCV,
          "StatusNotification"),
    _call("enum-number", "a number for a status",
          '{"connectorId":1,"errorCode":"NoError","status":1}', TCV, "StatusNotification"),
    _call("many-values", "a list of 30,000 empty meter values",
          f'{{"connectorId":1,"meterValue":[{",".join(["{}"] * 30_000)}]}}', OCV, "MeterValues"),
    _call("boot-vendor", "a vendor's name too long",
          f'{{"chargePointVendor":"{"V" * 21}","chargePointModel":"M"}}', PCV, "BootNotification"),
]  # fmt: skip

ANSWERS: Final = [
    _one("result-unknown", "an answer to no call", '[3,"1",{}]'),
    _one("result-forged", "an answer to a call that may come", '[3,"1",{"status":"Accepted"}]'),
    _one("result-short", "an answer of two elements", '[3,"1"]'),
    _one("result-long", "an answer of four elements", '[3,"1","Heartbeat",{}]'),
    _one("result-id", "an answer without a usable id", "[3,{},{}]"),
    _one("result-deep", "an answer 10,000 deep", '[3,"1",' + "[" * 10_000 + "]" * 10_000 + "]"),
    _one("error-unknown", "an error to no call", '[4,"1","GenericError","",{}]'),
    _one("error-code", "an error whose code is a list", '[4,"1",[],"",{}]'),
    _one("error-short", "an error of two elements", '[4,"1"]'),
    _one("error-long", "an error of 20,000 elements", '[4,"1"' + ",1" * 20_000 + "]"),
    _one("error-details", "an error with 100,000 characters of details",
         f'[4,"1","GenericError","",{{"a":"{"x" * 100_000}"}}]'),
]  # fmt: skip

_HARMLESS: Final = {
    "sql": "'; DROP TABLE a;--",
    "sql-union": "' UNION SELECT 1--",
    "shell": "$(reboot)",
    "shell-backticks": "`id`",
    "shell-pipe": "|nc -l 4444",
    "format": "%s%s%n",
    "format-braces": "{0.__class__}",
    "template": "{{7*7}}",
    "jndi": "${jndi:ldap://a/b}",
    "html": "<script>alert(1)",
    "path": "../../../etc/passwd",
    "crlf": "a\\r\\nadmin: ok",
    "ansi": "\\u001b[31mred",
    "bidi": "\u202eabc",
    "nul": "a\\u0000b",
    "formula": "=1+1",
    "emoji": "\U0001f697" * 20,
    "ldap": "*)(uid=*))",
    "xpath": "' or '1'='1",
}

AS_DATA: Final = [
    _call(f"tag-{name}", f"a tag that is a trick ({name}): to us it is a text like any other",
          f'{{"idTag":"{text}"}}', Answered())
    for name, text in _HARMLESS.items()
]  # fmt: skip

LARGE: Final = [
    _one("blank-128k", "a call padded to the limit", b'[2,"1","Heartbeat",{}]'.ljust(LIMIT),
         Answered()),
    _call("values-2000", "2,000 sampled values in one message",
          '{"connectorId":1,"meterValue":[{"timestamp":"2024-01-01T00:00:00Z","sampledValue":['
          + ",".join(['{"value":"1"}'] * 2000) + "]}]}", Answered(), "MeterValues"),
    _call("data-100000", "100,000 characters of data", f'{{"vendorId":"a","data":"{"x" * 100_000}"}}',
          Answered(), "DataTransfer"),
    _call("data-escapes", "20,000 escaped characters",
          '{"vendorId":"a","data":"' + "\\u0001" * 20_000 + '"}', Answered(),
          "DataTransfer"),
]  # fmt: skip

ALL: Final = [*NOT_A_CALL, *TYPES_AND_IDS, *SHAPES, *VALUES, *ANSWERS, *AS_DATA, *LARGE]
