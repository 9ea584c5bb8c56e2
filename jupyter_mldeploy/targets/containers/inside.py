"""The one program that a target runs inside a container besides `ctl.py`: it swaps in what was laid there."""

SWAP = """
import json, os, shutil, sys
from mldeploy_server import control

socket, messages, limit, config, top = sys.argv[1:]
with open(messages, encoding="utf-8") as file:
    told = json.load(file)
os.unlink(messages)
for message in told:
    reply = control.call(socket, message, float(limit))
    if not reply.get("ok"):
        os.unlink(config + ".new")
        print(json.dumps(reply))
        sys.exit(1)
os.replace(config + ".new", config)  # what the front starts from, should its container be started again
status = control.call(socket, {"op": "status"}, 10.0)
used = {os.path.basename(one["root"]) for one in [status, *status.get("versions", {}).values()]}
idle = sorted((name for name in os.listdir(top) if name.isdigit() and name not in used), key=int)
for name in idle[:-1]:  # the newest may still be in use for what runs
    shutil.rmtree(os.path.join(top, name), ignore_errors=True)
print(json.dumps(reply))
"""
