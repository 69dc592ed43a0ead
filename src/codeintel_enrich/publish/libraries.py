"""Nothing but imports: loading this module early saves publishing from loading Arrow late.

Arrow loads what it finds: numpy, pandas, clients of remote file systems. Nothing here uses them, and they take longer
to load than all the rest. So a process that imports this module, which is there to publish, does not find them.
"""

import sys

for unused in ("numpy", "pandas", "pyarrow._s3fs", "pyarrow._gcsfs", "pyarrow._azurefs", "pyarrow._hdfs"):
    sys.modules.setdefault(unused, None)  # type: ignore[arg-type]

import pyarrow.compute  # noqa: E402
import pyarrow.parquet  # noqa: E402

__all__ = ["pyarrow"]
