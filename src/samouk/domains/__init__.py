"""Rooms of one shape: walks its own folders and the entry points ``samouk.domains``."""
