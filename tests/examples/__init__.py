"""Examples for people: scripts to copy from. A test runs each of them."""
