-- Which layer of a checkpoint is best, on the cells that all its layers were measured on?
--
-- parameter: lineage VARCHAR = NULL  only encoders of this base model
-- parameter: n BIGINT = NULL  only this number of training rows
-- parameter: probe VARCHAR = logistic  the probe's spec
-- column: lineage VARCHAR  encoders of one base model
-- column: name VARCHAR  the checkpoint
-- column: pooling VARCHAR  how tokens become one vector
-- column: layer BIGINT  0 is the embedding layer
-- column: depth DOUBLE  layer / layers of the checkpoint, in [0, 1]
-- column: n_layers_measured BIGINT  layers of this checkpoint and pooling with results
-- column: n_cells BIGINT  results behind the score
-- column: accuracy DOUBLE  mean over the common cells
-- column: against_last DOUBLE  accuracy less that of the deepest layer measured
-- column: is_best BOOLEAN  whether no layer is better
WITH layers AS (
    SELECT
        e.lineage, e.name, e.pooling, e.layer, e.n_layers, c.accuracy,
        (c.train_subset_id, c.eval_subset_id) AS place
    FROM cell AS c
    JOIN encoder AS e ON e.id = c.encoder_id
    WHERE
        e.layer IS NOT NULL
        AND c.probe = $probe
        AND ($lineage IS NULL OR e.lineage = $lineage)
        AND ($n IS NULL OR c.n_train = $n)
),
counted AS (
    SELECT lineage, name, pooling, count(DISTINCT layer) AS n_layers_measured
    FROM layers
    GROUP BY lineage, name, pooling
),
scores AS (
    SELECT *, avg(accuracy) OVER (PARTITION BY lineage, name, pooling, layer, place) AS score
    FROM layers
    QUALIFY row_number() OVER (PARTITION BY lineage, name, pooling, layer, place) = 1
),
common AS (
    SELECT lineage, name, pooling, place, count(*) AS n
    FROM scores
    GROUP BY lineage, name, pooling, place
),
profile AS (
    SELECT
        s.lineage, s.name, s.pooling, s.layer, any_value(s.layer / s.n_layers) AS depth,
        any_value(k.n_layers_measured) AS n_layers_measured, count(*) AS n_cells,
        avg(s.score) AS accuracy
    FROM scores AS s
    JOIN counted AS k
        ON k.lineage = s.lineage AND k.name = s.name AND k.pooling IS NOT DISTINCT FROM s.pooling
    JOIN common AS c
        ON c.lineage = s.lineage AND c.name = s.name AND c.pooling IS NOT DISTINCT FROM s.pooling
        AND c.place = s.place AND c.n = k.n_layers_measured
    GROUP BY s.lineage, s.name, s.pooling, s.layer
)
SELECT
    *,
    accuracy - last_value(accuracy) OVER deeper AS against_last,
    accuracy = max(accuracy) OVER deeper AS is_best
FROM profile
WINDOW deeper AS (
    PARTITION BY lineage, name, pooling ORDER BY layer
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
)
ORDER BY lineage, name, pooling, layer
