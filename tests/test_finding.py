"""What a study says of its numbers: who is best, whether that is beyond chance, and whether a claim holds."""

from dataclasses import asdict
from math import comb

import numpy as np
import pytest

from scipy_ae.experiments.finding import Entry, finding, objective_of, verdict
from scipy_ae.experiments.spec import Spec
from scipy_ae.report.findings import tell
from scipy_ae.report.words import Words


def of(numbers):
    return {seed: (float(number), 0.0) for seed, number in enumerate(numbers)}


def entry(name, merits, objective=("data", "all"), **more):
    return Entry(name, objective, of(merits), **more)


def said(entries, seconds=None):
    return tell([asdict(one) for one in finding(entries, seconds)], Words())


def judged(entries, expect):
    labels = [entry.name for entry in entries]
    return tell([asdict(one) for one in verdict(entries, labels, expect)], Words())


def test_a_value_that_wins_from_every_start_is_best():
    rivals = [entry("b", range(10, 20)), entry("c", range(5, 15)), entry("a", range(10))]
    assert said(rivals) == ["Best is a: it beats each of the others from at least 10 of 10 starts."]


def test_starts_that_disagree_leave_it_undecided():
    a, b = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [2, 3, 4, 5, 6, 7, 8, 0, 0, 0]
    told = said([entry("a", a), entry("b", b)])
    assert told == [
        "Undecided: b has the best median, but 10 starts do not tell it from a (beaten from 3). More starts (--seeds)"
        " may decide."
    ]


@pytest.mark.parametrize("wins", range(5, 11))
def test_one_comparison_is_held_to_five_per_cent(wins):
    best, rest = [0] * 10, [1] * wins + [-1] * (10 - wins)
    told = said([entry("best", best), entry("rest", rest)])[0]
    chance = 2 * sum(comb(10, k) for k in range(wins, 11)) / 2**10
    assert told.startswith("Best is best") == (chance <= 0.05)


def test_many_comparisons_are_held_to_it_together():
    nine = [entry("best", [0] * 10)] + [entry(str(k), [1] * 8 + [-1] * 2) for k in range(8)]
    assert said(nine[:2])[0].startswith("Undecided")  # 8 of 10, or as many for the other, is chance once in 9
    nine = [entry("best", [0] * 10)] + [entry(str(k), [1] * 9 + [-1]) for k in range(8)]
    assert said(nine[:2])[0].startswith("Best is best")  # 9 of 10 is chance once in 47,
    assert said(nine)[0].startswith("Undecided")  # but not all eight times
    assert said(nine)[0].endswith("3 (beaten from 9), and 4 more. More starts (--seeds) may decide.")
    assert said([entry("best", [0] * 10)] + [entry(str(k), [1] * 10) for k in range(8)])[0].startswith("Best is best")


def test_six_starts_decide_between_two_values_and_no_more():
    assert said([entry("a", [0] * 5), entry("b", [1] * 5)])[0].startswith("Undecided")
    assert said([entry("a", [0] * 6), entry("b", [1] * 6)])[0].startswith("Best is a")
    assert said([entry("a", [0] * 6), entry("b", [1] * 6), entry("c", [1] * 6)])[0].startswith("Undecided")


def test_two_values_that_are_equally_good_are_rarely_told_apart():
    rng = np.random.default_rng(0)
    for n in (5, 8, 10, 13):
        decided = sum(
            finding([entry("a", rng.random(n)), entry("b", rng.random(n))])[0].key == "best" for _ in range(1000)
        )
        assert decided <= 1000 * 0.05 + 21  # three standard deviations


def test_starts_are_compared_by_their_seeds():
    one = Entry(
        "one", ("a",), {2: (0.0, 0.0), 3: (1.0, 0.0), 5: (2.0, 0.0), 6: (3.0, 0.0), 7: (3.0, 0.0), 8: (3.0, 0.0)}
    )
    other = Entry(
        "other",
        ("a",),
        {8: (4.0, 0.0), 7: (4.0, 0.0), 6: (4.0, 0.0), 5: (3.0, 0.0), 3: (2.0, 0.0), 9: (9.0, 0.0), 2: (1.0, 0.0)},
    )
    assert said([other, one])[0] == "Best is one: it beats each of the others from at least 6 of 6 starts."


def test_ranks_after_equal_times_and_by_the_first_clean_moment():
    slow = entry("slow", [0] * 6, timed=of([9] * 6), clean=dict.fromkeys(range(6), 4.0))
    quick = entry("quick", [1] * 6, timed=of([8] * 6), clean=dict.fromkeys(range(6), 2.0))
    assert said([slow, quick], 0.5) == [
        "Best is slow: it beats each of the others from at least 6 of 6 starts.",
        "After equal times, 0.5 s each: best is quick: it beats each of the others from at least 6 of 6 starts.",
        "First without a wrong pixel is quick, after 2 s at the median: sooner than each of the others, from at least"
        " 6 of 6 starts.",
    ]
    even = [entry(name, [1] * 2, clean={0: first, 1: first + 1}) for name, first in (("a", 2.0), ("b", 4.0))]
    assert "first without a wrong pixel is a, after 2.5 s" in said(even)[-1].lower()
    never = [entry(name, [2] * 6, clean=dict.fromkeys(range(6), np.inf)) for name in "ab"]
    assert said(never)[-1] == "No value comes to zero wrong pixels from half of its starts."


def test_losses_of_other_objectives_are_not_ranked():
    alone = [entry("one", [1] * 6, ("data", "all", "a")), entry("two", [2] * 6, ("data", "all", "b"))]
    assert said(alone)[0].startswith(
        "By wrong pixels, since losses of different objectives do not compare: best is one"
    )
    for other in (entry("two", [1] * 6, ("data", "all", "b")), entry("two", [2] * 6, ("others", "all", "b"))):
        assert said([alone[0], other])[0].startswith("Each value minimises an objective of its own")
    assert said([*alone, entry("three", [3] * 6, ("data", "all", "a"))]) == [
        "Of the 2 with the same objective, best is one: it beats each of the others from at least 6 of 6 starts."
    ]
    specs = [Spec(), Spec(solver="CG"), Spec(contractive=0.1), Spec(noise="flip:2")]
    keys = [objective_of(spec) for spec in specs]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_values_that_never_were_finite_are_not_called_best():
    worst = dict.fromkeys(range(6), (np.inf, np.inf))
    assert said([Entry(name, ("a",), worst) for name in "ab"]) == ["No value stayed finite."]


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (
            [10, 11, 12, 13, 14, 15],
            "a better ELBO in 20 s than Adam in 19 s: −12.5 against −22.5 nats a row (ahead from 6 of 6 starts)",
        ),
        (
            [30, 31, 32, 33, 34, 35],
            "reaches no better ELBO in 20 s than Adam in 19 s: −32.5 against −22.5 nats a row (behind from 6 of",
        ),
        (
            [10, 11, 21, 22, 33, 34],
            "−21.5 against −22.5 nats a row (ahead from 4 of 6 starts, too few to be sure)",
        ),
    ],
)
def test_second_order_is_told_to_win_or_lose_at_equal_seconds(second, told):
    kinds = [
        entry("Adam", [20, 21, 22, 23, 24, 25], variational=True, seconds=19.0),
        entry("L-BFGS", second, variational=True, second_order=True, seconds=20.01),
        entry("plain", [1, 1, 1, 1, 1, 1], ("b",)),
    ]
    found = said(kinds)
    assert found[0].startswith("By the ELBO on codes drawn anew, among the 2 variational ones:")
    assert found[1].startswith("L-BFGS reaches")
    assert told in found[1]


CLAIM = {"better": ["a", "b"], "than": ["c", "d"]}


def test_a_claim_is_borne_out_spoken_against_or_undecided():
    low, high, mixed = [0] * 10, [5] * 10, [-1] * 4 + [3] * 6
    held = [entry("a", low), entry("b", high), entry("c", [2] * 10), entry("d", [3] * 10)]
    assert judged(held, CLAIM) == [
        "Our data bear it out: a beats each of the values it is said to beat, from at least 10 of 10 starts."
    ]
    against = [entry("a", high), entry("b", high), entry("c", low), entry("d", high)]
    assert judged(against, CLAIM) == ["Our data speak against it: c beats a from 10 of 10 starts."]
    open_ = [entry("a", low), entry("b", high), entry("c", mixed), entry("d", high)]
    assert judged(open_, CLAIM) == [
        "Our data leave it undecided: a is the best of those that are said to be best, but 10 starts do not tell it"
        " from c (beaten from 6)."
    ]
