"""An app as tests need it: its screens, their elements with ways to find them, and what leads where."""
