"""A small world for the tests of publishing and updating: real ONNX models, versions, keys and a thief of keys."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from samouk.loop.records import Stage, Version
from samouk.publish.keys import COMPACT, NewKeys, init_keys, newest_root, online_signer
from samouk.publish.publisher import TufPublisher

LEARNER = "tests.shape"
WIDTH = 4
CLASSES = ("round", "square", "flat")


def model(seed: int = 0, *, learner: str = LEARNER, width: int = WIDTH, weight: float = 1.0, padding: int = 0) -> bytes:
    """A linear model with softmax; ``weight`` NaN makes it answer nonsense, ``padding`` makes it larger."""
    rng = np.random.default_rng(seed)
    kernel = (rng.normal(size=(width, len(CLASSES))) * weight).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["features", "w"], ["z"]),
            helper.make_node("Softmax", ["z"], ["probabilities"], axis=1),
        ],
        "linear",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", width])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", len(CLASSES)])],
        [numpy_helper.from_array(kernel, "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    about = {"learner": learner, "schema_version": 1, "classes": CLASSES}
    helper.set_model_props(made, {"samouk": json.dumps(about), "padding": rng.bytes(padding).hex()})
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


def version(number: int, data: bytes, learner: str = LEARNER, **changes: Any) -> Version:
    """A version of the registry that holds ``data``."""
    digest = hashlib.sha256(data).hexdigest()
    facts: dict[str, Any] = {
        "name": f"v1.{number}",
        "created": dt.datetime(2026, 11, number % 28 + 1, tzinfo=dt.UTC),
        "figures": {"accuracy": 0.9 + number / 1000},
        "metadata": {"schema_version": 1, "feature_version": 3},
        "card": {"samples": 1000 * number, "platforms": ["android", "ios"]},
        "changelog": (f"✅ button: +{number} points",),
    }
    return Version(
        learner=learner,
        number=number,
        stage=Stage.PRODUCTION,
        artifact_key=digest,
        artifact_digest=digest,
        artifact_size=len(data),
        **{**facts, **changes},
    )


@dataclass
class World:
    """One operator's home: keys and published files."""

    home: Path
    now: Callable[[], dt.datetime] = field(default=lambda: dt.datetime.now(dt.UTC).replace(microsecond=0))
    made: NewKeys = field(init=False)

    def __post_init__(self) -> None:
        self.made = init_keys(self.keys)

    @property
    def keys(self) -> Path:
        return self.home / "keys"

    @property
    def folder(self) -> Path:
        return self.home / "published"

    @property
    def metadata(self) -> Path:
        return self.folder / "metadata"

    def publisher(self, **options: Any) -> TufPublisher:
        return TufPublisher(self.folder, self.keys, **{"now": self.now, **options})

    def release(self, number: int, data: bytes | None = None, **changes: Any) -> bytes:
        data = model(number) if data is None else data
        self.publisher().publish(version(number, data, **changes), data)
        return data


class Thief:
    """Holds copies of a world's online keys (or keys of his own) and signs what he likes."""

    def __init__(self, world: World, own_keys: bool = False) -> None:
        self.folder = world.metadata
        root: Root = newest_root(world.keys).signed
        roles = ("targets", "snapshot", "timestamp")
        self.signers = {
            role: CryptoSigner.generate_ed25519() if own_keys else online_signer(world.keys, root, role)
            for role in roles
        }
        self.timestamp = self.open("timestamp.json", Timestamp)
        self.snapshot = self.open(f"{self.timestamp.snapshot_meta.version}.snapshot.json", Snapshot)
        self.targets = self.open(f"{self.snapshot.meta['targets.json'].version}.targets.json", Targets)

    def open(self, name: str, kind: type[Any]) -> Any:
        signed = Metadata.from_file(str(self.folder / name)).signed
        assert isinstance(signed, kind)
        return signed

    def write(self, signed: Targets | Snapshot | Timestamp, name: str | None = None) -> bytes:
        role = signed.type
        metadata: Metadata[Any] = Metadata(signed)
        metadata.sign(self.signers[role])
        data = metadata.to_bytes(COMPACT)
        name = name or ("timestamp.json" if role == "timestamp" else f"{signed.version}.{role}.json")
        (self.folder / name).write_bytes(data)
        return data

    def release(self, roles: Sequence[str] = ("targets", "snapshot", "timestamp"), step: int = 1) -> None:
        """Sign and publish the given roles, each ``step`` versions on."""
        if "targets" in roles:
            self.targets.version += step
            data = self.write(self.targets)
            self.snapshot.meta["targets.json"] = MetaFile.from_data(self.targets.version, data, ["sha256"])
        if "snapshot" in roles:
            self.snapshot.version += step
            data = self.write(self.snapshot)
            self.timestamp.snapshot_meta = MetaFile.from_data(self.snapshot.version, data, ["sha256"])
        self.timestamp.version += step
        self.write(self.timestamp)

    def offer(self, number: int, data: bytes, name: str = "evil") -> None:
        """Enter a model of his own as the current version."""
        custom = {"version": name, "number": number}
        for path, content in ((f"{LEARNER}/{name}.onnx", data), (f"{LEARNER}/current.json", b"{}")):
            target = TargetFile.from_data(path, content, ["sha256"])
            target.unrecognized_fields["custom"] = custom
            self.targets.targets[path] = target
            place = self.folder.parent / "targets" / target.get_prefixed_paths()[0]
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(content)
