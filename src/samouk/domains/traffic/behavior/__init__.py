"""How users behave: groups that stay comparable from version to version."""
