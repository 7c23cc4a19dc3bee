"""The five rules of peers/README.md over NDJSON; answers how many events meet each."""

import json
import sys


def rules(event):
    ref = event.get("objectRef")
    if event.get("stage") != "ResponseComplete" or ref is None:
        return
    verb, resource, subresource = event.get("verb"), ref.get("resource"), ref.get("subresource")
    user = event.get("user", {}).get("username", "")
    code = event.get("responseStatus", {}).get("code", 999)
    body = event.get("responseObject") or {}
    if resource == "pods" and subresource == "exec" and code < 400:
        yield 0
    if user == "system:anonymous" and code < 400:
        yield 1
    if resource == "clusterrolebindings" and verb in ("create", "update", "patch") and code < 300:
        if body.get("roleRef", {}).get("name") == "cluster-admin":
            yield 2
    if resource == "pods" and subresource is None and verb == "create" and code < 300:
        containers = body.get("spec", {}).get("containers", [])
        if any(container.get("securityContext", {}).get("privileged") is True for container in containers):
            yield 3
    if resource == "secrets" and verb == "list" and "namespace" not in ref and code < 300:
        if not user.startswith("system:"):
            yield 4


met = [0, 0, 0, 0, 0]
with open(sys.argv[1], "rb") as lines:
    for line in lines:
        for rule in rules(json.loads(line)):
            met[rule] += 1
print(json.dumps(met))
