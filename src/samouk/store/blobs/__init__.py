"""Immutable bytes by the sha256 of their content, and the form in which batches are kept in them."""
