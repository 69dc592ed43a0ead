"""Files that people and agents read, made from rows: knows neither analyses nor the store.

outputs     the registry: which kinds of files there are, where they lie, what makes them
rules       what a file is made of, and how it is known that it stands
files       bringing all of them to what is wanted: spliced of fragments, made one by one, or spliced of parts
index       what the files on disk are made of, kept beside them
pages, parquet, graphs, overlays, metrics, slices, repo_map, tags_index    one module a kind
scip/, report/    our own SCIP index and the page for a browser, made when somebody asks for them
"""
