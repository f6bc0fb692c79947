-- Which subsets are larger than the split that they were drawn from?
--
-- column: subset_id BIGINT  id of the subset
-- column: dataset VARCHAR  the dataset drawn from
-- column: split VARCHAR  train or test
-- column: n_rows BIGINT  rows of the subset
-- column: n_split BIGINT  rows of the split
SELECT
    s.id AS subset_id,
    d.name AS dataset,
    split.name AS split,
    s.n_rows,
    split.n_rows AS n_split
FROM subset AS s
JOIN split ON split.id = s.split_id
JOIN dataset AS d ON d.id = split.dataset_id
WHERE s.n_rows > split.n_rows
ORDER BY s.id
