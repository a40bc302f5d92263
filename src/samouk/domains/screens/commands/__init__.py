"""The commands of ``observe``, a file a subject."""
