"""Question: an answer that may never come."""

import threading

from edged.guards.question import Question

LIMIT_S = 5.0


def test_an_answer_that_is_quick_is_there_at_once():
    """And stays until it is time to ask again."""
    asked: list[int] = []
    question = Question("quick", lambda: asked.append(1) or len(asked), every_s=10.0)
    for now_s, answer in ((0.0, 1), (9.0, 1), (10.0, 2), (11.0, 2)):
        assert question.ask(now_s) == 0.0
        assert question.answer == answer


def test_an_error_takes_the_answer_s_place():
    """The next answer takes its place again."""
    answers = iter([OSError("no"), 7])

    def ask() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    question = Question("failing", ask, every_s=1.0)
    question.ask(0.0)
    assert (question.answer, str(question.error)) == (None, "no")
    question.ask(1.0)
    assert (question.answer, question.error) == (7, None)


def test_it_is_not_asked_again_while_it_has_not_answered():
    """One thread at most waits, for however long; how long is told."""
    release, asked = threading.Event(), []

    def ask() -> int:
        asked.append(1)
        release.wait(LIMIT_S)
        return 1

    question = Question("slow", ask, every_s=1.0)
    assert [question.ask(float(now_s)) for now_s in (10, 20, 30)] == [0.0, 10.0, 20.0]
    assert asked == [1]
    release.set()
    question._thread.join(LIMIT_S)
    assert question.ask(30.5) == 0.0
