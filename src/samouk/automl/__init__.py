"""Searching a model over families within a time budget, as ONNX that answers as its source does."""
