-- What does the public record say of the tasks that it has results on?
--
-- column: task VARCHAR  the dataset
-- column: group VARCHAR  tasks that share texts or origin
-- column: n_classes BIGINT  number of classes
-- column: n_train BIGINT  texts to draw from
-- column: n_eval BIGINT  texts judged
-- column: mean_chars DOUBLE  mean characters per text judged
-- column: languages VARCHAR[]  such as eng-Latn
-- column: domains VARCHAR[]  where its texts come from
-- column: n_per_class BIGINT  rows per class of a draw; of classes with fewer, all
WITH judged AS (
    SELECT DISTINCT s.labels_of_id, s.protocol_id, s.n_rows
    FROM subset AS s
    SEMI JOIN entry AS n ON n.eval_subset_id = s.id
),
drawn AS (
    SELECT
        labels_of_id, protocol_id,
        max(list_max(class_counts::BIGINT[])) AS n_per_class
    FROM subset
    WHERE role = 'train'
    GROUP BY labels_of_id, protocol_id
)
SELECT
    d.name AS task,
    d.group_name AS "group",
    d.n_classes,
    train.n_rows AS n_train,
    j.n_rows AS n_eval,
    d.mean_chars,
    coalesce(d.languages::VARCHAR[], []) AS languages,
    coalesce(d.domains::VARCHAR[], []) AS domains,
    t.n_per_class
FROM judged AS j
JOIN dataset AS d ON d.id = j.labels_of_id
JOIN split AS train ON train.dataset_id = d.id AND train.name = 'train'
LEFT JOIN drawn AS t ON t.labels_of_id = j.labels_of_id AND t.protocol_id = j.protocol_id
ORDER BY d.name
