"""What the source of Flutter apps says of their screens; ``reader`` holds it together."""
