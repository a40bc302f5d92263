"""Pages that read the public HTTP API and nothing else."""

from samouk.dashboard.status import html, policy

__all__ = ["html", "policy"]
