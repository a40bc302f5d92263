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


# In the order in which somebody comes to need them: see it run, serve, watch and learn, get better, keep house.
for command in (
    *(serving.demo, serving.serve, doctor.doctor, keeping.keys),
    *(learning.learners, performing.triggers, learning.turn, learning.runs, learning.versions),
    *(rollouts.rollout, performing.performance, exporting.export),
    *(searching.automl, adopting.adopt, learning.check),
    *(working.work, working.schedule, working.tasks),
    *(keeping.audit, erasing.erase, erasing.export_subject),
    *(maintaining.maintain, moving.backup, moving.restore, moving.copy_store, migrating.migrate),
):
    main.add_command(command)
    if command is learning.turn:
        main.add_command(command, "retrain")
