"""The wheel: one file a step, in the order in which data passes; imports no IO library."""
