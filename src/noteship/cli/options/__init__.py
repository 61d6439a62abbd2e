"""The options of the verbs, by kind. Importing them imports no operation."""
