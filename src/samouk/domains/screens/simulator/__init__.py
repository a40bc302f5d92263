"""The parts of the simulated world: apps with a style, layouts of screens, and frameworks that dress them."""
