"""Our own SCIP index: what one file's rows say as a document, and the index file made of all documents."""

from codeintel_enrich.publish.scip.document import describe
from codeintel_enrich.publish.scip.index import Codec, ExportReport, due_documents, export_index
from codeintel_enrich.publish.scip.symbols import Package

__all__ = ["Codec", "ExportReport", "Package", "describe", "due_documents", "export_index"]
