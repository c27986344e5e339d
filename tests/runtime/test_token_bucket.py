from edged.runtime.token_bucket import TokenBucket


def test_a_burst_passes_and_then_the_rate_holds():
    """Two at once, then none until half a second has brought another token."""
    now = [0.0]
    bucket = TokenBucket(2.0, 2, clock=lambda: now[0])
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now[0] = 0.4
    assert not bucket.take()
    now[0] = 0.6
    assert bucket.take()


def test_a_long_rest_saves_up_no_more_than_the_burst():
    """After an hour there are still only two."""
    now = [0.0]
    bucket = TokenBucket(2.0, 2, clock=lambda: now[0])
    now[0] = 3600.0
    assert [bucket.take() for _ in range(3)] == [True, True, False]
