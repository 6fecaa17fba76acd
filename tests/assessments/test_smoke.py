from tests.make import answer_all, make_snapshot
from assessments.snapshots import recompute


def test_recompute(assessment, owner):
    answer_all(assessment, owner)
    s = make_snapshot(assessment, owner)
    assert recompute(s) == s.body
