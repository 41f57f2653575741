"""The same pages and lines through several OCR engines."""
