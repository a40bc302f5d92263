"""What the source of Android apps of Jetpack Compose says of their screens; ``reader`` holds it together."""
