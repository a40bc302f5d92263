"""What a check costs on the wire, counted on raw sockets against the product's own server."""

from __future__ import annotations

from pathlib import Path

from benchmarks.update import LIMIT_BYTES, Relay, platform
from tests.publish.world import LEARNER, World

from samouk.edge.updater import ModelUpdater


def test_no_change_check_fits_in_a_kilobyte(tmp_path: Path) -> None:
    """A check without news takes at most 1 KB in both directions, headers included; nothing else is asked."""
    world = World(tmp_path / "home")
    world.release(1)
    with platform(world.folder) as port:
        relay = Relay(port)
        client = ModelUpdater(relay.url, LEARNER, data_dir=tmp_path / "data", environ={"HOME": str(tmp_path)})
        assert client.auto_update(force=True) is not None
        relay.taken()
        assert client.check_for_updates() is None
        sent, received = relay.taken()
        relay.close()
    assert 0 < sent + received <= LIMIT_BYTES
