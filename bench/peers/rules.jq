# The five rules of peers/README.md over NDJSON; answers how many events meet each.
def code: .responseStatus.code // 999;
def flag(condition): if condition then 1 else 0 end;

def rules:
  .objectRef as $ref | .verb as $verb | [
    flag($ref.resource == "pods" and $ref.subresource == "exec" and code < 400),
    flag(.user.username == "system:anonymous" and $ref != null and code < 400),
    flag($ref.resource == "clusterrolebindings" and ($verb == "create" or $verb == "update" or $verb == "patch")
      and code < 300 and .responseObject.roleRef.name == "cluster-admin"),
    flag($ref.resource == "pods" and $ref.subresource == null and $verb == "create" and code < 300
      and any(.responseObject.spec.containers[]?; .securityContext.privileged == true)),
    flag($ref.resource == "secrets" and $verb == "list" and $ref.namespace == null and code < 300
      and (.user.username // "" | startswith("system:") | not))
  ];

reduce (inputs | select(.stage == "ResponseComplete") | rules) as $met
  ([0, 0, 0, 0, 0]; [., $met] | transpose | map(add))
