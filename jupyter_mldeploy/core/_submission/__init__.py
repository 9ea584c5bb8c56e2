"""Submitted scripts: a snapshot of the source folder, a detached process that runs it, and its traces on disk."""
