"""Doing it: worker processes, jobs, and the account of what ran."""
