"""Verbs: pure functions from typed inputs to typed outputs, one package or module a stage; none imports another."""
