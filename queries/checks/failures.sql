-- Which units of work failed and have not succeeded since?
--
-- column: step VARCHAR  the step
-- column: unit VARCHAR  what it worked on
-- column: message VARCHAR  why it failed
-- column: n_attempts BIGINT  how often it was tried
SELECT step, unit, message, n_attempts
FROM failure
ORDER BY step, unit
