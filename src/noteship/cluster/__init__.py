"""Kubernetes: manifests as plain values, and the one way of talking to a cluster."""
