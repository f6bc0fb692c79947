-- Which encoders give the most accuracy for their cost, on the tasks that all of them have?
--
-- parameter: n BIGINT = NULL  training rows; NULL: the most that were measured
-- parameter: probe VARCHAR = logistic  the probe's spec
-- parameter: least BIGINT = 1  leave out encoders with fewer tasks than this
-- column: encoder VARCHAR  the encoder's spec
-- column: n_parameters BIGINT  weights of the model
-- column: seconds_per_1k_tokens DOUBLE  encoding time
-- column: n_dims BIGINT  dimensions of a vector
-- column: license VARCHAR  of the weights
-- column: n_tasks BIGINT  tasks that all encoders have
-- column: accuracy DOUBLE  mean over tasks
-- column: is_fastest BOOLEAN  nothing is as fast and as accurate, and better in one; NULL: time unknown
-- column: is_smallest BOOLEAN  nothing is as small and as accurate, and better in one; NULL: size unknown
WITH chosen AS (
    SELECT *, (protocol, dataset, eval_dataset) AS task FROM cell WHERE probe = $probe
),
tasks AS (
    SELECT encoder_id, task, avg(accuracy) AS score, count(*) OVER (PARTITION BY encoder_id) AS n_own
    FROM chosen
    WHERE n_train = coalesce($n, (SELECT max(n_train) FROM chosen))
    GROUP BY encoder_id, task
    QUALIFY n_own >= $least
),
common AS (
    SELECT task
    FROM tasks
    GROUP BY task
    HAVING count(*) = (SELECT count(DISTINCT encoder_id) FROM tasks)
),
scores AS (
    SELECT encoder_id, count(*) AS n_tasks, avg(score) AS accuracy
    FROM tasks
    JOIN common USING (task)
    GROUP BY encoder_id
),
facts AS (
    SELECT
        e.spec AS encoder, e.n_parameters, e.seconds_per_1k_tokens, e.n_dims, e.license,
        s.n_tasks, s.accuracy
    FROM scores AS s
    JOIN encoder AS e ON e.id = s.encoder_id
)
SELECT
    *,
    if(a.seconds_per_1k_tokens IS NULL, NULL, NOT EXISTS (
        SELECT 1
        FROM facts AS b
        WHERE
            b.seconds_per_1k_tokens <= a.seconds_per_1k_tokens
            AND b.accuracy >= a.accuracy
            AND (b.seconds_per_1k_tokens < a.seconds_per_1k_tokens OR b.accuracy > a.accuracy)
    )) AS is_fastest,
    if(a.n_parameters IS NULL, NULL, NOT EXISTS (
        SELECT 1
        FROM facts AS b
        WHERE
            b.n_parameters <= a.n_parameters
            AND b.accuracy >= a.accuracy
            AND (b.n_parameters < a.n_parameters OR b.accuracy > a.accuracy)
    )) AS is_smallest
FROM facts AS a
ORDER BY accuracy DESC, encoder
