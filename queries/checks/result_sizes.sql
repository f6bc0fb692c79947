-- Which results were measured on other numbers of rows than their subsets have?
--
-- column: encoder VARCHAR  the encoder's spec
-- column: dataset VARCHAR  the dataset trained on
-- column: train_subset_id BIGINT  id of the training subset
-- column: eval_subset_id BIGINT  id of the eval subset
-- column: n_train BIGINT  of the result
-- column: n_train_subset BIGINT  of the subset
-- column: n_eval BIGINT  of the result
-- column: n_eval_subset BIGINT  of the subset
SELECT
    c.encoder,
    c.dataset,
    c.train_subset_id,
    c.eval_subset_id,
    c.n_train,
    t.n_rows AS n_train_subset,
    c.n_eval,
    s.n_rows AS n_eval_subset
FROM cell AS c
JOIN subset AS t ON t.id = c.train_subset_id
JOIN subset AS s ON s.id = c.eval_subset_id
WHERE c.n_train <> t.n_rows OR c.n_eval <> s.n_rows
ORDER BY c.encoder, c.dataset, c.train_subset_id, c.eval_subset_id
