-- In which datasets does more than a tenth of the test texts also stand in the training texts?
--
-- column: dataset VARCHAR  its name
-- column: n_overlap BIGINT  test rows whose text is a training text
-- column: n_test BIGINT  test rows
-- column: share DOUBLE  of the test rows
SELECT
    d.name AS dataset,
    d.n_overlap,
    s.n_rows AS n_test,
    d.n_overlap / s.n_rows AS share
FROM dataset AS d
JOIN split AS s ON s.dataset_id = d.id AND s.name = 'test'
WHERE d.n_overlap > 0.1 * s.n_rows
ORDER BY share DESC, d.name
