"""Registries over HTTP: logins, connections, blobs up and down; and one in this process that fails as it is told."""
