-- What is known of each dataset?
--
-- parameter: dataset VARCHAR = NULL  only this dataset
-- parameter: probe VARCHAR = logistic  the probe's spec
-- column: dataset VARCHAR  its name
-- column: group_name VARCHAR  datasets that share texts or origin
-- column: label_family VARCHAR  datasets with the same labels
-- column: task VARCHAR  what is classified
-- column: language VARCHAR  of the texts
-- column: license VARCHAR  of the texts
-- column: n_classes BIGINT  classes
-- column: balance DOUBLE  entropy of the classes over its maximum, in [0, 1]
-- column: n_train BIGINT  rows to train on
-- column: n_test BIGINT  rows to evaluate on
-- column: median_words DOUBLE  words of a text
-- column: n_overlap BIGINT  test texts that are also training texts
-- column: majority_share DOUBLE  share of the largest class among the test rows
-- column: n_encoders BIGINT  encoders with results
-- column: n_results BIGINT  results, of all probes
-- column: n_largest BIGINT  the most training rows measured
-- column: best_encoder VARCHAR  spec of the most accurate encoder there
-- column: best_accuracy DOUBLE  its mean accuracy
WITH own AS (
    SELECT * FROM cell WHERE NOT is_shift
),
counts AS (
    SELECT dataset, count(DISTINCT encoder) AS n_encoders, count(*) AS n_results
    FROM own
    GROUP BY dataset
),
best AS (
    SELECT dataset, n_train, encoder, avg(accuracy) AS accuracy
    FROM own
    WHERE probe = $probe
    GROUP BY dataset, n_train, encoder
    QUALIFY row_number() OVER (
        PARTITION BY dataset ORDER BY n_train DESC, avg(accuracy) DESC, encoder
    ) = 1
),
sizes AS (
    SELECT
        dataset_id,
        max(n_rows) FILTER (name = 'train') AS n_train,
        max(n_rows) FILTER (name = 'test') AS n_test,
        max(list_max(class_counts::BIGINT[]) / n_rows) FILTER (name = 'test') AS majority_share
    FROM split
    GROUP BY dataset_id
)
SELECT
    d.name AS dataset,
    d.group_name,
    d.label_family,
    d.task,
    d.language,
    d.license,
    d.n_classes,
    d.balance,
    s.n_train,
    s.n_test,
    d.median_words,
    d.n_overlap,
    s.majority_share,
    coalesce(c.n_encoders, 0) AS n_encoders,
    coalesce(c.n_results, 0) AS n_results,
    b.n_train AS n_largest,
    b.encoder AS best_encoder,
    b.accuracy AS best_accuracy
FROM dataset AS d
LEFT JOIN sizes AS s ON s.dataset_id = d.id
LEFT JOIN counts AS c ON c.dataset = d.name
LEFT JOIN best AS b ON b.dataset = d.name
WHERE $dataset IS NULL OR d.name = $dataset
ORDER BY d.name
