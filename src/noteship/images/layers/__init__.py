"""Layers: files of wheels, of the project, of a bundle and of noteship itself to blobs, the same bytes each time."""
