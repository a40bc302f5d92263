"""What the source of React Native apps says of their screens; ``reader`` holds it together."""
