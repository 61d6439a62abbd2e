"""What a data set must look like: inferred from a good one, checked on every other."""
