"""L-BFGS on problems that share rows: one product forward and one backward a step for all.

Problem q has row weights ``w_q`` and penalty ``lam_q``; ``V_q = [W, b]`` its weights and, last,
intercepts, ``M_q = V_q Z'`` its margins, carried along, so that a line search costs elementwise
work alone. Problems that are done leave; products run over the rows of those that remain.

A step is accepted when its slope has halved, which for convex f ensures decrease and curvature.
The starting metric (`metric`) is scaled by ``s'y / y'H^-1 y`` of the last step [1]_: the first
trial is then nearly always accepted.

References
----------
.. [1] J. Nocedal, S. J. Wright, Numerical Optimization, 2nd edition, algorithm 7.4 and
   equation 7.20.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.probes._logistic.compiled import metric as metrics
from charz.probes._logistic.compiled.losses import BLOCK, measure
from charz.probes._logistic.compiled.machine import compiled
from charz.probes._logistic.compiled.metric import add, dot
from charz.probes._logistic.compiled.state import MEMORY, Course, Fits, Rows, Scratch
from charz.probes._logistic.compiled.tiles import product

if TYPE_CHECKING:
    from charz.records import Floats, Ints

# The metric is sharpened at this step, and anew every so many.
SHARP_FROM, SHARP_EVERY = 4, 24
# With fewer margins in all, or nearer to the end than this factor, sharpening costs more than
# the steps it saves.
SHARP_SIZE, SHARP_FAR = 4096, 30.0
# A step is good once the slope along it is at most this share of what it was.
ACCEPT = 0.5
MAX_STEPS = 1500
MAX_TRIALS = 25
TINY = 1e-30


@compiled
def minimise(rows: Rows, fits: Fits, which: Ints, patience: int, memory: Scratch) -> None:
    """Minimise the problems ``which`` from where they are; updates ``V`` and ``M``.

    A problem is given up where no step helps any more, or none of ``patience`` in turn came
    nearer than one before: floats have a floor.
    """
    K, n_active = fits.V.shape[1], len(which)
    active, places = which.copy(), np.arange(n_active)
    course = Course(
        np.zeros((n_active, MEMORY)), np.ones(n_active), np.zeros(n_active), np.zeros(n_active),
        np.zeros(n_active, np.int64), np.full(n_active, np.inf), np.zeros(n_active, np.int64),
        np.ones(n_active, np.bool_), np.zeros(n_active, np.bool_),
    )  # fmt: skip
    work = np.zeros((2, BLOCK), fits.V.dtype)
    for a in range(n_active):
        _begin(rows, fits, which[a], a, memory, course, work)
    while True:
        # Row a of D, G, DM and R is of problem active[a], whose place in ``which`` is places[a].
        product(memory.R, n_active * K, rows.back, rows.back_begins, rows.back_ends, memory.G)
        fits.work[0] += n_active * K
        kept = 0
        for a in range(n_active):
            q, place = active[a], places[a]
            if _goes_on(rows, fits, q, place, a, memory, course, patience):
                promise = _aim(rows, fits, q, place, a, kept, memory, course)
                if fits.is_strict[q] or promise / 2 > fits.tols[q] * course.values[place]:
                    active[kept], places[kept] = q, place
                    kept += 1
        n_active = kept
        if n_active == 0:
            return
        product(memory.D, n_active * K, rows.forth, rows.forth_begins, rows.forth_ends, memory.DM)
        fits.work[0] += n_active * K
        fits.work[1] += n_active
        for a in range(n_active):
            _move(rows, fits, active[a], places[a], a, memory, course, work)


@compiled
def _begin(
    rows: Rows, fits: Fits, q: int, a: int, memory: Scratch, course: Course, work: Floats
) -> None:
    """Set residuals, loss and diagonal metric of a problem where it is."""
    K = fits.V.shape[1]
    R = memory.R[a * K : (a + 1) * K]
    course.losses[a], _ = measure(
        fits.M[q], fits.M[q], R.dtype.type(0), rows.owner, fits.weights[q], R, work
    )
    metrics.diagonal(
        R, rows.owner, fits.weights[q], rows.moments, fits.lams[q], fits.dead[q],
        memory.diagonal[a],
    )  # fmt: skip


@compiled
def _goes_on(
    rows: Rows,
    fits: Fits,
    q: int,
    place: int,
    a: int,
    memory: Scratch,
    course: Course,
    patience: int,
) -> bool:
    """Take in the gradient; return whether there is still a way to go."""
    K, n, p = fits.V.shape[1], len(rows.owner), len(rows.moments)
    G, R = memory.G[a * K : (a + 1) * K], memory.R[a * K : (a + 1) * K]
    left, penalty = _gradient(G, R, fits.V[q], fits.lams[q], memory.diagonal[place], n, p)
    if course.steps[place] > 0:
        slot = (course.steps[place] - 1) % MEMORY
        course.scale[place], course.rho[place, slot] = _pair(
            memory.S[place, slot], memory.Y[place, slot], G, memory.before[place],
            memory.diagonal[place], memory.B[place], course.is_sharp[place],
        )  # fmt: skip
    memory.before[place] = G
    course.values[place] = course.losses[place] + penalty
    course.waited[place] = 0 if left < course.least[place] else course.waited[place] + 1
    course.least[place] = min(left, course.least[place])
    is_near = left <= fits.tols[q] * course.values[place]
    is_stuck = course.waited[place] > patience or not course.moved[place]
    return not is_near and not is_stuck and course.steps[place] < MAX_STEPS


@compiled
def _aim(
    rows: Rows, fits: Fits, q: int, place: int, a: int, kept: int, memory: Scratch, course: Course
) -> float:
    """Set the direction of a problem, after sharpening its metric when it is time.

    Returns how steeply the objective falls along it.
    """
    K, steps = fits.V.shape[1], course.steps[place]
    is_far = course.least[place] > SHARP_FAR * fits.tols[q] * course.values[place]
    is_large = K * len(rows.owner) >= SHARP_SIZE
    if is_far and is_large and steps % SHARP_EVERY == SHARP_FROM:
        metrics.sharpen(
            memory.R[a * K : (a + 1) * K], rows.owner, fits.weights[q], rows.Z, rows.moments,
            fits.lams[q], fits.dead[q], memory.diagonal[place], memory.B[place],
        )  # fmt: skip
        course.is_sharp[place], course.scale[place] = True, 1.0
    _direction(
        memory.before[place], memory.S[place], memory.Y[place], course.rho[place], steps,
        memory.diagonal[place], memory.B[place], course.is_sharp[place], course.scale[place],
        fits.dead[q], memory.D[kept * K : (kept + 1) * K],
    )  # fmt: skip
    D = memory.D[kept * K : (kept + 1) * K]
    return -float(dot(memory.before[place].reshape(-1), D.reshape(-1)))


@compiled
def _move(
    rows: Rows,
    fits: Fits,
    q: int,
    place: int,
    a: int,
    memory: Scratch,
    course: Course,
    work: Floats,
) -> None:
    """Search along the direction and go there."""
    K, p = fits.V.shape[1], len(rows.moments)
    part = slice(a * K, (a + 1) * K)
    D, DM = memory.D[part], memory.DM[part]
    _shift(DM, D, p, len(rows.owner))
    t, course.losses[place] = _search(
        fits.V[q], fits.M[q], memory.before[place], D, DM, memory.R[part], rows.owner,
        fits.weights[q], fits.lams[q], p, work,
    )  # fmt: skip
    course.moved[place] = t > 0
    slot = course.steps[place] % MEMORY
    _advance(D.dtype.type(t), D, DM, fits.V[q], fits.M[q], memory.S[place, slot])
    course.steps[place] += 1


@compiled
def _gradient(
    G: Floats, R: Floats, V: Floats, lam: float, metric: Floats, n: int, p: int
) -> tuple[float, float]:
    """Complete the gradient ``G`` (K, width), which holds ``R Z`` so far.

    Returns about how far f is above its minimum (the bound of `certificate` at settled
    intercepts) and the penalty.
    """
    floats = G.dtype
    lamf = floats.type(lam)
    squares, penalty, rest = 0.0, 0.0, 0.0
    for k in range(len(G)):
        g, v, r = G[k], V[k, :p], R[k, :n]
        total, length, slope = floats.type(0), floats.type(0), floats.type(0)
        for j in range(p):
            g[j] += lamf * v[j]
            total += g[j] * g[j]
            length += v[j] * v[j]
        for i in range(n):
            slope += r[i]
        g[p] = slope
        g[p + 1 :] = 0
        squares += float(total)
        penalty += float(length)
        rest += float(slope * slope * metric[k, p])
    return squares / (2 * lam) + rest / 2, lam / 2 * penalty


@compiled
def _pair(
    s: Floats, y: Floats, G: Floats, before: Floats, metric: Floats, B: Floats, is_sharp: bool
) -> tuple[float, float]:
    """Write the change of gradient ``y``; return the metric's scale and ``1 / s'y``."""
    new, old = G.reshape(-1), before.reshape(-1)
    for j in range(len(y)):
        y[j] = new[j] - old[j]
    product = float(dot(s, y))
    if product <= TINY:  # lost in rounding: the pair has no effect
        return 1.0, 0.0
    return product / metrics.squared(metric, B, is_sharp, y.reshape(G.shape)), 1 / product


@compiled
def _direction(
    G: Floats,
    S: Floats,
    Y: Floats,
    rho: Floats,
    count: int,
    metric: Floats,
    B: Floats,
    is_sharp: bool,
    scale: float,
    dead: Floats,
    D: Floats,
) -> None:
    """Set ``D`` (K, width) to minus the two-loop recursion's product with the gradient."""
    floats = D.dtype
    alphas = np.empty(MEMORY)
    D[:] = G
    d = D.reshape(-1)
    first = max(0, count - MEMORY)
    for place in range(count - 1, first - 1, -1):
        slot = place % MEMORY
        alphas[slot] = rho[slot] * dot(S[slot], d)
        add(floats.type(-alphas[slot]), Y[slot], d)
    metrics.apply(metric, B, is_sharp, floats.type(scale), D)
    if len(D) > 1:
        # The gradient lies there, and blocks per class lead out of it.
        metrics.center(dead, D)
    for place in range(first, count):
        slot = place % MEMORY
        beta = rho[slot] * dot(Y[slot], d)
        add(floats.type(alphas[slot] - beta), S[slot], d)
    for j in range(len(d)):
        d[j] = -d[j]


@compiled
def _shift(DM: Floats, D: Floats, p: int, n: int) -> None:
    """Add the intercepts' part to the margins' direction."""
    for k in range(len(D)):
        m, b = DM[k, :n], D[k, p]
        for i in range(n):
            m[i] += b


@compiled
def _search(
    V: Floats,
    M: Floats,
    G: Floats,
    D: Floats,
    DM: Floats,
    R: Floats,
    owner: Ints,
    w: Floats,
    lam: float,
    p: int,
    work: Floats,
) -> tuple[float, float]:
    """Return a step length that halves the slope and the loss there; 0 where none was found."""
    start = float(dot(G.reshape(-1), D.reshape(-1)))
    linear, square = 0.0, 0.0
    for k in range(len(D)):
        linear += lam * dot(V[k, :p], D[k, :p])
        square += lam * dot(D[k, :p], D[k, :p])
    low, high, slope_low, slope_high = 0.0, np.inf, start, np.inf
    t, loss = 1.0, 0.0
    for trial in range(MAX_TRIALS + 1):
        if trial == MAX_TRIALS:
            t = 0.0
        loss, slope = measure(M, DM, V.dtype.type(t), owner, w, R, work)
        slope += linear + t * square
        if t == 0 or abs(slope) <= ACCEPT * abs(start):
            break
        if slope < 0:
            low, slope_low = t, slope
        else:
            high, slope_high = t, slope
        if high < np.inf:
            share = slope_low / (slope_low - slope_high)
            t = low + min(0.9, max(0.1, share)) * (high - low)
        else:
            t = max(2 * low, 2.0)
    return t, loss


@compiled
def _advance(t: float, D: Floats, DM: Floats, V: Floats, M: Floats, s: Floats) -> None:
    d, v, m, dm = D.reshape(-1), V.reshape(-1), M.reshape(-1), DM.reshape(-1)
    for j in range(len(d)):
        s[j] = t * d[j]
        v[j] += s[j]
    for i in range(len(m)):
        m[i] += t * dm[i]
