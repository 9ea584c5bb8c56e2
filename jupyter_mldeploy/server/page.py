"""The page of memory that front and worker share: what the worker is at, what the front wants to have back, and answers
that the worker has not sent yet.

Every field is one aligned 32-bit word with one writer: structs of several fields tear. Runs on Python 3.8.
"""

import mmap
import os
from typing import Tuple

WORDS = mmap.PAGESIZE  # bytes of the words …
AREA = 16_384  # … and of the answers that are held after them
SIZE = WORDS + AREA
# Fields. The worker writes what it is at and what it has counted, the front the others.
RUNNING = 0  # id of the request that runs, or that ran last; 0 before the first
RECALL = 1  # not 0: return every request that has not begun
CANCEL = 2  # id of the stream that nobody reads any more
LAST = 3  # id of the last request of the run that goes on: RUNNING's own, unless several are joined; written before it
RUNS = 4  # runs that joined several requests …
ROWS = 5  # … and the rows in them
SPLITS = 6  # of these runs, those that were done again in halves
HELD = 7  # bytes of whole ANSWER frames in the area that may not have been sent yet; written after them


def create() -> int:
    """A descriptor of a new page, all zero; it has no name that could be left behind."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("mldeploy-page")
    else:  # macOS
        import tempfile  # a fiftieth of a second that Linux need not pay

        fd, path = tempfile.mkstemp()
        os.unlink(path)
    os.ftruncate(fd, SIZE)
    return fd


def views(fd: int) -> Tuple[memoryview, memoryview]:
    """The words, and the area, of the page behind a descriptor, which may be closed then; one's own page for -1."""
    whole = memoryview(mmap.mmap(fd, SIZE))
    return whole[:WORDS].cast("I"), whole[WORDS:]


def held(words: memoryview, area: memoryview, alive: bool) -> bytes:
    """The answers that a worker holds; nothing while it goes on, as they may be replaced while they are read.

    It writes to the area only after a run and before it says what it runs next: who has run the same throughout has
    written nothing.
    """
    runs, length = words[RUNNING], words[HELD]
    found = bytes(area[:length])
    return b"" if alive and words[RUNNING] != runs else found
