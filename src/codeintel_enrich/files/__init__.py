"""Files and programs: stamps, atomic replacing, sidecars, files spliced from parts, running programs, git.

Below everything that reads or writes: knows nothing of what a file means."""
