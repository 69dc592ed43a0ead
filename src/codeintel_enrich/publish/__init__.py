"""Files that people and agents read, made from rows: knows neither analyses nor the store."""

from codeintel_enrich.publish.files import Plan, publish_files
from codeintel_enrich.publish.graphs import graph_recipes
from codeintel_enrich.publish.upkeep import NotNowError, Recipe

__all__ = ["NotNowError", "Plan", "Recipe", "graph_recipes", "publish_files"]
