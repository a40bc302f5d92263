"""Models as pickles, for one's own disk: written by ``train``, opened on the user's own word and never otherwise."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from samouk.domains.screens.commands.ends import BadInput
from samouk.edge.errors import ModelError

SUFFIX = ".pkl"


def pickled(onnx: bytes, metadata: Mapping[str, Any]) -> bytes:
    """A model as a pickle of ``{"onnx": bytes, "metadata": dict}``."""
    return pickle.dumps({"onnx": onnx, "metadata": dict(metadata)})


@contextmanager
def opened(model: Path | None, trusted: bool) -> Iterator[Path | None]:
    """The path of the model as ONNX while the block lasts; None when none is given.

    Raises:
        BadInput: there is no such file, or it is no model that ``train`` wrote.
        ModelError: it is a pickle, and the user has not said that it is theirs.
    """
    if model is None or model.suffix != SUFFIX:
        if model is not None and not model.is_file():
            raise BadInput(f"{model}: no such file; check the path")
        yield model
        return
    if not trusted:
        raise ModelError(f"{model}: opening a pickle can run any program; if you made it yourself, add --trust-pickle")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{model.stem}.onnx"
        path.write_bytes(_onnx_in(model))
        yield path


def _onnx_in(model: Path) -> bytes:
    try:
        document = pickle.loads(model.read_bytes())  # noqa: S301 - the user's own file, on the user's own word
        onnx = document["onnx"]
    except FileNotFoundError:
        raise BadInput(f"{model}: no such file; check the path") from None
    except OSError as error:
        raise BadInput(f"{model}: cannot be read ({error.strerror})") from None
    except Exception as error:  # noqa: BLE001 - a broken pickle raises whatever its bytes happen to say
        raise BadInput(f"{model}: is no model that observe ml train wrote ({type(error).__name__})") from None
    if not isinstance(onnx, bytes):
        raise BadInput(f"{model}: is no model that observe ml train wrote")
    return onnx
