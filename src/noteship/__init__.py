"""From ordinary notebooks to a monitored service on Kubernetes."""

__all__ = ["__version__"]

__version__ = "0.1.0"
