"""Where things are kept: every port of the loop in memory, and embedded in a local folder."""
