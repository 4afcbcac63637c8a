"""Find and load plugins. A file or folder in methods/ or datasets/ is one; its name is used on the command line."""

import difflib
import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import cached_property
from types import MappingProxyType, ModuleType
from typing import Any

from pydantic import ValidationError

import datasets
import methods
from benchmarks import plugin_faults
from benchmarks.errors import PluginError, UsageError
from datasets import Dataset
from methods import Method


def nearest(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for an unknown name, which suggests the most similar known name."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return UsageError(f"unknown {kind} {name!r}: {hint}There are: {', '.join(known)}")


def names(package: ModuleType) -> list[str]:
    """The names of the plugins of a package, sorted. Nothing is imported."""
    found = (module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_"))
    return sorted(set(found) - getattr(package, "NO_PLUGINS", frozenset()))


def load(package: ModuleType, name: str, base: type) -> type:
    """The one subclass of `base` that a plugin defines.

    Raises UsageError for an unknown name, PluginError where it cannot be imported or defines several classes.
    """
    if name not in names(package):
        raise nearest(base.__name__.lower(), name, names(package))
    module = _imported(f"{package.__name__}.{name}")
    found = [
        member
        for member in vars(module).values()
        if inspect.isclass(member) and issubclass(member, base) and member.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise PluginError(f"{module.__name__} defines {len(found)} subclasses of {base.__name__}: a plugin defines one")
    return found[0]


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:  # the code of a plugin may raise anything
        raise plugin_faults.unloadable(name, error) from error


def loadable(package: ModuleType, base: type) -> Iterator[tuple[str, type]]:
    """The plugins of a package that can be loaded, for those who ask for any that can do something."""
    for name in names(package):
        with suppress(PluginError):
            yield name, load(package, name, base)


def method(name: str) -> type[Method]:
    """The method of that name. Raises UsageError, with the most similar name, if there is none."""
    return load(methods, name, Method)


def dataset(name: str, settings: Mapping[str, Any] = MappingProxyType({})) -> Dataset:
    """The dataset of that name, with its settings.

    Raises UsageError, with the most similar name, if there is none, and for a setting that it does not have.
    """
    cls = load(datasets, name, Dataset)
    for setting in settings:
        if setting not in dataset_settings(name):
            able = [other for other, _ in loadable(datasets, Dataset) if setting in dataset_settings(other)]
            raise UsageError(f"--{setting}: {name} has one layout and cannot be told; these can: {', '.join(able)}")
    return cls(**settings)


def dataset_settings(name: str) -> list[str]:
    """The names of the settings of a dataset; none, unless it is a dataclass."""
    cls = load(datasets, name, Dataset)
    return [field.name for field in fields(cls)] if is_dataclass(cls) else []


@dataclass(frozen=True)
class Choice:
    """A method chosen on the command line, with its settings."""

    name: str
    method: Method

    @cached_property
    def settings(self) -> dict[str, Any]:
        """All settings, with values as JSON stores them."""
        return json.loads(json.dumps(asdict(self.method)))

    @cached_property
    def changed(self) -> dict[str, Any]:
        """The settings whose values differ from the method's default, or from that of its preset."""
        return {name: value for name, value in self.settings.items() if not self._is_itself_without(name)}

    def _is_itself_without(self, setting: str) -> bool:
        others = {name: value for name, value in self.settings.items() if name != setting}
        try:
            return type(self.method)(**others) == self.method
        except ValidationError:
            return False


def choose(name: str, settings: Mapping[str, Any]) -> Choice:
    """A method with the given settings, and defaults for the others. Raises UsageError naming the setting at fault."""
    cls = method(name)
    if missing := sorted(cls.__abstractmethods__):
        raise PluginError(
            f"{cls.__module__}.{cls.__name__} does not define {', '.join(missing)}, as methods/__init__.py asks"
        )
    known = [field.name for field in fields(cls)]
    for setting in settings:
        if setting not in known:
            raise nearest(f"setting of {name}", setting, known)
    try:
        return Choice(name, cls(**settings))
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:  # the settings do not go together
            raise UsageError(f"--set {name}: {first['ctx']['error']}") from None
        place, expected = ".".join(str(part) for part in first["loc"]), first["msg"]
        if first["type"] == "tuple_type":
            expected = f"expected numbers in brackets, such as {json.dumps(getattr(cls(), place))}"
        raise UsageError(f"--set {name}.{place}: {expected}, got {first['input']!r}") from None


def with_preset(settings: Mapping[str, Mapping[str, Any]], preset: str) -> dict[str, dict[str, Any]]:
    """Settings by method; a method that has a preset of that name takes it where none is given."""
    return {
        name: {"preset": preset, **given} if preset in method(name).presets else dict(given)
        for name, given in settings.items()
    }


def require_preset(preset: str, names: Iterable[str]) -> None:
    """Raises UsageError naming the presets there are where none of the methods has that one."""
    names = list(names)
    known = list(dict.fromkeys(each for name in names for each in method(name).presets))
    if not known:
        raise UsageError(f"--preset {preset}: there are no presets of {', '.join(names)}; leave it out")
    if preset not in known:
        raise nearest(f"preset of {', '.join(names)}", preset, known)


def require_leaving_one_out(chosen: Iterable[Choice]) -> None:
    """Raises UsageError where a method cannot judge a training image by the others alone, or not as it is set."""
    chosen = list(chosen)
    if unable := [choice.name for choice in chosen if not choice.method.leaves_one_out]:
        able = [name for name, each in loadable(methods, Method) if each.leaves_one_out]
        raise UsageError(
            f"--calibration loo: {', '.join(unable)} cannot judge a training image by the others alone; "
            f"these can: {', '.join(able)}; choose from them, or give a share to hold out"
        )
    for choice in chosen:
        if reason := choice.method.why_not_leave_one_out():
            raise UsageError(f"--calibration loo: {choice.name} {reason}")


def parse_assignments(assignments: Iterable[str], chosen: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Read `METHOD.FIELD=VALUE` options as settings by method. A value that is no JSON is text. Raises UsageError."""
    settings: dict[str, dict[str, Any]] = {name: {} for name in chosen}
    for assignment in assignments:
        target, equals, text = assignment.partition("=")
        name, dot, field = target.partition(".")
        if not (equals and name and dot and field):
            raise UsageError(f"--set {assignment}: expected METHOD.FIELD=VALUE, such as cae.loss=mse")
        if name not in settings:
            raise nearest("method in --set (it must be one of --methods)", name, settings)
        settings[name][field] = _value(text)
    return settings


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
