from setuptools import setup

with open("README.md") as f:
    setup(name="tripkit", long_description=f.read(), packages=["tripkit"])
