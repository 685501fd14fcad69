"""The configuration of one charge point: values, changes. Spec: C 5.3, 5.8, 9; SPEC 8, 10.

Names compare without case. A key that is not there means that its function is not there; an
optional boolean that is there can be switched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from ocpp16.datatypes import KeyValue
from ocpp16.enums import ConfigurationStatus
from ocpp16.station.configuration_key import BY_NAME, KEYS, Access, KeySpec, items_of
from ocpp16.storage import Change, StationStorage

KIND = "configuration"
Veto = Callable[[str], bool]
"""Tells whether a text that a key would take is refused all the same."""

NO_VALUES: Mapping[str, str] = MappingProxyType({})


class Configuration:
    """The keys of one charge point.

    Args:
        storage: Where changes are kept.
        values: What differs from the defaults; the way to switch a key on that has no default.
        absent: Names of keys that this charge point does not have.
        vendor_keys: Keys beyond the standard.
        profiles: Feature profiles supported; keys of others are not there. None is all.

    Raises:
        ValueError: A value is none that its key takes.
    """

    def __init__(
        self,
        storage: StationStorage,
        *,
        values: Mapping[str, str] = NO_VALUES,
        absent: Iterable[str] = (),
        vendor_keys: Iterable[KeySpec] = (),
        profiles: Iterable[str] | None = None,
    ) -> None:
        self._storage = storage
        self._specs = dict(BY_NAME)
        self._specs |= {key.name.casefold(): key for key in vendor_keys}
        self._values: dict[str, str] = {}
        self._after_reboot: dict[str, str] = {}
        self._vetoes: dict[str, Veto] = {}
        supported = None if profiles is None else {*profiles, "Core", "Security", "Vendor"}
        missing = {name.casefold() for name in absent}
        for name, spec in self._specs.items():
            is_there = supported is None or spec.profile in supported
            if spec.default is not None and is_there and name not in missing:
                self._values[name] = spec.default
        for name, value in values.items():
            spec = self._spec(name)
            if not spec.takes(value, most_items=self._most_items(spec, values)):
                raise ValueError(f"{name} does not take {value!r}")
            self._values[name.casefold()] = value
        for key, stored in storage.read(KIND).items():
            # A key that a new firmware no longer has is left alone.
            if key in self._known() and isinstance(stored, str):
                self._values[key] = stored

    def _known(self) -> set[str]:
        # AuthorizationKey and CpoName are there before they have a value.
        return {*self._values, "authorizationkey", "cponame"}

    def _spec(self, name: str) -> KeySpec:
        spec = self._specs.get(name.casefold())
        if spec is None:
            raise ValueError(f"there is no key {name!r}")
        return spec

    # What a central system does

    def forbid(self, name: str, veto: Veto) -> None:
        """Let a rule beyond the type of a key refuse values, after all other checks."""
        self._vetoes[name.casefold()] = veto

    def change(self, name: str, value: str) -> ConfigurationStatus:
        """Change a key as a central system asks for it.

        Raises:
            StorageFailed: It could not be stored, and is not changed.
        """
        key = name.casefold()
        spec = self._specs.get(key)
        if spec is None or key not in self._known():
            return ConfigurationStatus.NOT_SUPPORTED
        veto = self._vetoes.get(key)
        is_fit = (
            spec.access is not Access.READ
            and spec.takes(value, most_items=self._most_items(spec))
            and (veto is None or not veto(value))
        )
        if not is_fit:
            return ConfigurationStatus.REJECTED
        self._storage.write([Change(KIND, key, value)])
        if spec.needs_reboot:
            self._after_reboot[key] = value
            return ConfigurationStatus.REBOOT_REQUIRED
        self._values[key] = value
        return ConfigurationStatus.ACCEPTED

    def read(self, names: Iterable[str]) -> tuple[list[KeyValue], list[str]]:
        """Return the keys asked for, or all without a name; and the names that are unknown.

        More names than GetConfigurationMaxKeys are answered for the first so many.
        """
        asked = list(names)
        if not asked:
            return [self._shown(key) for key in self._specs if key in self._known()], []
        known, unknown = [], []
        for name in asked[: self.integer("GetConfigurationMaxKeys")]:
            if name.casefold() in self._known():
                known.append(self._shown(name.casefold()))
            else:
                unknown.append(name)
        return known, unknown

    def _shown(self, key: str) -> KeyValue:
        spec = self._specs[key]
        # J 6.2.2: a key that can only be written is shown without its value.
        value = None if spec.access is Access.WRITE else self._values.get(key)
        return KeyValue(key=spec.name, readonly=spec.access is Access.READ, value=value)

    def _most_items(self, spec: KeySpec, values: Mapping[str, str] = NO_VALUES) -> int:
        if spec.access is Access.READ:
            return len(KEYS)
        name = f"{spec.name}MaxLength"
        given = {key.casefold(): value for key, value in values.items()}
        text = given.get(name.casefold(), self._values.get(name.casefold()))
        # SPEC 8: without its ...MaxLength a list has one item.
        return 1 if text is None else int(text)

    # What a charge point does

    def set(self, name: str, value: str) -> None:
        """Set a key from inside, whatever its access.

        Raises:
            ValueError: There is no such key, or it does not take the value.
            StorageFailed: It could not be stored, and is not changed.
        """
        spec = self._spec(name)
        if not spec.takes(value, most_items=self._most_items(spec)):
            raise ValueError(f"{name} does not take {value!r}")
        self._storage.write([Change(KIND, name.casefold(), value)])
        self._values[name.casefold()] = value

    def reboot(self) -> None:
        """Let changes take effect that waited for a reboot."""
        self._values |= self._after_reboot
        self._after_reboot.clear()

    def has(self, name: str) -> bool:
        """Tell whether a key is there: whether its function exists."""
        return name.casefold() in self._values

    def text(self, name: str) -> str | None:
        """Return the value of a key; None where it has none."""
        return self._values.get(name.casefold())

    def integer(self, name: str, default: int = 0) -> int:
        """Return the value of an integer key."""
        value = self._values.get(name.casefold())
        return default if value is None else int(value)

    def is_on(self, name: str) -> bool:
        """Tell whether a boolean key is there and true."""
        return self._values.get(name.casefold(), "").casefold() == "true"

    def items(self, name: str) -> tuple[str, ...]:
        """Return the items of a list."""
        return items_of(self._values.get(name.casefold(), ""))
