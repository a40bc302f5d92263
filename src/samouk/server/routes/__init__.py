"""The server's own addresses, one file a noun."""
