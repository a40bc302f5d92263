"""The light client that an application embeds."""
