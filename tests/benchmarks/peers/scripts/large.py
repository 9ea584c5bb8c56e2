"""LARGE: takes a big body and does nothing with it, so that what is left is the server's own share."""


def init():
    pass


def run(raw_data):
    return len(raw_data)
