"""`azureml` for a submitted script whose environment lacks this package: standard library only, Python 3.8 or newer."""
