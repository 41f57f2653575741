"""Thin views for JupyterLab; each has an object without a widget under it that does the work."""
