"""The JSON form of SCIP, read into the binary form, so that one way leads on from there.

There are two casings of it: `scip print --json` writes the fields' own names (`relative_path`), protobuf's JSON is
camelCase. protobuf's reader takes both, and enums by name or number. It is written in Python and needs some 0.5 s and
10 MB for each megabyte: JSON is for looking at an index, the binary form for working with one.
"""

from google.protobuf import json_format

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats import scip_pb2


def binary_of(data: bytes, name: str) -> bytes:
    """The index in its binary form; `name` is what messages call it. What the protocol does not know is left out.

    Raises:
        UsageError: no JSON, or no SCIP index in it; the message names the place inside the document.
    """
    index = scip_pb2.Index()
    try:
        json_format.Parse(data, index, ignore_unknown_fields=True)
    except (json_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{name} is no SCIP index in JSON: {error}") from error
    # An object of anything else passes as an index that says nothing: every field of a message may be absent.
    if not index.documents and not index.metadata.tool_info.name:
        raise UsageError(f"{name} is no SCIP index: it has neither documents nor metadata.")
    return index.SerializeToString(deterministic=True)
