"""Tables as files: read piece by piece, more than memory holds, and surveyed."""
