"""Which results are checked, and what opinions mean together."""

import pytest

from hypernode.domain.assurance import TRUSTED_AFTER, Assurance, Judgement, Opinion, is_checked, judge
from hypernode.domain.receipt import Verdict

PASSED, FAILED, UNVERIFIED = Verdict.PASSED, Verdict.FAILED, Verdict.UNVERIFIED


def strangers(*verdicts: Verdict) -> list[Opinion]:
    return [Opinion(verdict, trusted=False) for verdict in verdicts]


@pytest.mark.parametrize("passed", [0, TRUSTED_AFTER - 1])
def test_every_result_of_a_new_node_is_checked(passed: int):
    assert is_checked(Assurance.SAMPLED, passed, luck=0.999)


def test_of_a_known_node_a_sample_is_checked():
    checked = sum(is_checked(Assurance.SAMPLED, TRUSTED_AFTER, luck=n / 1000, share=0.1) for n in range(1000))

    assert checked == 100


def test_the_customer_may_want_all_results_checked_or_none():
    assert is_checked(Assurance.ALWAYS, 10**6, luck=0.999)
    assert not is_checked(Assurance.NONE, 0, luck=0)


@pytest.mark.parametrize("verdict", [PASSED, UNVERIFIED])
def test_one_opinion_that_finds_no_fault_is_enough(verdict: Verdict):
    assert judge(strangers(verdict), another=True) == Judgement(verdict, 0)


def test_the_operators_word_alone_proves_a_forgery():
    assert judge([Opinion(FAILED, trusted=True)], another=True) == Judgement(FAILED, 0, proven=True)


def test_a_strangers_word_alone_asks_for_a_second_opinion():
    assert judge(strangers(FAILED), another=True) is None


def test_where_no_second_one_is_there_the_attempt_fails_and_nobody_is_punished():
    assert judge(strangers(FAILED), another=False) == Judgement(FAILED, 0)


def test_two_who_agree_prove_a_forgery():
    assert judge(strangers(FAILED, FAILED), another=False) == Judgement(FAILED, 0, proven=True)


def test_where_two_differ_the_result_stands():
    assert judge(strangers(FAILED, PASSED), another=False) == Judgement(PASSED, 1)


def test_a_second_one_that_cannot_tell_proves_nothing():
    assert judge(strangers(FAILED, UNVERIFIED), another=False) == Judgement(FAILED, 0)
