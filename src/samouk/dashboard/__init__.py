"""Pages that read the public HTTP API and nothing else."""
