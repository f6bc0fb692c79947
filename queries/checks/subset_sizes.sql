-- Which subsets are larger than the split that they were drawn from?
--
-- column: subset_id BIGINT  id of the subset
-- column: dataset VARCHAR  the dataset drawn from
-- column: split VARCHAR  train or test
-- column: n_rows BIGINT  rows that the subset takes from it
-- column: n_split BIGINT  rows of the split
SELECT
    s.id AS subset_id,
    d.name AS dataset,
    split.name AS split,
    s.n_rows - coalesce(base.n_rows, 0) AS n_rows,
    split.n_rows AS n_split
FROM subset AS s
JOIN split ON split.id = s.split_id
JOIN dataset AS d ON d.id = split.dataset_id
LEFT JOIN subset AS base ON base.id = s.base_id
WHERE s.n_rows - coalesce(base.n_rows, 0) > split.n_rows
ORDER BY s.id
