-- Which subsets are not nested in the one that they name as their parent?
--
-- column: subset_id BIGINT  id of the subset
-- column: parent_id BIGINT  id of the parent
-- column: n_rows BIGINT  rows of the subset
-- column: n_parent BIGINT  rows of the parent
SELECT
    s.id AS subset_id,
    s.parent_id,
    s.n_rows,
    p.n_rows AS n_parent
FROM subset AS s
JOIN subset AS p ON p.id = s.parent_id
WHERE
    p.n_rows <= s.n_rows
    OR p.members_hash IS DISTINCT FROM s.members_hash
    OR (p.protocol_id, p.split_id, p.labels_of_id, p.role, p.seed)
    <> (s.protocol_id, s.split_id, s.labels_of_id, s.role, s.seed)
ORDER BY s.id
