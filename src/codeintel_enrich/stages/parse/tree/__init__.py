"""LibCST's tree of one file, and the exact place of every node in the text; it knows nothing of what nodes mean.

parser      text -> LibCST's tree, or why not and where
generation  tree -> the events of generating its code again, aligned with the text: what LibCST's private API gives
places      events -> spans, and the nodes that get rows
"""

from codeintel_enrich.stages.parse.tree.places import ParsedTree, build_tree

__all__ = ["ParsedTree", "build_tree"]
