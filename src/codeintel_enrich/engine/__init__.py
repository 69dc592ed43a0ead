"""The edge: everything that touches files, clocks, processes and history, so that stages need not.

    config -> discovery -> manifest -> keys -> artifacts -> sandbox -> build

`build` puts them together; `tasks` hands its plan to doit.
"""
