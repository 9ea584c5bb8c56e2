"""`azureml.contrib` inside a service: only `services`."""
