"""zeep by itself, from the official WSDL and from ours: every operation of both services.

zeep makes its requests by its own types from the same full payload that ours are made of, and what
it makes of our answers is compared with that payload, too. It has nothing of this library but the
address and, in one case, the WSDL that we serve.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from ocpp16 import CentralSystem, ChargePoint, messages
from ocpp16.bindings.ocpps import wsdl
from ocpp16.bindings.ocpps.envelope import WSA
from ocpp16.spec import FieldKind, FieldSpec, Side, TypeSpec
from ocpp16.structure import Structure
from tests.strategies import full_payload
from tests.transports.full import all_requests, answer_everything, received_by
from tests.transports.wsgi import serving

zeep: Any = pytest.importorskip("zeep")
spyne = pytest.importorskip("ocpp16.transports.spyne")
spyne_role = pytest.importorskip("ocpp16.transports.spyne_role")
helpers = pytest.importorskip("zeep.helpers")

pytestmark = pytest.mark.interop

CENTRAL, STATION = Side.CENTRAL_SYSTEM, Side.CHARGE_POINT
HERE = "http://127.0.0.1:1/"
FILES = {
    CENTRAL: "OCPP_CentralSystemService_1.6.wsdl",
    STATION: "OCPP_ChargePointService_1.6.wsdl",
}
SAFE = {"forbid_dtd": True, "forbid_entities": True, "forbid_external": True}


def official_wsdl(official: Path, side: Side) -> Path:
    (found,) = official.rglob(FILES[side])
    return found


def client_of(source: Any) -> Any:
    # Not strict: the official WSDL has a header part that zeep does not find in its message.
    settings = zeep.Settings(strict=False, **SAFE)
    transport = zeep.Transport(timeout=10, operation_timeout=10)
    return zeep.Client(source, settings=settings, transport=transport, plugins=[From()])


def their_service(client: Any, url: str) -> Any:
    (binding,) = client.wsdl.bindings
    return client.create_service(binding, url)


HEADERS = {"ChargeBoxIdentity": "CP1"}


class From(zeep.Plugin):  # type: ignore[misc]
    """Adds the one header that neither zeep nor the WSDL tells of; a plugin of zeep."""

    def egress(self, envelope: Any, http_headers: Any, operation: Any, options: Any) -> None:
        sender = etree.SubElement(envelope[0], f"{{{WSA}}}From")
        etree.SubElement(sender, f"{{{WSA}}}Address").text = HERE


def payload(cls: type[Structure]) -> dict[str, Any]:
    """Return the full payload of a message, as SOAP has it."""
    found = _on_soap(cls.SPEC, full_payload(cls.SPEC))
    if cls is messages.BootNotificationResponse:
        found["status"] = "Accepted"
    return found


def _on_soap(spec: TypeSpec, values: dict[str, Any]) -> dict[str, Any]:
    return {field.wire: _value(field, values[field.wire]) for field in spec.fields}


def _value(field: FieldSpec, value: Any) -> Any:
    if field.many:
        return [_single(field, item) for item in value]
    return _single(field, value)


def _single(field: FieldSpec, value: Any) -> Any:
    if field.kind is FieldKind.OBJECT:
        assert field.cls is not None and issubclass(field.cls, Structure)
        return _on_soap(field.cls.SPEC, value)
    return datetime.fromisoformat(value) if field.kind is FieldKind.TIMESTAMP else value


def plain(value: Any) -> Any:
    """Return what zeep made of an answer, without its types."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


def they_call(client: Any, url: str, side: Side) -> None:
    service = their_service(client, url)
    for action in received_by(side):
        operation = getattr(service, action.name)
        answer = operation(**payload(action.request), _soapheaders=HEADERS)
        due = payload(action.response)
        if len(due) == 1 and not isinstance(answer, dict):
            # zeep takes a lone field out of its message.
            (due,) = due.values()
        assert plain(helpers.serialize_object(answer, dict)) == (due or None), action.name


def call_central_system(source: Any) -> None:
    """Let zeep call our HTTP server; `source` is None to ask that for it."""
    central = CentralSystem()
    seen = answer_everything(central.on, CENTRAL)

    async def main() -> None:
        async with central.serve(soap="http://127.0.0.1:0/ocpp") as server:
            url = server.urls.soap
            client = await asyncio.to_thread(client_of, source or f"{url}?wsdl")
            await asyncio.to_thread(they_call, client, url, CENTRAL)

    asyncio.run(main())
    assert seen == all_requests(CENTRAL)


def call_charge_point(source: Any) -> None:
    station = ChargePoint("CP1")
    seen = answer_everything(station.on, STATION)

    async def main() -> None:
        async with station.connect(HERE, listen="http://127.0.0.1:0/") as backend:
            url = backend.info.callback or ""
            client = await asyncio.to_thread(client_of, source or f"{url}?wsdl")
            await asyncio.to_thread(they_call, client, url, STATION)

    asyncio.run(main())
    assert seen == all_requests(STATION)


def test_official_wsdl_and_our_central_system(official: Path) -> None:
    call_central_system(str(official_wsdl(official, CENTRAL)))


def test_official_wsdl_and_our_charge_point(official: Path) -> None:
    call_charge_point(str(official_wsdl(official, STATION)))


def test_served_wsdl_and_our_central_system() -> None:
    call_central_system(None)


def test_served_wsdl_and_our_charge_point() -> None:
    call_charge_point(None)


@contextmanager
def behind_spyne() -> Iterator[tuple[str, dict[str, Any]]]:
    central = CentralSystem()
    seen = answer_everything(central.on, CENTRAL)
    application = spyne_role.CentralService(central).application
    with serving(spyne.WsgiServer(application)) as url:
        yield url, seen


def test_served_wsdl_and_our_central_system_behind_spyne() -> None:
    with behind_spyne() as (url, seen):
        they_call(client_of(f"{url}?wsdl"), url, CENTRAL)
    assert seen == all_requests(CENTRAL)


@pytest.mark.parametrize("side", list(Side))
def test_zeep_sees_the_same_in_both_wsdls(official: Path, side: Side) -> None:
    ours = client_of(io.BytesIO(wsdl(side)))
    theirs = client_of(str(official_wsdl(official, side)))
    assert signatures(ours) == signatures(theirs)
    assert types_of(ours) == types_of(theirs)


def signatures(client: Any) -> dict[str, Any]:
    (binding,) = client.wsdl.bindings.values()
    return {
        name: (
            operation.soapaction,
            operation.style,
            operation.abstract.wsa_action,
            operation.input.signature(),
            operation.output.signature(),
        )
        for name, operation in binding.all().items()
    }


def types_of(client: Any) -> dict[str, str]:
    return {
        str(each.qname): each.signature(schema=client.wsdl.types)
        for each in client.wsdl.types.types
        if each.qname is not None and str(each.qname).startswith("{urn://Ocpp")
    }


def test_fault_is_a_fault_to_zeep() -> None:
    with behind_spyne() as (url, _):
        client = client_of(f"{url}?wsdl")
        service = their_service(client, url)
        with pytest.raises(zeep.exceptions.Fault) as caught:
            service.Authorize(idTag="x" * 21, _soapheaders=HEADERS)
    assert caught.value.message.startswith("PropertyConstraintViolation: /idTag: ")
    assert [name.localname for name in caught.value.subcodes] == ["ProtocolError"]
