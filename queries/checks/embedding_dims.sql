-- Which embeddings have another number of dimensions than their encoder?
-- Of text pairs they have twice as many, or four times under pair=full.
--
-- column: encoder VARCHAR  the encoder's spec
-- column: dataset VARCHAR  the dataset embedded
-- column: split VARCHAR  train or test
-- column: n_dims BIGINT  of the embedding
-- column: n_dims_encoder BIGINT  that they should have
SELECT
    e.spec AS encoder,
    d.name AS dataset,
    s.name AS split,
    v.n_dims,
    e.n_dims * CASE
        WHEN NOT d.is_pair THEN 1
        WHEN regexp_matches(e.spec, '[?&]pair=full(&|$)') THEN 4
        ELSE 2
    END AS n_dims_encoder
FROM embedding AS v
JOIN encoder AS e ON e.id = v.encoder_id
JOIN split AS s ON s.id = v.split_id
JOIN dataset AS d ON d.id = s.dataset_id
WHERE v.n_dims <> n_dims_encoder
ORDER BY e.spec, d.name, s.name
