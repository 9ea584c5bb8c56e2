"""The scoring server beside its peers: the same scripts, models and requests behind each, measured in turns."""
