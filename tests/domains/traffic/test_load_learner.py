"""What is true of the learner of the load: it keeps the contract, learns days, and its answers decode to rates."""

from __future__ import annotations

import json

import numpy as np
import pytest

from samouk import domains
from samouk.domains.traffic.load import model
from samouk.domains.traffic.load.forecaster import LoadForecaster
from samouk.domains.traffic.load.history import History
from samouk.domains.traffic.load.learner import LEARNER, explain, measured
from samouk.domains.traffic.load.schema import HORIZONS, came_of, rate_of, rows_at
from samouk.domains.traffic.load.world import DAY, FIRST_MINUTE, LoadWorld
from samouk.edge.wire import WireError
from samouk.loop import snapshot
from samouk.loop.columns import from_rows
from samouk.loop.learner import Context, mean
from samouk.loop.records import Artifact, Examples


@pytest.fixture(scope="module")
def lived() -> Examples:
    batches = LoadWorld(3).batches(0, 12)
    return snapshot.join(LEARNER, [snapshot.label(LEARNER, batch.columns, n) for n, batch in enumerate(batches)])


@pytest.fixture(scope="module")
def taught(lived: Examples) -> Artifact:
    return LEARNER.fit(lived, None, Context(seed=1))


@pytest.fixture(scope="module")
def history() -> History:
    past = History(60)
    for slot, count in enumerate(LoadWorld(9).counts(0, 2).tolist(), FIRST_MINUTE):
        past.push(slot, count)
    return past


def test_it_is_held_to_the_contract() -> None:
    """It is the learner that `tests/conformance` puts every check to."""
    assert domains.learner(LEARNER.name) is LEARNER


def test_a_row_is_made_for_every_horizon(history: History) -> None:
    """Rows obey the schema, one a horizon, and know the last hour."""
    rows = rows_at(history, history.now * 60.0)
    columns = from_rows(LEARNER.seen, rows)
    assert columns["minutes"].tolist() == list(HORIZONS)
    assert columns["level"] == pytest.approx(
        float(history.means(np.array([history.now - 60]), np.array([history.now]))[0, 0])
    )


def test_no_row_is_made_of_nothing() -> None:
    """Where the last hour is unknown nothing is asked, so that nothing is invented."""
    assert rows_at(History(60), 1_000.0) == []
    past = History(60)
    past.push(FIRST_MINUTE, 5.0)
    assert rows_at(past, (FIRST_MINUTE + 2 * DAY) * 60.0) == []


def test_a_forecaster_lends_its_past() -> None:
    """Rows can be made of what a forecaster of minutes keeps."""
    forecaster = LoadForecaster()
    for minute in range(90):
        forecaster.update((FIRST_MINUTE + minute) * 60.0, 40)
    rows = rows_at(forecaster.past, (FIRST_MINUTE + 89) * 60.0, (1, 60))
    assert [row["minutes"] for row in rows] == [1.0, 60.0]
    assert rows[0]["last"] == pytest.approx(0.5)
    assert rows[0]["day"] is None


@pytest.mark.parametrize("count", [0.0, 1.0, 40.0, 1e6])
@pytest.mark.parametrize("level", [0.0, 3.5, 40.0])
def test_what_came_decodes_to_itself(count: float, level: float) -> None:
    """A count told as a share of a row comes back as the count, whatever the level."""
    assert rate_of({"level": level}, came_of({"level": level}, count)) == pytest.approx(count, rel=1e-6, abs=1e-6)


def test_no_score_is_no_rate() -> None:
    """A version that abstains gives no rate; one that is certain of the impossible gives a finite one."""
    assert np.isnan(rate_of({"level": 5.0}, float("nan")))
    assert np.isfinite(rate_of({"level": 5.0}, 1.0))
    assert rate_of({"level": 5.0}, 0.0) == 0.0


def test_what_ships_answers_at_once(history: History) -> None:
    """The first model answers every row, nearer to the last value the nearer the target."""
    artifact = LEARNER.first()
    assert artifact is not None
    columns = from_rows(LEARNER.seen, rows_at(history, history.now * 60.0))
    said = LEARNER.predict(artifact, columns).values
    assert np.isfinite(said).all()
    assert said[0] == pytest.approx(columns["last"][0], abs=1e-6)


def test_it_learns_more_than_ships(lived: Examples, taught: Artifact) -> None:
    """On servers that it has not seen it is nearer than what ships, which is nearer than the last value."""
    batches = LoadWorld(4).batches(0, 12)
    unseen = snapshot.join(LEARNER, [snapshot.label(LEARNER, batch.columns, n) for n, batch in enumerate(batches)])
    first = LEARNER.first()
    assert first is not None
    assert LEARNER.constant is not None
    ours, shipped = LEARNER.score(taught, unseen), LEARNER.score(first, unseen)
    repeated = LEARNER.constant(lived, unseen)
    for metric in LEARNER.metrics:
        assert mean(ours[metric.name]) > mean(shipped[metric.name]) > mean(repeated[metric.name])


def test_its_band_holds_nine_in_ten(taught: Artifact) -> None:
    """On servers that it has not seen the band holds what it promises, give or take five points."""
    batches = LoadWorld(5).batches(0, 20)
    unseen = snapshot.join(LEARNER, [snapshot.label(LEARNER, batch.columns, n) for n, batch in enumerate(batches)])
    low, high = model.band(taught, unseen.columns)
    came = unseen.labels.values
    assert np.mean((came >= low) & (came <= high)) == pytest.approx(model.COVERAGE, abs=0.05)


def test_one_seed_gives_one_model(lived: Examples, taught: Artifact) -> None:
    """Two fits on equal rows give the same bytes."""
    assert LEARNER.fit(lived, None, Context(seed=1)).data == taught.data


def test_where_nothing_is_to_learn_it_repeats() -> None:
    """On a random walk the fit takes the last value and says so."""
    batches = LoadWorld(6, null=True).batches(0, 12)
    walks = snapshot.join(LEARNER, [snapshot.label(LEARNER, batch.columns, n) for n, batch in enumerate(batches)])
    fitted = LEARNER.fit(walks, None, Context(seed=1))
    assert fitted.metadata["out_of_fold"][fitted.metadata["kind"]] <= fitted.metadata["out_of_fold"]["last value"]
    assert fitted.metadata["kind"] == "last value"


def test_nothing_cannot_be_learnt_from(lived: Examples) -> None:
    """Without an outcome there is no model, and it says what is missing."""
    nothing = snapshot.join(LEARNER, [])
    with pytest.raises(ValueError, match="outcome"):
        LEARNER.fit(nothing, None, Context())


def test_a_model_of_another_schema_abstains(lived: Examples, taught: Artifact) -> None:
    """What was fitted for other fields gives no answer, and its band is everything."""
    foreign = Artifact(taught.data, {**taught.metadata, "schema_version": 99})
    assert np.isnan(LEARNER.predict(foreign, lived.columns).values).all()
    low, high = model.band(foreign, lived.columns)
    assert not low.any()
    assert high.all()


def test_an_abstention_is_worth_nothing() -> None:
    """A forecast that is none scores 0; one that is right, with a narrow band, scores nearly 1."""
    said, came = np.array([np.nan, 0.4]), np.array([0.4, 0.4])
    found = measured(said, np.array([0.39, 0.39]), np.array([0.41, 0.41]), came)
    assert found["closeness"].tolist() == [0.0, 1.0]
    assert found["interval"] == pytest.approx([0.0, 0.98])


def test_it_explains_a_forecast(history: History, taught: Artifact) -> None:
    """The sentence names the distance, the rate, its bounds and the last hour; a bad row is refused by name."""
    row = rows_at(history, history.now * 60.0, (60,))[0]
    sentence = explain(taught, row)
    assert sentence.startswith("In 60 minutes about ")
    assert "nine times in ten" in sentence
    with pytest.raises(WireError, match="level"):
        explain(taught, {**row, "level": -1.0})


def test_cards_and_changes_are_plain(lived: Examples, taught: Artifact) -> None:
    """The card is JSON, and the changelog says how much was learnt and what moved."""
    card = LEARNER.card(taught, lived, {"closeness": 0.7})
    assert json.loads(json.dumps(dict(card)))["samples"] == lived.rows
    lines = LEARNER.changes(LEARNER.first(), taught, lived)
    assert any("Learnt from" in line for line in lines)
    assert any("move by" in line for line in lines)
