"""The metrics of all processes of a crew as one text: each process's own under its number, the store's once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from samouk.server.siblings import Siblings

if TYPE_CHECKING:
    from prometheus_client.core import Metric

log = logging.getLogger("samouk.metrics")

LABEL = "process"
TARGET = "/metrics?of=process"


def merged(siblings: Siblings, own: bytes, headers: Iterable[tuple[str, str]]) -> Iterator[Metric]:
    """What this process and its siblings measured: every family once, with a sample a process.

    A sibling that does not answer, because it begins just now, is left out of this scrape.

    Args:
        own: the text of this process.
        headers: of the scrape, with the key that opens the metrics.
    """
    families: dict[str, Metric] = {}
    for number, text in sorted([(siblings.number, own), *_others(siblings, tuple(headers))]):
        for family in _labelled(text.decode(), number):
            if family.name in families:
                families[family.name].samples.extend(family.samples)
            else:
                families[family.name] = family
    return iter(families.values())


def _others(siblings: Siblings, headers: Iterable[tuple[str, str]]) -> Iterator[tuple[int, bytes]]:
    for number in siblings.others:
        try:
            answer = siblings.ask(number, "GET", TARGET, headers)
        except OSError:
            log.warning("process %d does not answer: this scrape is without its metrics", number)
            continue
        if answer.status == 200:
            yield number, answer.body


def _labelled(text: str, number: int) -> Iterator[Metric]:
    from prometheus_client.parser import text_string_to_metric_families

    for family in text_string_to_metric_families(text):
        family.samples = [one._replace(labels={**one.labels, LABEL: str(number)}) for one in family.samples]
        yield family
