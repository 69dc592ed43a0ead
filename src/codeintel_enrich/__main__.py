"""`python -m codeintel_enrich`."""

from codeintel_enrich.cli import main

if __name__ == "__main__":
    main()
