-- What does the public record say of the encoders that it has results of?
--
-- column: encoder VARCHAR  what the record calls it
-- column: n_params BIGINT  weights of the model
-- column: n_dims BIGINT  dimensions of a vector
-- column: max_tokens BIGINT  longer texts are cut
-- column: released DOUBLE  when, in years
-- column: languages VARCHAR[]  that it is said to know, such as eng-Latn
-- column: license VARCHAR  of the weights
-- column: open BOOLEAN  whether the weights can be had
-- column: organisation VARCHAR  who published it
-- column: lineage VARCHAR  encoders of one base model
-- column: training_datasets VARCHAR[]  that it was trained on, as far as stated
SELECT
    e.name AS encoder,
    e.n_parameters AS n_params,
    e.n_dims,
    e.max_tokens,
    year(e.released::DATE) + (dayofyear(e.released::DATE) - 1) / 365.25 AS released,
    coalesce(e.languages::VARCHAR[], []) AS languages,
    e.license,
    e.is_open AS open,
    split_part(e.name, '/', 1) AS organisation,
    e.lineage,
    coalesce(e.trained_on::VARCHAR[], []) AS training_datasets
FROM encoder AS e
SEMI JOIN entry AS n ON n.encoder_id = e.id
ORDER BY e.name
