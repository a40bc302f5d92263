"""``samouk``: serve, learn, look at what there is, keep keys, check a learner, play the demo; and what domains bring.

Exit codes: 0 done; 1 a run or a check failed; 2 wrong use; 3 the store, the keys or the address cannot be used;
4 another process is learning this learner.
"""

from __future__ import annotations

import click

from samouk.cli import (
    adopting,
    doctor,
    erasing,
    exporting,
    keeping,
    learning,
    maintaining,
    migrating,
    moving,
    performing,
    rollouts,
    searching,
    serving,
    working,
)
from samouk.cli.rooms import Rooms


@click.group(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="samouk", message="samouk %(version)s")
def main() -> None:
    """Samouk: models that teach themselves from the people who use them."""


for command in (
    *(serving.serve, serving.demo),
    *(working.work, working.schedule, working.tasks),
    *(learning.turn, learning.learners, learning.versions, learning.runs, learning.check),
    *(
        searching.automl,
        adopting.adopt,
        rollouts.rollout,
        performing.performance,
        performing.triggers,
        exporting.export,
    ),
    *(keeping.keys, keeping.audit, maintaining.maintain, erasing.erase, erasing.export_subject),
    migrating.migrate,
    doctor.doctor,
    *(moving.copy_store, moving.backup, moving.restore),
):
    main.add_command(command)
main.add_command(learning.turn, "retrain")
