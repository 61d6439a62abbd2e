"""A model and the profile that it is watched by, made together in the project's interpreter.

Nothing is imported here: `python -m noteship.bundling` first settles how many threads numeric libraries take.
"""
