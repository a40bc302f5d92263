"""Batches as bytes."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.numpy
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.making import columns

from samouk.store.blobs.codec import SALT_BYTES, decode, encode, pack


@given(rows=st.integers(0, 50), seed=st.integers(0, 1000))
def test_columns_survive_to_the_byte(rows: int, seed: int) -> None:
    """Whatever the number of rows, every column comes back as it was."""
    sent = columns(rows, seed)
    got = decode(encode(sent))
    assert set(got) == set(sent)
    assert all(got[name].dtype == sent[name].dtype and got[name].tobytes() == sent[name].tobytes() for name in sent)


def test_a_frame_is_what_the_public_libraries_read() -> None:
    """Nobody needs this package to read the data: a frame is zstd around safetensors."""
    sent = columns(7, 1)
    tensors = safetensors.numpy.load(zstandard.ZstdDecompressor().decompress(encode(sent)))
    assert tensors["identifier"].shape == (7, 16)
    assert np.array_equal(tensors["category"], sent["category"])


def test_columns_that_are_cut_out_of_others_are_encoded() -> None:
    """A strided view is kept like any other column."""
    sent = {name: column[::2] for name, column in columns(9, 1).items()}
    assert all(decode(encode(sent))[name].tobytes() == column.tobytes() for name, column in sent.items())


@pytest.mark.parametrize("column", [np.zeros(3), np.zeros((3, 2), np.int8), np.array(["a"])], ids=str)
def test_other_columns_are_refused_by_name(column: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
    """A dtype or shape outside the schema's is refused with the column's name."""
    with pytest.raises(ValueError, match="'price'"):
        encode({"price": column})


def test_a_pack_holds_its_frames() -> None:
    """Each frame lies where its place says."""
    frames = [b"one", b"", b"three"]
    packed = pack(frames)
    assert [packed.data[start : start + length] for start, length in packed.places] == frames
    assert packed.places[0][0] == SALT_BYTES


def test_no_two_packs_are_equal() -> None:
    """Equal batches of two contributors lie in two blobs, so that one can be erased."""
    assert pack([b"same"]).data != pack([b"same"]).data
