"""What stands out: rules, levels of series, machines with many metrics, floods, and the alerts that come of it."""
