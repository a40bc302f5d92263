"""``observe``: tests from an app's source, types of elements, sharing, better models; the client's command line.

Exit codes: 0 done; 1 this machine could not do it (a full disk, for example); 2 wrong use, or a setting
that is not understood; 3 an input file is missing, broken or wrong; 4 the network or the server,
nothing is lost; 5 a model or an update that must not be used; 6 no consent to collect; 7 an extra
must be installed first; 130 interrupted with Ctrl-C, or asked and not answered.
"""

from __future__ import annotations

import logging
import sys
from io import TextIOWrapper

import click

from samouk.domains.screens.commands import (
    correcting,
    ends,
    forgetting,
    looking,
    models,
    predicting,
    project,
    project_after,
    rehearsing,
    settings,
    sharing,
    training,
)


class _Told(logging.Handler):
    """Says on standard error what a person should know though the command goes on."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        ends.hint(f"🔑 {record.getMessage()}")


_TOLD = _Told(logging.WARNING)


@click.group(cls=ends.Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=ends.CODES)
@click.version_option(package_name="samouk", message="observe, samouk %(version)s")
def main() -> None:
    """Turn an app's source into tests, look at its screens, and help a model to understand them better."""
    # What the library logs it also raises or returns, and here it is printed once; only trust on first use is news.
    logging.getLogger("samouk").addHandler(logging.NullHandler())
    logging.getLogger("samouk.edge.tuf_client").addHandler(_TOLD)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without these signs shows others, and does not fail


@main.group(cls=ends.Commands, epilog=ends.CODES)
def ml() -> None:
    """Predict, share samples, update and train the model."""


for _command in (
    predicting.predict,
    correcting.correct,
    sharing.collect,
    looking.stats,
    looking.analyze_cache,
    looking.show_upload,
    sharing.upload,
    forgetting.forget,
    models.check_updates,
    models.update_model,
    models.models,
    models.rollback,
    training.generate_test_samples,
    training.train,
):
    ml.add_command(_command)


@main.group("project", cls=ends.Commands, epilog=ends.CODES)
def on_project() -> None:
    """From an app's source to tests that run."""


for _command in (project.fullcycle, project_after.report, project_after.heal, rehearsing.rehearse):
    on_project.add_command(_command)
main.add_command(settings.config)

if __name__ == "__main__":
    main()
