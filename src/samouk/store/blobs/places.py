"""Where blobs lie, by a URL: folders of the home, any other folder, or a bucket."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from samouk.store.blobs.bucket import Bucket, Patience
from samouk.store.blobs.kept import KeptBlobs
from samouk.store.blobs.local import LocalBlobs
from samouk.store.blobs.s3 import S3Blobs

_OPTIONS = {"endpoint", "region", "versions"}


_SCHEME = re.compile("[A-Za-z][A-Za-z0-9+.-]+:/")
"""Of two letters at least: one is a drive."""


class BadPlace(ValueError):
    """A URL that names no place for blobs; the message says what would."""


class Places(NamedTuple):
    """Packs of samples in one place, models and states in another."""

    packs: KeptBlobs
    blobs: KeptBlobs


def places(url: str, home: Path, patience: Patience | None = None) -> Places:
    """The places that a URL names.

    Args:
        url: ``s3://bucket/prefix?endpoint=http://…&region=…``, ``file:///folder``, or empty for the home.
        patience: with a bucket; the default unless told.

    Raises:
        BadPlace: the URL is none of these.
        StoreUnavailable: the folder cannot be made.
    """
    if url.startswith("s3:"):
        bucket = bucket_of(url, patience)
        return Places(S3Blobs(bucket, "packs"), S3Blobs(bucket, "blobs"))
    folder = folder_of(url) if url else home
    return Places(LocalBlobs(folder / "packs"), LocalBlobs(folder / "blobs"))


def plain_folder(text: str) -> Path:
    """The folder that a person wrote without a scheme. Raises BadPlace where there is one: it is mistyped."""
    if _SCHEME.match(text):
        # The rest may hold a password.
        raise BadPlace(f"{text.partition(':')[0]:.20}: leads to no place that is known; for a folder write ./NAME")
    return Path(text).expanduser()


def folder_of(url: str) -> Path:
    """The folder of a ``file:`` URL. Raises BadPlace."""
    parts = _parts(url)
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/") or parts.query:
        raise BadPlace(f"{_shown(url)} is no place for blobs: write s3://bucket/prefix or file:///folder")
    return Path(unquote(parts.path))


def bucket_of(url: str, patience: Patience | None = None) -> Bucket:
    """The bucket of an ``s3:`` URL; nothing is asked of it yet. Raises BadPlace."""
    parts = _parts(url)
    if "@" in url:  # wherever the parser finds it: a secret key may hold / ? and #
        raise BadPlace(
            "the URL of a bucket holds no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead"
        )
    if parts.scheme != "s3" or not parts.netloc or parts.fragment:
        raise BadPlace(f"{_shown(url)} names no bucket: write s3://bucket/prefix")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(options.keys() - _OPTIONS):
        raise BadPlace(f"{_shown(url)}: there is no {unknown[0]!r:.40}; known are {', '.join(sorted(_OPTIONS))}")
    endpoint = options.get("endpoint", "")
    if endpoint and (_parts(endpoint).scheme not in ("http", "https") or not _parts(endpoint).netloc):
        raise BadPlace(f"{_shown(url)}: endpoint must be like https://host:port")
    if options.get("versions", "expire") != "expire":
        raise BadPlace(f"{_shown(url)}: versions can be 'expire' alone, where a lifecycle rule removes old versions")
    return Bucket(
        parts.netloc,
        unquote(parts.path).strip("/"),
        endpoint=endpoint.rstrip("/"),
        region=options.get("region", ""),
        versions_expire="versions" in options,
        patience=patience,
    )


def _parts(url: str) -> SplitResult:
    """Raises BadPlace."""
    try:
        return urlsplit(url)
    except ValueError:
        raise BadPlace("this is no URL: write s3://bucket/prefix or file:///folder") from None


def _shown(url: str) -> str:
    """Without options and whatever may be a password."""
    scheme = url.partition(":")[0]
    return f"{f'{scheme}:…' if '@' in url else url.partition('?')[0]!r:.120}"
