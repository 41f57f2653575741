"""The five modules switched on and off: what each did to a page, without any widget."""
