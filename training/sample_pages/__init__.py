"""The contents of the samples. Every text was written for this project; names and numbers are invented."""
