"""What an Android project says of itself: its package, its activities, and its navigation graphs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from samouk.domains.screens.source.android.layouts import bare_id, layout_name
from samouk.domains.screens.source.android.xml import Tag

_APPLICATION = re.compile(r"\bapplicationId\s*(?:=\s*)?(?:\(\s*)?[\"']([\w.]+)[\"']")
_NAMESPACE = re.compile(r"\bnamespace\s*(?:=\s*)?[\"']([\w.]+)[\"']")
_APPLICATION_PROPERTY = re.compile(r"\bapplicationId\s*=?[^\n]*?[pP]roperty\(\s*[\"'](\w+)[\"']")
_NAMESPACE_PROPERTY = re.compile(r"\bnamespace\s*=?[^\n]*?[pP]roperty\(\s*[\"'](\w+)[\"']")
_PROPERTY = re.compile(r"^\s*([\w.]+)\s*[=:]\s*(\S+)\s*$", re.MULTILINE)


class Gradle(NamedTuple):
    """One build file; a value that begins with ``$`` names a property."""

    application: str = ""
    namespace: str = ""


class Activity(NamedTuple):
    """An activity as the manifest names it; ``launcher`` where the app opens on it, itself or by another name."""

    name: str
    label: str
    launcher: bool
    theme: str = ""


class Manifest(NamedTuple):
    """One manifest; ``theme`` is that of the application, which activities without their own have."""

    package: str
    activities: tuple[Activity, ...]
    theme: str = ""


def gradle_of(source: str) -> Gradle:
    """What a build file, in Groovy or Kotlin, says of the app's name."""

    def told(literal: re.Pattern[str], named: re.Pattern[str]) -> str:
        found = literal.search(source)
        if found:
            return found[1]
        other = named.search(source)
        return f"${other[1]}" if other else ""

    return Gradle(told(_APPLICATION, _APPLICATION_PROPERTY), told(_NAMESPACE, _NAMESPACE_PROPERTY))


def properties_of(source: str) -> dict[str, str]:
    """The properties of a file."""
    return {match[1]: match[2] for match in _PROPERTY.finditer(source)}


def manifest_of(tags: tuple[Tag, ...]) -> Manifest:
    """Package and activities."""
    launching = {
        tags[tags[tag.parent].parent].get("android:targetActivity") or tags[tags[tag.parent].parent].get("android:name")
        for tag in tags
        if tag.name == "category" and tag.get("android:name") == "android.intent.category.LAUNCHER" and tag.parent > 0
    }
    themes = [tag.get("android:theme") for tag in tags if tag.name == "application"] or [""]
    activities = tuple(
        Activity(
            tag.get("android:name"),
            tag.get("android:label"),
            tag.get("android:name") in launching,
            tag.get("android:theme") or themes[0],
        )
        for tag in tags
        if tag.name == "activity"
    )
    return Manifest(tags[0].get("package") if tags else "", activities, themes[0])


def application_of(gradles: list[Gradle], properties: Mapping[str, str], manifests: list[Manifest], code: str) -> str:
    """The name that the system knows the app by: its application id, else its namespace, manifest or resources."""

    def value(told: str) -> str:
        return properties.get(told[1:], "") if told.startswith("$") else told

    named = [value(one.application) for one in gradles] + [value(one.namespace) for one in gradles if one.application]
    named += [value(one.namespace) for one in gradles] + [one.package for one in manifests] + [code]
    return next((one for one in named if one), "")


@dataclass(slots=True)
class Navigation:
    """All navigation graphs.

    Attributes:
        classes: class of a destination, by its id; ``starts`` the destination that a graph opens on, by graph or id.
        actions: destination by the id of an action; ``back`` the actions that only lead back.
        labels: title by destination.
    """

    classes: dict[str, str] = field(default_factory=dict)
    starts: dict[str, str] = field(default_factory=dict)
    actions: dict[str, str] = field(default_factory=dict)
    back: set[str] = field(default_factory=set)
    labels: dict[str, str] = field(default_factory=dict)

    def add(self, path: str, tags: tuple[Tag, ...]) -> None:
        """Take in one graph."""
        for index, tag in enumerate(tags):
            identifier = bare_id(tag.get("android:id"))
            start = bare_id(tag.get("app:startDestination"))
            if tag.name == "action":
                goal = bare_id(tag.get("app:destination"))
                if goal:
                    self.actions[identifier] = goal
                elif tag.get("app:popUpTo"):
                    self.back.add(identifier)
            elif tag.name == "include":
                graph = tag.get("app:graph").rpartition("/")[2]
                self.starts[identifier or graph] = graph
            elif start:
                self.starts[identifier] = start
                if index == 0:
                    self.starts[layout_name(path)] = start
            elif identifier and tag.get("android:name"):
                self.classes[identifier] = tag.get("android:name").rpartition(".")[2]
                self.labels[identifier] = tag.get("android:label")

    def class_at(self, identifier: str) -> str:
        """Class of a destination, of an action's goal, or of what a graph opens on; "" where none is known."""
        at = self.actions.get(identifier, identifier)
        for _ in range(16):
            if at in self.classes:
                return self.classes[at]
            if at not in self.starts:
                return ""
            at = self.starts[at]
        return ""

    def direction(self, name: str) -> str:
        """Id of the action that a generated direction follows: ``actionHomeToDetail``."""
        wanted = name.lower()
        known = (*self.actions, *self.back)
        return next((one for one in known if one.replace("_", "").lower() == wanted), "")
