"""HTTP, thin and domain-free: what clients, people and other programs may ask of the services."""

from samouk.server.app import create_app
from samouk.server.options import Options

__all__ = ["Options", "create_app"]
