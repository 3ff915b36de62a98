"""`python -m contentsvc` is the `contentsvc` command."""

from contentsvc.cli import main

if __name__ == "__main__":
    main()
