"""What the build is made of, as data: its stages, what each reads, their settings and their keys."""
