"""Keys that sign releases: root keys to be kept offline, online keys for the daily work.

Layout of the keys folder: ``root/*.pem`` (to be moved away), ``online/<role>.<id>.pem`` and
``roots/<N>.root.json``, the signed root metadata that names which keys count. Ed25519 throughout.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization.json import JSONSerializer

from samouk.edge import disk
from samouk.publish.copy import PUBLIC

ONLINE_ROLES = ("targets", "snapshot", "timestamp")

COMPACT = JSONSerializer(compact=True)


class KeysError(Exception):
    """The keys cannot be used as they are; the message names the file and the remedy."""


class KeysMissing(KeysError):
    """A key or the signed root is not where it must be."""


class KeysUnreadable(KeysError):
    """A file is there, but is not a key or no root metadata."""


class KeysForeign(KeysError):
    """The keys are not those that signed what is published: clients would refuse whatever they sign."""


class KeysExist(KeysError):
    """New keys would replace others, with which every client would be lost."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long each role's signature holds: how long a frozen client can be kept from noticing."""

    root: dt.timedelta = dt.timedelta(days=365)
    targets: dt.timedelta = dt.timedelta(days=90)
    snapshot: dt.timedelta = dt.timedelta(days=7)
    timestamp: dt.timedelta = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewKeys:
    """What ``init_keys`` made.

    Attributes:
        root_files: private root keys; whoever holds ``threshold`` of them can replace every other key.
        fingerprint: sha256 (hex) of ``1.root.json``; a client that trusts on first use shows the same.
    """

    root_files: tuple[Path, ...]
    online_files: tuple[Path, ...]
    root: Path
    fingerprint: str
    threshold: int

    @property
    def message(self) -> str:
        """What the operator must do now, in words."""
        return (
            f"Keys made. Move the {len(self.root_files)} files in {self.root_files[0].parent} off this machine now, "
            f"to {len(self.root_files)} different places: any {self.threshold} of them can replace all other keys. "
            f"Back up {self.online_files[0].parent}; the server signs with these. "
            f"Clients may pin {self.root} (SAMOUK_ROOT); its fingerprint is {self.fingerprint}."
        )


def utc_now() -> dt.datetime:
    """The present in whole seconds, as TUF writes it. Always the real time: clients compare with theirs."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def init_keys(
    folder: Path,
    root_keys: int = 3,
    threshold: int = 2,
    *,
    lifetimes: Lifetimes | None = None,
    now: Callable[[], dt.datetime] = utc_now,
) -> NewKeys:
    """Make all keys and the first root metadata in ``folder``, all or nothing.

    Raises:
        KeysExist: there is something in ``folder`` already.
        OSError: the folder cannot be made.
        ValueError: ``threshold`` is not between 1 and ``root_keys``.
    """
    if not 1 <= threshold <= root_keys:
        raise ValueError(f"threshold: must lie between 1 and the {root_keys} root keys, not {threshold}")
    disk.private_dir(folder.parent)
    # One at a time: of two that begin together the second finds the keys of the first.
    with disk.exclusive(folder.with_name(f".{folder.name}.lock")):
        if folder.exists() and any(folder.iterdir()):
            raise KeysExist(
                f"{folder} holds keys already; clients trust them. Use `samouk keys rotate`, or another folder"
            )
        return _make(folder, root_keys, threshold, now() + (lifetimes or Lifetimes()).root)


def _make(folder: Path, root_keys: int, threshold: int, expires: dt.datetime) -> NewKeys:
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    disk.private_dir(draft)
    root_signers = [CryptoSigner.generate_ed25519() for _ in range(root_keys)]
    online = {role: CryptoSigner.generate_ed25519() for role in ONLINE_ROLES}
    root = Root(consistent_snapshot=True, expires=expires)
    for signer in root_signers:
        root.add_key(signer.public_key, "root")
    for role, signer in online.items():
        root.add_key(signer.public_key, role)
    root.roles["root"].threshold = threshold
    root_names = [_save(draft / "root", f"root-{index}", signer) for index, signer in enumerate(root_signers, 1)]
    online_names = [_save(draft / "online", role, signer) for role, signer in online.items()]
    data = _write_root(draft, root, root_signers[:threshold])
    draft.rename(folder)
    disk.sync_dir(folder.parent)
    return NewKeys(
        root_files=tuple(folder / "root" / name for name in root_names),
        online_files=tuple(folder / "online" / name for name in online_names),
        root=folder / "roots" / "1.root.json",
        fingerprint=hashlib.sha256(data).hexdigest(),
        threshold=threshold,
    )


def rotate_keys(
    folder: Path,
    roles: Sequence[str] = ONLINE_ROLES,
    *,
    lifetimes: Lifetimes | None = None,
    now: Callable[[], dt.datetime] = utc_now,
) -> int:
    """Replace the online keys of ``roles`` and renew the root; with no roles the root is only renewed.

    The root keys must be back in ``root/`` for it. After a break-in look at the published folder
    first: what lies there is signed anew at the next ``refresh`` of the publisher.

    Returns:
        The version of the new root.

    Raises:
        KeysMissing, KeysUnreadable: fewer root keys than the threshold are at hand.
        ValueError: an unknown role.
    """
    unknown = sorted(set(roles) - set(ONLINE_ROLES))
    if unknown:
        raise ValueError(f"roles: {', '.join(unknown)} is no online role; choose from {', '.join(ONLINE_ROLES)}")
    newest_root(folder)  # a missing folder is told before the lock is made in it
    with disk.exclusive(folder / ".lock"):
        for part in ("online", "roots"):
            disk.sweep_drafts(folder / part)  # whole private keys among them
        root = newest_root(folder).signed
        signers = _root_signers(folder, root)
        fresh = {role: CryptoSigner.generate_ed25519() for role in roles}
        for role, signer in fresh.items():
            for keyid in list(root.roles[role].keyids):
                root.revoke_key(keyid, role)
            root.add_key(signer.public_key, role)
            _save(folder / "online", role, signer)
        root.version += 1
        root.expires = now() + (lifetimes or Lifetimes()).root
        _write_root(folder, root, signers)
        _remove_unused(folder / "online", root)
    return root.version


def newest_root(folder: Path) -> Metadata[Root]:
    """The root metadata that counts now.

    Raises:
        KeysMissing, KeysUnreadable
    """
    paths = root_files(folder)
    if not paths:
        raise KeysMissing(
            f"{folder}: holds no signed root; restore the folder from your backup "
            "(fresh installation: `samouk keys init`)"
        )
    path = paths[max(paths)]
    try:
        return Metadata[Root].from_bytes(path.read_bytes())
    except (RepositoryError, OSError) as error:
        raise KeysUnreadable(
            f"{path}: is no readable root metadata ({error}); restore it from your backup. "
            f"Only when no client trusts it yet, remove {folder} and run `samouk keys init`"
        ) from error


def root_files(folder: Path) -> Mapping[int, Path]:
    """Version → file of every root metadata there is."""
    return numbered(folder / "roots")


def numbered(folder: Path) -> Mapping[int, Path]:
    """Version → file of the root metadata that lies right in ``folder``."""
    found = folder.glob("*.root.json")
    return {int(path.name.split(".")[0]): path for path in found if path.name.split(".")[0].isdigit()}


def check_lineage(folder: Path, metadata: Path) -> None:
    """Refuse keys whose roots do not go on from the newest root published in ``metadata``.

    Raises:
        KeysMissing: there are no keys, or older ones than what is published.
        KeysForeign: the keys belong to another repository.
    """
    published, ours = numbered(metadata), root_files(folder)
    if not published:
        return
    newest = max(published)
    if not ours:
        raise KeysMissing(
            f"{folder}: the keys that signed {metadata} are gone, and clients trust no others: "
            "restore the keys folder from your backup"
        )
    if newest > max(ours):
        raise KeysMissing(
            f"{folder}: the newest root is {max(ours)}, but root {newest} is published: "
            "restore a newer keys folder from your backup"
        )
    if newest not in ours or ours[newest].read_bytes() != published[newest].read_bytes():
        raise KeysForeign(
            f"{folder}: these keys did not sign {published[newest]}, and clients trust no others: "
            "restore the keys folder that belongs to it from your backup"
        )


def online_signer(folder: Path, root: Root, role: str) -> CryptoSigner:
    """The signer whose key the root names for ``role``.

    Raises:
        KeysMissing, KeysUnreadable
    """
    for keyid in root.roles[role].keyids:
        path = folder / "online" / _file_name(role, keyid)
        if path.exists():
            return load_signer(path)
    raise KeysMissing(
        f"{folder / 'online'}: the {role} key that root version {root.version} names is not there; restore it from "
        "your backup, or replace it with `samouk keys rotate` (fresh installation: `samouk keys init`)"
    )


def load_signer(path: Path) -> CryptoSigner:
    """Read one private key. Raises KeysUnreadable."""
    try:
        return CryptoSigner(load_pem_private_key(path.read_bytes(), None))
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeysUnreadable(
            f"{path}: cannot be read as an unencrypted private key ({error}); restore it from your backup, or replace "
            "it with `samouk keys rotate` (fresh installation: `samouk keys init`)"
        ) from error


def _root_signers(folder: Path, root: Root) -> list[CryptoSigner]:
    signers = [load_signer(path) for path in sorted((folder / "root").glob("*.pem"))]
    counted = [signer for signer in signers if signer.public_key.keyid in root.roles["root"].keyids]
    needed = root.roles["root"].threshold
    if len(counted) < needed:
        raise KeysMissing(
            f"{folder / 'root'}: {needed} root keys are needed and {len(counted)} are there; "
            "copy them back from where you keep them (`samouk keys init` made them), and move them away afterwards"
        )
    return counted[:needed]


def _file_name(role: str, keyid: str) -> str:
    return f"{role}.{keyid[:16]}.pem"


def _save(folder: Path, role: str, signer: CryptoSigner) -> str:
    folder.mkdir(mode=0o700, exist_ok=True)
    name = _file_name(role, signer.public_key.keyid)
    disk.replace(folder / name, signer.private_bytes, mode=0o600)
    return name


def _write_root(folder: Path, root: Root, signers: Sequence[CryptoSigner]) -> bytes:
    metadata = Metadata(root)
    for signer in signers:
        metadata.sign(signer, append=True)
    data = metadata.to_bytes(COMPACT)
    (folder / "roots").mkdir(exist_ok=True)
    disk.replace(folder / "roots" / f"{root.version}.root.json", data, PUBLIC)
    return data


def _remove_unused(online: Path, root: Root) -> None:
    used = {_file_name(role, keyid) for role in ONLINE_ROLES for keyid in root.roles[role].keyids}
    for path in online.glob("*.pem"):
        if path.name not in used:
            path.unlink()
