"""The model files of the five modules: their names, their configuration, where each comes from."""
