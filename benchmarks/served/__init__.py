"""What `serving.py` is made of: models, servers, load, and the tables."""
