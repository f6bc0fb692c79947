-- Which measured results lack a metric that is always defined? (auroc is not.)
--
-- column: encoder VARCHAR  the encoder's spec
-- column: dataset VARCHAR  the dataset trained on
-- column: probe VARCHAR  the probe's spec
-- column: train_subset_id BIGINT  id of the training subset
-- column: eval_subset_id BIGINT  id of the eval subset
-- column: undefined VARCHAR[]  the metrics without a value
SELECT
    encoder,
    dataset,
    probe,
    train_subset_id,
    eval_subset_id,
    list_filter(
        [
            if(isfinite(accuracy), NULL, 'accuracy'),
            if(isfinite(balanced_accuracy), NULL, 'balanced_accuracy'),
            if(isfinite(macro_f1), NULL, 'macro_f1'),
            if(isfinite(log_loss), NULL, 'log_loss'),
            if(isfinite(brier), NULL, 'brier'),
            if(isfinite(ece), NULL, 'ece')
        ],
        lambda name: name IS NOT NULL
    ) AS undefined
FROM cell
WHERE origin = 'measured' AND len(undefined) > 0
ORDER BY encoder, dataset, probe, train_subset_id, eval_subset_id
