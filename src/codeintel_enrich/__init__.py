"""An incremental build system whose rules are analyses of Python code.

The pipeline, a line a stage:

    parse    bytes of one file -> nodes, scopes, references and the module's interface
    link     every interface -> per module a linked module: what each imported name finally is
    qualify  syntax + linked module -> qualified names for definitions and references
    stitch   + the file's SCIP document -> symbols, and whether both sides agree
    types    + the file's checker facts -> diagnostics on nodes, annotation ratios
    emit     all layers of a file -> its final rows
    merge    rows of changed and vanished files -> one DuckDB transaction, then the files people read

ARCHITECTURE.md beside this file says why it is cut this way.
"""

# Written out, not asked of the installed distribution: that would be read from disk at every start, and is of
# another day where an editable install was not renewed. The build reads it from here, too.
__version__ = "0.1.0"
