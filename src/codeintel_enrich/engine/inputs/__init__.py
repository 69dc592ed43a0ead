"""What comes from outside the sources: indexes, checkers, coverage, history and owners, split per file."""
