-- Which datasets are the same texts under two names, in groups that are not held out together?
--
-- column: dataset VARCHAR  one of them
-- column: other VARCHAR  the other
-- column: group_name VARCHAR  group of the one
-- column: other_group VARCHAR  group of the other
SELECT
    a.name AS dataset,
    b.name AS other,
    a.group_name,
    b.group_name AS other_group
FROM dataset AS a
JOIN dataset AS b ON b.fingerprint = a.fingerprint AND b.name > a.name
WHERE a.group_name <> b.group_name
ORDER BY a.name, b.name
