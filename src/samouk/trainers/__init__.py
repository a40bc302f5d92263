"""Clusters that fit: they read a snapshot's batches where they lie, and stand behind the port of the trainer."""
