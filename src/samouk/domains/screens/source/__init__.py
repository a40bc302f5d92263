"""What an app's source says of its screens: one file a framework, all giving the same records."""
