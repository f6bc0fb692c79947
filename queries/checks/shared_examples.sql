-- Which datasets share a whole split's examples, in groups that are not held out together?
--
-- column: dataset VARCHAR  one of them
-- column: split VARCHAR  its split
-- column: other VARCHAR  the other
-- column: other_split VARCHAR  the other's split
SELECT
    a.name AS dataset,
    sa.name AS split,
    b.name AS other,
    sb.name AS other_split
FROM split AS sa
JOIN split AS sb ON sb.examples_hash = sa.examples_hash
JOIN dataset AS a ON a.id = sa.dataset_id
JOIN dataset AS b ON b.id = sb.dataset_id AND b.name > a.name
WHERE a.group_name <> b.group_name
ORDER BY a.name, sa.name, b.name, sb.name
