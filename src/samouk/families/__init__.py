"""Families of models that several rooms use: how what a library fitted becomes a graph that any runtime reads."""
