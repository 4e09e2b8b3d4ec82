"""What a line search remembers between two evaluations: one float array, by index."""

# verdicts
EVALUATE, ACCEPTED, FAILED = 0, 1, 2
# phases
INTERPOLATE, BRACKET, ZOOM, SETTLE = 0, 1, 2, 3

# The state, by index. BEST/OTHER are the ends of the interval that holds the wanted step: the interpolating
# search's best end and its other end, the bracketing search's previous trial, zoom's low and high end.
(
    STEP,  # the trial to evaluate next; once accepted, the step
    PHASE,
    F0,
    SLOPE0,
    C1,
    C2,
    FIRST,  # the first trial, from which the second search starts again
    CEILING,  # no trial beyond it
    TRIALS,
    WALLS,  # how many trials were not finite
    SAFE,  # the lowest trial with sufficient decrease, 0 when there is none
    F_SAFE,
    BEST,
    F_BEST,
    D_BEST,
    OTHER,
    F_OTHER,
    D_OTHER,
    BRACKETED,
    STAGE,
    LOW,
    HIGH,
    WIDTH,
    WIDTH_BEFORE,
    RECENT,  # zoom: the end that was dropped last, the third point of its cubic
    F_RECENT,
    ROUNDS,
) = range(27)
STATE_SIZE = 27

STEP_MIN, STEP_MAX = 1e-100, 1e100
