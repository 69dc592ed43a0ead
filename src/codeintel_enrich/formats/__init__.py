"""Bytes <-> model, pure: one module a foreign format; none of them decides what a fact means."""
