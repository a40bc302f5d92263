"""What the room hears: events of users, in bounded memory and constant time each."""
