"""An incremental build system whose rules are analyses of Python code.

The pipeline, a line a stage:

    parse    bytes of one file -> nodes, scopes, references and the module's interface
    link     every interface -> per module its linked: what each imported name finally is
    qualify  syntax + linked -> qualified names for definitions and references
    stitch   + the file's SCIP document -> symbols, and whether both sides agree
    types    + the file's checker facts -> diagnostics on nodes, annotation ratios
    emit     all layers of a file -> its final rows
    merge    rows of changed and vanished files -> one DuckDB transaction, then the files people read

ARCHITECTURE.md beside this file says why it is cut this way.
"""

__version__ = "0.1.0"
