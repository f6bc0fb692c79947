-- What was run, when, how did it end and what did it write?
--
-- parameter: command VARCHAR = NULL  only this command
-- column: run BIGINT  id of the run
-- column: command VARCHAR  what was run
-- column: version VARCHAR  of charz
-- column: host VARCHAR  where it ran
-- column: status VARCHAR  running, done or failed
-- column: started_at TIMESTAMP  UTC
-- column: seconds DOUBLE  from start to end, NULL while it runs
-- column: n_embeddings BIGINT  embeddings written
-- column: n_results BIGINT  results written
-- column: n_feature_values BIGINT  feature values written
-- column: n_predictions BIGINT  predictions given
WITH embeddings AS (
    SELECT run_id, count(*) AS n FROM embedding GROUP BY run_id
),
results AS (
    SELECT run_id, count(*) AS n FROM result GROUP BY run_id
),
feature_values AS (
    SELECT run_id, count(*) AS n FROM feature_value GROUP BY run_id
),
predictions AS (
    SELECT run_id, count(*) AS n FROM prediction GROUP BY run_id
)
SELECT
    run.id AS run,
    run.command,
    run.version,
    run.host,
    run.status,
    run.started_at,
    epoch(run.ended_at - run.started_at) AS seconds,
    coalesce(embeddings.n, 0) AS n_embeddings,
    coalesce(results.n, 0) AS n_results,
    coalesce(feature_values.n, 0) AS n_feature_values,
    coalesce(predictions.n, 0) AS n_predictions
FROM run
LEFT JOIN embeddings ON embeddings.run_id = run.id
LEFT JOIN results ON results.run_id = run.id
LEFT JOIN feature_values ON feature_values.run_id = run.id
LEFT JOIN predictions ON predictions.run_id = run.id
WHERE $command IS NULL OR run.command = $command
ORDER BY run.started_at, run.id
