-- What is known of each encoder?
--
-- parameter: encoder VARCHAR = NULL  only this spec
-- parameter: probe VARCHAR = logistic  the probe's spec
-- column: encoder VARCHAR  its spec
-- column: lineage VARCHAR  encoders of one base model
-- column: kind VARCHAR  the kind of encoder
-- column: layer BIGINT  the layer read
-- column: pooling VARCHAR  how tokens become one vector
-- column: n_dims BIGINT  dimensions of a vector
-- column: n_parameters BIGINT  weights of the model
-- column: max_tokens BIGINT  longer texts are cut
-- column: is_normalized BOOLEAN  whether vectors have length 1
-- column: is_control BOOLEAN  whether it is untrained
-- column: license VARCHAR  of the weights
-- column: seconds_per_1k_tokens DOUBLE  encoding time
-- column: n_datasets_embedded BIGINT  datasets with vectors
-- column: n_tokens BIGINT  tokens read
-- column: n_datasets BIGINT  datasets with results
-- column: n_results BIGINT  results, of all probes
-- column: mean_rank DOUBLE  mean rank among encoders at the same place, 1 is best
-- column: n_places BIGINT  places (training and eval subset) ranked with others
WITH counts AS (
    SELECT encoder_id, count(DISTINCT dataset) AS n_datasets, count(*) AS n_results
    FROM cell
    GROUP BY encoder_id
),
embedded AS (
    SELECT
        v.encoder_id, count(DISTINCT s.dataset_id) AS n_datasets_embedded,
        sum(v.n_tokens)::BIGINT AS n_tokens
    FROM embedding AS v
    JOIN split AS s ON s.id = v.split_id
    GROUP BY v.encoder_id
),
places AS (
    SELECT
        encoder_id,
        rank() OVER (PARTITION BY train_subset_id, eval_subset_id ORDER BY accuracy DESC) AS place
    FROM cell
    WHERE probe = $probe
    QUALIFY count(*) OVER (PARTITION BY train_subset_id, eval_subset_id) > 1
),
ranks AS (
    SELECT encoder_id, avg(place) AS mean_rank, count(*) AS n_places FROM places GROUP BY encoder_id
)
SELECT
    e.spec AS encoder,
    e.lineage,
    e.kind,
    e.layer,
    e.pooling,
    e.n_dims,
    e.n_parameters,
    e.max_tokens,
    e.is_normalized,
    e.is_control,
    e.license,
    e.seconds_per_1k_tokens,
    coalesce(v.n_datasets_embedded, 0) AS n_datasets_embedded,
    v.n_tokens,
    coalesce(c.n_datasets, 0) AS n_datasets,
    coalesce(c.n_results, 0) AS n_results,
    r.mean_rank,
    coalesce(r.n_places, 0) AS n_places
FROM encoder AS e
LEFT JOIN embedded AS v ON v.encoder_id = e.id
LEFT JOIN counts AS c ON c.encoder_id = e.id
LEFT JOIN ranks AS r ON r.encoder_id = e.id
WHERE $encoder IS NULL OR e.spec = $encoder
ORDER BY e.spec
