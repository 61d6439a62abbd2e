"""Images without Docker: files to layers, layers to a registry or a folder. Nothing is executed to make one."""
