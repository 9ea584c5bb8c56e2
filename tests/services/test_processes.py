"""Who a process is, and who else is on the machine."""

import os
import pwd
import subprocess
import sys
from dataclasses import replace

from jupyter_mldeploy.processes import alive, identify, other_users


def test_a_process_is_itself_while_it_lives_and_no_other() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        identity = identify(process.pid)
        assert identity is not None
        assert alive(identity)
        assert not alive(replace(identity, started="another"))
        assert not alive(replace(identity, boot="another"))
    assert not alive(identity)


def test_a_zombie_is_dead() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has reaped it
    assert identify(process.pid) is None
    process.wait()


def test_other_users_are_people_and_not_this_one() -> None:
    found = [pwd.getpwnam(name) for name in other_users()]
    assert all(user.pw_uid not in (os.getuid(), 65534) and not user.pw_shell.endswith("nologin") for user in found)
