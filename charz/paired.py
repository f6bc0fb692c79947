"""Two classifiers on the same rows: is their difference real, and how many rows settle it.

What counts are the *discordant* rows, which one of the two alone gets right. Without a difference
each is as probably the one's as the other's, so that a binomial distribution tells how surprising
their split is: McNemar's test. Its exact form is too cautious; the mid-p form counts the observed
split by half and holds its level (Fagerland, Lydersen and Laake, BMC Medical Research Methodology
2013). The power to find a difference is summed over all splits, no normal approximation.
"""

from __future__ import annotations

import math

import numpy as np

from charz.errors import InputError, check_share

MOST = 10_000_000
"""Rows beyond which no number is looked for."""


def p_value(first: int, second: int, *, mid: bool = True) -> float:
    """Return the two-sided p-value of McNemar's test.

    Parameters
    ----------
    first, second : int
        Rows that the first, and the second, alone gets right.
    mid : bool
        The mid-p form; False for the exact one.

    References
    ----------
    .. [1] Q. McNemar, Psychometrika 12 (1947); mid-p: H. O. Lancaster, JASA 56 (1961).

    Examples
    --------
    >>> round(p_value(9, 1), 4), round(p_value(9, 1, mid=False), 4)
    (0.0117, 0.0215)
    """
    from scipy.stats import binom

    least, n = min(first, second), first + second
    p = 2 * float(binom.cdf(least, n, 0.5))
    return min(1.0, p - float(binom.pmf(least, n, 0.5)) if mid else p)


def interval(first: int, second: int, n: int, level: float) -> tuple[float, float]:
    """Return the interval of the difference of two shares of the same n rows.

    Two rows are added, one for each side, so that no split leaves an interval of nought.

    Source: Bonett and Price, Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data, Journal of Educational and Behavioral Statistics 2012, eq. 4.

    >>> low, high = interval(20, 10, 200, 0.95)
    >>> round(low, 3), round(high, 3)
    (-0.005, 0.104)
    """
    from scipy.stats import norm

    a, b = (first + 1) / (n + 2), (second + 1) / (n + 2)
    z = float(norm.ppf((1 + level) / 2))
    half = z * math.sqrt((a + b - (a - b) ** 2) / (n + 2))
    seen = (first - second) / n
    low, high = max(-1.0, a - b - half), min(1.0, a - b + half)
    return min(low, seen), max(high, seen)


def power(n: int, first: float, second: float, alpha: float = 0.05) -> float:
    """Return the probability that n rows show the difference, with its sign, by the mid-p test.

    Parameters
    ----------
    n : int
    first, second : float
        Shares of rows that each alone gets right; the difference is theirs.
    alpha : float
        Level of the two-sided test.

    References
    ----------
    .. [1] Zhu, Wang, Li and Rudzicz, On the data requirements of probing, Findings of ACL 2022:
       power by McNemar's test from the proportions of a pilot.

    >>> round(power(626, 0.125, 0.075), 2)
    0.8
    """
    from scipy.stats import binom

    psi, larger = first + second, max(first, second)
    if psi <= 0:
        return 0.0
    spread = 8 * math.sqrt(n * psi * (1 - psi)) + 8
    split = np.arange(max(1, int(n * psi - spread)), min(n, int(n * psi + spread)) + 1)
    # The most rows of the weaker side that the test still takes for a difference.
    critical = np.asarray(binom.ppf(alpha / 2, split, 0.5), dtype=np.float64)
    critical = np.where(_mid(critical, split) <= alpha, critical, critical - 1)
    critical = np.where(_mid(critical, split) <= alpha, critical, critical - 1)
    found = binom.cdf(critical, split, 1 - larger / psi)
    return float(np.sum(binom.pmf(split, n, psi) * found))


def _mid(least: np.ndarray, n: np.ndarray) -> np.ndarray:
    from scipy.stats import binom

    return np.asarray(2 * binom.cdf(least, n, 0.5) - binom.pmf(least, n, 0.5))


def rows_needed(
    first: float, second: float, wanted: float = 0.8, alpha: float = 0.05
) -> int | None:
    """Return the least number of rows, to a hundredth, that shows the difference.

    Parameters
    ----------
    first, second : float
        Shares of rows that each alone gets right.
    wanted : float
        The power.

    Returns
    -------
    int or None
        None where there is no difference, or more than `MOST` rows would not do.

    Raises
    ------
    InputError
        When a share or the power makes no sense.

    >>> 590 < rows_needed(0.125, 0.075) < 630
    True
    """
    if not (0 <= first <= 1 and 0 <= second <= 1 and first + second <= 1 + 1e-9):
        raise InputError(f"{first} and {second} are no discordant shares", "give shares of rows")
    check_share(wanted, "power")
    check_share(alpha, "level of the test")
    if math.isclose(first, second, abs_tol=1e-12):
        return None
    low, high = 1, 8
    while power(high, first, second, alpha) < wanted:
        low, high = high, 2 * high
        if high > MOST:
            return None
    while high - low > max(1, low // 100):
        middle = (low + high) // 2
        enough = power(middle, first, second, alpha) >= wanted
        low, high = (low, middle) if enough else (middle, high)
    return high
