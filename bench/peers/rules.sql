-- The five rules of peers/README.md over NDJSON; answers how many events meet each.
SELECT
  count(*) FILTER (ref.resource = 'pods' AND ref.subresource = 'exec' AND code < 400) AS exec,
  count(*) FILTER (username = 'system:anonymous' AND ref IS NOT NULL AND code < 400) AS anonymous,
  count(*) FILTER (
    ref.resource = 'clusterrolebindings' AND verb IN ('create', 'update', 'patch') AND code < 300
    AND (body ->> '$.roleRef.name') = 'cluster-admin'
  ) AS cluster_admin,
  count(*) FILTER (
    ref.resource = 'pods' AND ref.subresource IS NULL AND verb = 'create' AND code < 300
    AND list_contains((body ->> '$.spec.containers[*].securityContext.privileged'), 'true')
  ) AS privileged,
  count(*) FILTER (
    ref.resource = 'secrets' AND verb = 'list' AND ref.namespace IS NULL AND code < 300
    AND NOT starts_with(username, 'system:')
  ) AS all_secrets
FROM (
  SELECT
    verb,
    "user".username AS username,
    objectRef AS ref,
    responseStatus.code AS code,
    responseObject AS body
  FROM read_json(
    $1,
    format = 'newline_delimited',
    columns = {
      stage: 'VARCHAR',
      verb: 'VARCHAR',
      user: 'STRUCT(username VARCHAR)',
      objectRef: 'STRUCT(resource VARCHAR, subresource VARCHAR, namespace VARCHAR)',
      responseStatus: 'STRUCT(code INTEGER)',
      responseObject: 'JSON'
    }
  )
  WHERE stage = 'ResponseComplete'
)
