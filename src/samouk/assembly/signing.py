"""The keys that sign releases: made once, over all machines that begin together."""

from __future__ import annotations

from samouk.assembly.places import Places
from samouk.assembly.stores import opened, shared_publisher
from samouk.publish.keys import KeysExist, NewKeys, check_lineage, init_keys, rotate_keys
from samouk.settings import Settings


def make_signing_keys(settings: Settings, root_keys: int = 3, threshold: int = 2) -> NewKeys:
    """Keys that sign releases.

    Raises:
        KeysExist: there are some already.
        KeysMissing: there are none, but models that others signed are published: clients trust only those keys.
    """
    places = Places.of(settings)
    if not has_signing_keys(settings):
        if settings.database_url:
            return _found(settings, root_keys, threshold)
        check_lineage(places.keys, places.published / "metadata")
    return init_keys(places.keys, root_keys, threshold)


def _found(settings: Settings, root_keys: int, threshold: int) -> NewKeys:
    """Make the keys of a fresh database, once over all machines that begin on it together."""
    places, made = Places.of(settings), list[NewKeys]()
    with opened(settings) as services:
        shared = shared_publisher(settings, services)
        if shared is not None:
            shared.found(lambda: made.append(init_keys(places.keys, root_keys, threshold)))
            shared.join()
    if not made:
        raise KeysExist(f"{places.keys}: another process has made the keys just now")
    return made[0]


def ensure_signing_keys(settings: Settings) -> NewKeys | None:
    """Make keys on a fresh home; None when there are some, also when another process made them just now.

    Raises:
        KeysMissing: the keys of what is published are gone, or on another machine.
    """
    if has_signing_keys(settings):
        return None
    try:
        return make_signing_keys(settings)
    except KeysExist:
        return None


def has_signing_keys(settings: Settings) -> bool:
    """Whether the keys folder holds anything."""
    keys = Places.of(settings).keys
    return keys.is_dir() and any(keys.iterdir())


def rotate_signing_keys(settings: Settings) -> None:
    """New online keys, signed by the root keys, which must be there for it."""
    rotate_keys(Places.of(settings).keys)
