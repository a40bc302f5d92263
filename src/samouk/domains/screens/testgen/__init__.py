"""From an app model to tests that run: cases first, then one writer a format."""
