"""Where the names that a module exports are really defined.

    python exports_of_a_module.py MODULE

Every command takes `--json` and then prints one document: this is the way in for programs in other languages, too.
"""

import json
import subprocess
import sys

module = sys.argv[1]
# Where there is no such module the command ends with 2, and its message names what is near.
printed = subprocess.run(["codeintel-enrich", "exports", module, "--json"], check=True, capture_output=True).stdout
for export in json.loads(printed):
    origin = export["origin"] or "nobody knows"
    if origin != f"{module}.{export['name']}":
        print(f"{export['name']} is {origin}")
