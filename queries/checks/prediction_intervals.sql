-- Which predictions lie outside their interval, or outside what their metric can be?
--
-- column: key VARCHAR  of the prediction
-- column: metric VARCHAR  what was predicted
-- column: low DOUBLE  lower end of the interval
-- column: value DOUBLE  the prediction
-- column: high DOUBLE  upper end of the interval
SELECT key, metric, low, value, high
FROM prediction
WHERE
    NOT (low <= value AND value <= high)
    OR low < 0
    OR (metric <> 'log_loss' AND high > 1)
    OR NOT (isfinite(low) AND isfinite(high))
ORDER BY key
