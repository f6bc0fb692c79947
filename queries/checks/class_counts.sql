-- Whose class counts do not add up to its rows, or are more than there are classes?
--
-- column: thing VARCHAR  split or subset
-- column: id BIGINT  its id
-- column: n_rows BIGINT  its rows
-- column: counted BIGINT  sum of its class counts
-- column: n_counts BIGINT  how many class counts it has
-- column: n_classes BIGINT  classes of the dataset
WITH counts AS (
    SELECT 'split' AS thing, id, dataset_id, n_rows, class_counts::BIGINT[] AS n FROM split
    UNION ALL
    SELECT 'subset' AS thing, id, labels_of_id, n_rows, class_counts::BIGINT[] AS n FROM subset
)
SELECT
    c.thing,
    c.id,
    c.n_rows,
    coalesce(list_sum(c.n), 0)::BIGINT AS counted,
    len(c.n) AS n_counts,
    d.n_classes
FROM counts AS c
JOIN dataset AS d ON d.id = c.dataset_id
WHERE counted <> c.n_rows OR n_counts > d.n_classes OR list_min(c.n) < 0
ORDER BY c.thing, c.id
