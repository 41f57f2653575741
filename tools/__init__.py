"""Commands behind the Makefile's targets: environment, notebooks, checks."""
