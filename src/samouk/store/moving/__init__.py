"""Whole stores on their way: from one place to another, into a backup and back."""
