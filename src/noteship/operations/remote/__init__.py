"""Runs that go on elsewhere: handed over, driven, worked, followed, stopped; all that they share is in the store."""
