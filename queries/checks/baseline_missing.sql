-- Which measured results of the reference probe lack its cross-validated baseline?
-- With a single class in the training rows there is none to have.
--
-- column: encoder VARCHAR  the encoder's spec
-- column: dataset VARCHAR  the dataset trained on
-- column: train_subset_id BIGINT  id of the training subset
-- column: n_train BIGINT  training rows
SELECT DISTINCT
    c.encoder,
    c.dataset,
    c.train_subset_id,
    c.n_train
FROM cell AS c
JOIN subset AS t ON t.id = c.train_subset_id
WHERE
    c.origin = 'measured'
    AND c.probe = 'logistic'
    AND len(list_filter(t.class_counts::BIGINT[], lambda n: n > 0)) > 1
    AND (c.cv_accuracy IS NULL OR c.cv_log_loss IS NULL)
ORDER BY c.encoder, c.dataset, c.train_subset_id
