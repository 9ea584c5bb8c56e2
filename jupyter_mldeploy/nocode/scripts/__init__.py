"""Entry scripts of ours, one a framework. They are copied into bundles as they are, run in the service's own
environment (Python 3.8 or newer), and import nothing of this package."""
