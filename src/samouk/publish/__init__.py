"""Signed releases: keys, TUF metadata and what changed, laid out as files that any web server can serve."""
