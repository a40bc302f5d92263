"""Learns from a stream row by row: predict, then learn, with bounded memory, and go on exactly after a restart."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samouk.domains.scoring.stream_parts import (
    Codes,
    Floats,
    Linear,
    Past,
    Scale,
    Singles,
    Stack,
    Trees,
    before,
    losses,
    neighbours,
    pooled,
    softmax,
)
from samouk.families.packing import pack, unpack

INPUT_MEMORY = (0.0, 0.97)
"""Decays of the running means from which each input's distance is a feature; 0 is the row before."""

LABEL_MEMORY = (0.0, 0.5, 0.9, 0.98)
"""Decays of the running shares of the classes among the labels that are known."""

MEMBERS = 4
_FADE, _LAST_FADE, _LAST_EAGERNESS = 0.98, 0.99, 0.5
_NEIGHBOURS_AMONG = 500
_BLOCKS = ((128, 8), (512, 16), (4_096, 32), (16_384, 64))
_LARGEST_BLOCK = 128
"""Up to a row of the stream, the rows after which the parts learn. Fixed, so that no cut into calls matters."""


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """What a stream is and how it is learnt.

    Attributes:
        features: columns; a missing value is NaN.
        classes: labels are 0 to classes - 1.
        delay: rows that come between a row and its label: row t is answered from labels up to t - 1 - delay.
        seed: of the trees.
        remember_inputs: whether the distance of a row from the rows before it counts as a feature.
        keep: rows that are kept for growing trees.
    """

    features: int
    classes: int
    delay: int = 0
    seed: int = 0
    remember_inputs: bool = True
    keep: int = 32_768

    def __post_init__(self) -> None:
        for name, least in (("features", 1), ("classes", 2), ("delay", 0), ("seed", 0), ("keep", 2_000)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, not {getattr(self, name)}")


class _Look(NamedTuple):
    """What the learner sees and says of the rows of a block."""

    inputs: Singles
    said: Floats
    """(n, members + 2, C): each member, their pool, and their stack."""
    final: Floats


class StreamLearner:
    """An ensemble of unlike members whose weights are learnt as the stream goes.

    Trees on all that is kept and trees on the newest rows, a linear layer and nearest neighbours, pooled by
    exponential weights on fading losses (Herbster and Warmuth 1998) beside a stack of their logits; the better of
    these two of late weighs more. Features are the row, the shares of the classes among the labels that are known,
    and the row's distance from running means of the rows before it.

    The state after n rows and their labels depends on these in their order alone, not on how they were cut into calls.
    """

    def __init__(self, spec: StreamSpec) -> None:
        self.spec = spec
        c, own = spec.classes, 1 if spec.classes == 2 else spec.classes
        self._plain = spec.features + own * len(LABEL_MEMORY)
        width = self._plain + spec.features * len(INPUT_MEMORY) * spec.remember_inputs
        self._rows = 0
        most = spec.keep + spec.delay
        self._seen, self._told = Past(np.zeros((0, width), np.float32), most), Past(np.zeros(0, np.int64), most)
        # Of what was said only the rows whose labels are still to come matter, and the block that learns next.
        self._answers = Past(np.zeros((0, MEMBERS + 2, c)), spec.delay + _LARGEST_BLOCK)
        self._waiting_x, self._waiting_y = np.zeros((0, spec.features), np.float32), np.zeros(0, np.int64)
        self._input_means = np.zeros((len(INPUT_MEMORY), spec.features))
        self._label_means = np.zeros((len(LABEL_MEMORY), own))
        self._faded, self._last_faded = np.zeros(MEMBERS), np.zeros(2)
        self._scale = Scale(np.zeros(width), np.zeros(width))
        self._linear = Linear(np.zeros((width + 1, c)), np.full((width + 1, c), 0.01))
        self._stack = Stack(np.full(MEMBERS, 1 / MEMBERS), np.zeros(c), np.ones(MEMBERS), np.ones(c))
        self._trees = (
            Trees(width, spec.keep, max(spec.keep // 4, 1), rounds=40, leaves=32, rate=0.15),
            Trees(self._plain, 1_000, 250, rounds=20, leaves=16, rate=0.2),
        )

    @property
    def rows(self) -> int:
        """Rows taken in."""
        return self._rows + len(self._waiting_x)

    def predict(self, inputs: ArrayLike) -> Floats:
        """(m, C) probabilities of the m rows that come next in the stream, in their order; changes nothing."""
        asked = np.concatenate([self._waiting_x, self._checked(inputs)])
        return self._look(asked).final[len(self._waiting_x) :]

    def learn(self, inputs: ArrayLike, labels: ArrayLike) -> None:
        """Take in the rows that come next, and the labels that are known with them.

        Without a delay these are the labels of the same rows; else of those that came ``delay`` rows before each, so
        that there are none with the first ``delay`` rows of the stream.
        """
        self._advance(inputs, labels, answer=False)

    def test_then_train(self, inputs: ArrayLike, labels: ArrayLike) -> Floats:
        """(m, C) what ``predict`` would say of each row before ``learn`` takes it in, for all m in one go."""
        return self._advance(inputs, labels, answer=True)

    def _advance(self, inputs: ArrayLike, labels: ArrayLike, answer: bool) -> Floats:
        rows = self._checked(inputs)
        truth = self._checked_labels(labels, self._labelled(self.rows + len(rows)) - self._labelled(self.rows))
        answers = [np.zeros((0, self.spec.classes))]
        while len(rows):
            size, known = _block(self._rows), len(self._waiting_x)
            now = min(len(rows), size - known)
            new = self._labelled(self.rows + now) - self._labelled(self.rows)
            self._waiting_x = np.concatenate([self._waiting_x, rows[:now]])
            self._waiting_y = np.concatenate([self._waiting_y, truth[:new]])
            rows, truth, full = rows[now:], truth[new:], known + now == size
            if answer or full:
                look = self._look(self._waiting_x)
                answers.append(look.final[known:])
            if full:
                self._commit(look)
        return np.concatenate(answers)

    def _labelled(self, rows: int) -> int:
        """How many of the stream's first labels are known with so many rows."""
        return max(0, rows - self.spec.delay)

    def _checked(self, inputs: ArrayLike) -> Singles:
        rows = np.asarray(inputs, np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.spec.features:
            raise ValueError(f"inputs must have shape (rows, {self.spec.features}), not {rows.shape}")
        if np.isinf(rows).any():
            raise ValueError("inputs must be finite, or NaN where a value is missing")
        return rows

    def _checked_labels(self, labels: ArrayLike, known: int) -> Codes:
        truth = np.asarray(labels)
        if truth.shape != (known,):
            raise ValueError(f"labels must be the {known} that are known with these rows, not {truth.shape}")
        if known and (truth.dtype.kind not in "iu" or not 0 <= truth.min() <= truth.max() < self.spec.classes):
            raise ValueError(f"labels must be whole numbers from 0 to {self.spec.classes - 1}")
        return truth.astype(np.int64)

    def _look(self, rows: Singles) -> _Look:
        """What is said of the rows after the last committed one."""
        inputs = self._remembered(rows)
        scaled = self._scale.scaled(inputs)
        members = [trees.said(inputs, self.spec.classes) for trees in self._trees]
        members += [self._linear.said(scaled), self._near(scaled)]
        said = np.stack(members, axis=1)
        weights = softmax(-self._before(self._lost(said), len(rows), self._faded, _FADE)[0])
        both = np.stack([pooled(said, weights), self._stack.said(said)], axis=1)
        every = np.concatenate([said, both], axis=1)
        lost = self._before(self._lost(every)[:, MEMBERS:], len(rows), self._last_faded, _LAST_FADE)[0]
        return _Look(inputs, every, pooled(both, softmax(-_LAST_EAGERNESS * lost)))

    def _lost(self, said: Floats) -> Floats:
        """Losses on the waiting labels: of the last ``delay`` committed rows, then of the rows after them."""
        back = self._rows - self._labelled(self._rows)
        old = self._answers.kept[self._answers.rows - back :, : said.shape[1]]
        return losses(np.concatenate([old, said])[: len(self._waiting_y)], self._waiting_y)

    def _shown(self) -> Floats:
        """The waiting labels as columns of 0 and 1, one a class; one column for two classes."""
        shown = np.eye(self.spec.classes)[self._waiting_y]
        return shown[:, 1:] if self.spec.classes == 2 else shown

    def _before(
        self, values: Floats, rows: int, start: Floats, decay: float, gain: float = 1.0
    ) -> tuple[Floats, Floats]:
        """``before`` over one value a waiting label, known ``delay`` rows late; stands still where none is known."""
        early = np.zeros((max(0, self.spec.delay - self._rows), values.shape[1]))
        known = np.concatenate([early, values])[:rows]
        states, last = before(known, start, decay, gain)
        # The state before the first row without news is the state after the last row with some.
        still = np.broadcast_to(last, (rows - len(known), len(last)))
        return np.concatenate([states, still]), last

    def _remembered(self, rows: Singles) -> Singles:
        """(n, width) the rows and, beside them, what is known of the past."""
        parts: list[NDArray[Any]] = [rows]
        came = self._rows + np.arange(len(rows))
        labelled = np.clip(came - self.spec.delay, 0, self._labelled(self._rows) + len(self._waiting_y))
        for decay, start in zip(LABEL_MEMORY, self._label_means, strict=True):
            shares, _ = self._before(self._shown(), len(rows), start, decay, 1 - decay)
            parts.append(shares / _filled(decay, labelled))
        if self.spec.remember_inputs:
            filled = self._scale.filled(rows)
            for decay, start in zip(INPUT_MEMORY, self._input_means, strict=True):
                parts.append(rows - before(filled, start, decay, 1 - decay)[0] / _filled(decay, came))
        return np.concatenate(parts, axis=1).astype(np.float32)

    def _near(self, scaled: Singles) -> Floats:
        """Votes of the newest rows whose label was known when each row came."""
        own, unlabelled = scaled[:, : self.spec.features], self._rows - self._labelled(self._rows)
        old = min(self._told.rows, _NEIGHBOURS_AMONG)
        past = self._seen.kept[self._seen.rows - unlabelled - old :]
        labels = np.concatenate([self._told.kept[self._told.rows - old :], self._waiting_y])
        known = np.concatenate([self._scale.scaled(past, self.spec.features), own])[: len(labels)]
        # Counted from the first row of the past: up to ``delay`` rows before the row itself.
        free = len(past) - self.spec.delay + np.arange(len(own))
        return neighbours(own, known, labels, np.minimum(free, len(labels)), self.spec.classes)

    def _commit(self, look: _Look) -> None:
        """Learn a whole block."""
        rows = self._waiting_x
        for place, decay in enumerate(LABEL_MEMORY):
            start = self._label_means[place]
            self._label_means[place] = self._before(self._shown(), len(rows), start, decay, 1 - decay)[1]
        filled = self._scale.filled(rows)
        for place, decay in enumerate(INPUT_MEMORY):
            self._input_means[place] = before(filled, self._input_means[place], decay, 1 - decay)[1]
        lost = self._lost(look.said)
        self._faded = self._before(lost[:, :MEMBERS], len(rows), self._faded, _FADE)[1]
        self._last_faded = self._before(lost[:, MEMBERS:], len(rows), self._last_faded, _LAST_FADE)[1]
        new = self._labelled(self._rows + len(rows)) - self._labelled(self._rows)
        self._rows += len(rows)
        for past, values in (
            (self._seen, look.inputs),
            (self._answers, look.said),
            (self._told, self._waiting_y[:new]),
        ):
            past.add(values)
        if new:
            self._teach(new)
        self._scale.see(look.inputs)
        self._waiting_x, self._waiting_y = rows[:0], self._waiting_y[new:]

    def _teach(self, new: int) -> None:
        """Show the parts the newest labels."""
        labelled = self._labelled(self._rows)
        late, truth = self._rows - labelled, self._told.kept[-new:]
        inputs = self._seen.kept[: self._seen.rows - late]
        answers = self._answers.kept[: self._answers.rows - late]
        self._linear.learn(self._scale.scaled(inputs[-new:]), truth)
        self._stack.learn(answers[-new:, :MEMBERS], truth)
        for trees in self._trees:
            if labelled >= trees.due:
                newest = min(trees.window, labelled)
                trees.grow(inputs[-newest:], self._told.kept[-newest:], labelled, self.spec.classes, self.spec.seed)

    def save(self) -> bytes:
        """The whole state; ``load`` goes on from it exactly as this learner would."""
        trees = [{"due": one.due, "model": one.model and one.model.model_to_string()} for one in self._trees]
        facts = {"kind": "stream", "spec": asdict(self.spec), "rows": self._rows, "scale": self._scale.rows}
        held = {name: past.kept for name, past in self._pasts().items()}
        return pack({**facts, "trees": trees}, {**held, **{name: getattr(*place) for name, place in self._places()}})

    @classmethod
    def load(cls, data: bytes) -> StreamLearner:
        """A learner from what ``save`` gave. Raises ValueError for other bytes."""
        facts, arrays = unpack(data, "stream")
        learner = cls(StreamSpec(**facts["spec"]))
        learner._rows, learner._scale.rows = facts["rows"], facts["scale"]
        for name, past in learner._pasts().items():
            past.held, past.rows = arrays[name], len(arrays[name])
        for name, place in learner._places():
            setattr(*place, arrays[name])
        for trees, kept in zip(learner._trees, facts["trees"], strict=True):
            trees.due, trees.model = kept["due"], _booster(kept["model"])
        return learner

    def _pasts(self) -> dict[str, Past]:
        return {"seen": self._seen, "told": self._told, "answers": self._answers}

    def _places(self) -> list[tuple[str, tuple[Any, str]]]:
        """Name in the archive, and the object and attribute that hold the array."""
        parts: list[tuple[Any, tuple[str, ...]]] = [
            (self, ("_waiting_x", "_waiting_y", "_input_means", "_label_means", "_faded", "_last_faded")),
            (self._scale, ("mean", "variance")),
            (self._linear, ("weights", "sums")),
            (self._stack, ("weights", "level", "sums", "level_sums")),
        ]
        return [(f"{type(part).__name__}.{name}", (part, name)) for part, names in parts for name in names]


def _block(row: int) -> int:
    return next((size for upto, size in _BLOCKS if row < upto), _LARGEST_BLOCK)


def _filled(decay: float, rows: NDArray[Any]) -> Floats:
    """(n, 1) how much of a running mean is filled after so many rows; its start at 0 is divided out by it."""
    return np.maximum(1 - decay**rows, 1e-9)[:, None]


def _booster(text: str | None) -> Any:
    if text is None:
        return None
    import lightgbm

    return lightgbm.Booster(model_str=text)
