"""The parts of the worker: what runs in the user's interpreter. Standard library only, Python 3.8 or newer."""
