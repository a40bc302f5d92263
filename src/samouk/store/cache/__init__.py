"""What may be lost at any moment: in this process, or in Redis for all of them."""
