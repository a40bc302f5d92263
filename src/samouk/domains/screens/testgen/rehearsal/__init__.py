"""Rehearsing generated tests without a phone: a real Appium server, and drivers that draw the app from a file."""
