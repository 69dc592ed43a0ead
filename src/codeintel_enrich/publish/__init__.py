"""Files that people and agents read, made from rows: knows neither analyses nor the store."""

from codeintel_enrich.publish.files import publish_files
from codeintel_enrich.publish.graphs import publish_graphs

__all__ = ["publish_files", "publish_graphs"]
