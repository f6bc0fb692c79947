-- Which results pair subsets that do not belong together?
-- A cell trains on a train subset and evaluates on an eval subset of one protocol and label set.
--
-- column: encoder_id BIGINT  id of the encoder
-- column: train_subset_id BIGINT  id of the training subset
-- column: eval_subset_id BIGINT  id of the eval subset
-- column: train_role VARCHAR  role of the subset trained on
-- column: eval_role VARCHAR  role of the subset evaluated on
SELECT DISTINCT
    r.encoder_id,
    r.train_subset_id,
    r.eval_subset_id,
    t.role AS train_role,
    s.role AS eval_role
FROM result AS r
JOIN subset AS t ON t.id = r.train_subset_id
JOIN subset AS s ON s.id = r.eval_subset_id
WHERE
    t.role <> 'train'
    OR s.role <> 'eval'
    OR s.labels_of_id <> t.labels_of_id
    OR s.protocol_id <> t.protocol_id
ORDER BY r.encoder_id, r.train_subset_id, r.eval_subset_id
