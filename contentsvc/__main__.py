"""Runs the `contentsvc` command for `python -m contentsvc`."""

from contentsvc.cli import main

if __name__ == "__main__":
    main()
