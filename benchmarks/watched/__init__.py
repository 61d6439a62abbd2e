"""Streams of rows whose law is known, what noteship says of them, and what watching costs."""
