"""What the source of Android apps of XML layouts says of their screens; ``reader`` holds it together."""
