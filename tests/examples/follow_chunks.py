"""Keep an index of chunks up to date, whatever has changed since the last time.

    python follow_chunks.py INDEX.json

`build --emit-slices` cuts the code into chunks and counts generations; `slices --since GENERATION` says which chunks
came, changed or went after one. Here the index is a JSON file of chunks; an embedding would be made where it says so.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

place = Path(sys.argv[1])
index: dict[str, Any] = (
    json.loads(place.read_text(encoding="utf-8")) if place.exists() else {"generation": 0, "chunks": {}}
)

subprocess.run(
    ["codeintel-enrich", "build", "--no-index", "--no-types", "--emit-slices"], check=True, stdout=sys.stderr
)
since = ["codeintel-enrich", "slices", "--since", str(index["generation"])]
head, *changes = map(json.loads, subprocess.run(since, check=True, capture_output=True).stdout.splitlines())

if head["complete"]:
    # What follows are all chunks there are: the log does not reach back to our generation, as the first time.
    index["chunks"] = {}
for change in changes:
    if change["operation"] == "removed":
        index["chunks"].pop(change["id"], None)
    else:
        chunk = change["chunk"]
        index["chunks"][chunk["id"]] = chunk["header"] + chunk["body"]  # embed this text
index["generation"] = head["generation"]
place.write_text(json.dumps(index), encoding="utf-8")
print(f"generation {head['generation']}: {len(changes)} changes, {len(index['chunks'])} chunks")
