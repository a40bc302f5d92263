"""``python -m samouk.cli`` is ``samouk``."""

from samouk.cli import main

if __name__ == "__main__":
    main()
