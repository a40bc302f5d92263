"""How workers are told that there is something to do."""
