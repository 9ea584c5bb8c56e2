"""The page of memory that front and worker share: what the worker is at, and what the front wants to have back.

Every field is one aligned 32-bit word with one writer: structs of several fields tear. Runs on Python 3.8.
"""

import mmap
import os

SIZE = mmap.PAGESIZE
# Fields. The worker writes what it is at and what it has counted, the front the others.
RUNNING = 0  # id of the request that runs, or that ran last; 0 before the first
RECALL = 1  # not 0: return every request that has not begun
CANCEL = 2  # id of the stream that nobody reads any more
LAST = 3  # id of the last request of the run that goes on: RUNNING's own, unless several are joined; written before it
RUNS = 4  # runs that joined several requests …
ROWS = 5  # … and the rows in them
SPLITS = 6  # of these runs, those that were done again in halves


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


def words(fd: int) -> memoryview:
    """The words of the page behind a descriptor, which may be closed then; a page of one's own for -1."""
    return memoryview(mmap.mmap(fd, SIZE)).cast("I")
