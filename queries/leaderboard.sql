-- Which encoder is best at n training rows, over the tasks that all of them were measured on?
-- A task is a dataset under a protocol; a score is the mean over tasks of the mean over seeds.
--
-- parameter: n BIGINT = NULL  training rows; NULL: the most that were measured
-- parameter: probe VARCHAR = logistic  the probe's spec
-- parameter: protocol VARCHAR = NULL  only this protocol
-- parameter: shift BOOLEAN = false  eval rows from another dataset, or from the same
-- parameter: least BIGINT = 1  leave out encoders with fewer tasks than this
-- column: rank BIGINT  by accuracy, equals sharing the better rank
-- column: encoder VARCHAR  the encoder's spec
-- column: lineage VARCHAR  encoders of one base model
-- column: is_control BOOLEAN  whether the encoder is untrained
-- column: n_train BIGINT  training rows
-- column: n_tasks BIGINT  tasks that all encoders have
-- column: n_tasks_own BIGINT  tasks that this encoder has
-- column: n_cells BIGINT  results behind the score
-- column: accuracy DOUBLE  mean over tasks
-- column: stderr DOUBLE  standard error of that mean over tasks
-- column: macro_f1 DOUBLE  mean over tasks
-- column: log_loss DOUBLE  mean over tasks, nats
WITH chosen AS (
    SELECT *, (protocol, dataset, eval_dataset) AS task
    FROM cell
    WHERE probe = $probe AND is_shift = $shift AND ($protocol IS NULL OR protocol = $protocol)
),
scores AS (
    SELECT
        encoder, lineage, is_control, n_train, task, count(*) AS n_cells,
        avg(accuracy) AS accuracy, avg(macro_f1) AS macro_f1, avg(log_loss) AS log_loss,
        count(*) OVER (PARTITION BY encoder) AS n_tasks_own
    FROM chosen
    WHERE n_train = coalesce($n, (SELECT max(n_train) FROM chosen))
    GROUP BY encoder, lineage, is_control, n_train, task
    QUALIFY n_tasks_own >= $least
),
common AS (
    SELECT task
    FROM scores
    GROUP BY task
    HAVING count(*) = (SELECT count(DISTINCT encoder) FROM scores)
)
SELECT
    rank() OVER (ORDER BY avg(accuracy) DESC) AS rank,
    encoder,
    lineage,
    is_control,
    n_train,
    count(*) AS n_tasks,
    any_value(n_tasks_own) AS n_tasks_own,
    sum(n_cells)::BIGINT AS n_cells,
    avg(accuracy) AS accuracy,
    stddev_samp(accuracy) / sqrt(count(*)) AS stderr,
    avg(macro_f1) AS macro_f1,
    avg(log_loss) AS log_loss
FROM scores
JOIN common USING (task)
GROUP BY encoder, lineage, is_control, n_train
ORDER BY accuracy DESC, encoder
