"""Many detection settings over the same pages, each network run and each box read once."""
