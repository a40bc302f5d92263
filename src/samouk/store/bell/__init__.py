"""What wakes those who wait: within this process, or on every machine by Redis or PostgreSQL."""
