"""The harness of scripts/bench. How fast anything is, is not a test's business."""

import json
import math

import numpy as np
import pytest
from benchmarks import __main__ as bench
from benchmarks.measure import Group, Measured, Result, Target, UnknownNameError, figures, select, table
from benchmarks.timing import BLOCK, always, in_turns, median_ms, median_ratio
from benchmarks.usual_stack import Size, nearest_to, size_of_cnn

KEYS = {"name", "value", "unit", "target", "holds", "compared_with"}


def group_of_two() -> Group:
    group = Group("toy")

    @group.measure("ms", at_most=2.0)
    def fast() -> Measured:
        return Measured(1.5, "another 3 ms")

    @group.measure("x faster", at_least=10.0)
    def faster() -> Measured:
        return Measured(4.0)

    return group


def broken() -> Measured:
    raise RuntimeError("no such thing")


@pytest.fixture
def toy(monkeypatch):
    """The command line with the toy group in place of the real ones."""
    monkeypatch.setattr(bench, "read_groups", lambda: {"toy": group_of_two().measures})


def test_json_is_a_list_of_objects_with_exactly_the_promised_keys(toy, capsys):
    """Every result has all six keys, null where nothing was compared."""
    assert bench.main(["--json"]) == 1
    results = json.loads(capsys.readouterr().out)
    assert [set(result) for result in results] == [KEYS, KEYS]
    assert results[0] == {
        "name": "toy.fast",
        "value": 1.5,
        "unit": "ms",
        "target": "<= 2",
        "holds": True,
        "compared_with": "another 3 ms",
    }
    assert results[1]["holds"] is False
    assert results[1]["compared_with"] is None


def test_only_results_go_to_standard_output(toy, capsys):
    """Progress and the machine's description go to standard error."""
    bench.main(["toy.fast"])
    said = capsys.readouterr()
    assert said.out.startswith("name")
    assert "[1/1] toy.fast" in said.err
    assert "OPENBLAS_NUM_THREADS=1" in said.err


def test_exit_status_says_whether_all_targets_hold(toy):
    """0 when all that was asked for holds, 1 when one is missed."""
    assert bench.main(["toy.fast"]) == 0
    assert bench.main(["toy.fast", "toy.faster"]) == 1


def test_unknown_name_is_an_error_that_proposes_the_nearest(capsys):
    """A slip costs one line, not a run of everything."""
    assert bench.main(["sound.reddy"]) == 2
    assert capsys.readouterr().err == "scripts/bench: no group or measure 'sound.reddy'; did you mean 'sound.ready'?\n"


def test_name_like_no_other_is_told_where_the_names_are():
    """Nothing is proposed where nothing is near."""
    with pytest.raises(UnknownNameError, match="--list shows the names"):
        select({"toy": group_of_two().measures}, ["zzzzzz"])


def test_names_select_groups_and_measures_each_once():
    """In the order asked for; none named means all."""
    groups = {"toy": group_of_two().measures}
    assert [measure.name for measure in select(groups, ["toy.faster", "toy"])] == ["toy.faster", "toy.fast"]
    assert [measure.name for measure in select(groups, [])] == ["toy.fast", "toy.faster"]


def test_list_shows_every_measure_of_the_sound_group(capsys):
    """The names that the issue's targets are known by."""
    assert bench.main(["--list"]) == 0
    names = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    wanted = "chain_vs_invoke chain_vs_usual_stack spared_window gate log_mel replay_30_min to_broker_p95 rss ready"
    assert {f"sound.{name}" for name in wanted.split()} <= names


def test_measure_that_fails_is_told_and_does_not_stop_the_others(capsys):
    """Its value is null, and it does not hold."""
    group = group_of_two()
    group.measure("s", at_most=1.0)(broken)
    results = bench.measure_all(group.measures[::-1])
    assert [result.value for result in results] == [None, 4.0, 1.5]
    assert results[0].as_json()["holds"] is False
    assert "no such thing" in capsys.readouterr().err
    assert "failed" in table(results)


def test_limit_that_follows_from_the_comparison_replaces_the_target():
    """Such as 1.5 times what something else takes."""
    group = Group("toy")
    group.measure("ms")(lambda: Measured(2.0, "invoke 1 ms", limit=2.5))
    result = group.measures[0].run()
    assert (str(result.target), result.holds) == ("<= 2.5", True)


@pytest.mark.parametrize(
    ("target", "value", "holds"),
    [
        (Target(2.0), 2.0, True),
        (Target(2.0), 2.1, False),
        (Target(10.0, at_most=False), 10.0, True),
        (Target(10.0, at_most=False), 9.9, False),
        (Target(2.0), math.nan, False),
        (Target(2.0, at_most=False), math.nan, False),
    ],
)
def test_target_holds_up_to_its_limit(target, value, holds):
    """At most or at least; what is not a number holds nothing."""
    assert target.holds(value) is holds


def test_table_aligns_its_columns_and_names_what_was_missed():
    """One line a result, below a line of titles."""
    results = [
        Result("a", 0.12345, "ms", Target(1.0), "other 2 ms"),
        Result("longer", 1234.5, "x", Target(10.0, at_most=False)),
        Result("c", 9.0, "s", Target(1.0)),
    ]
    lines = table(results).splitlines()
    assert len(lines) == 4
    assert len({line.index(word) for line, word in zip(lines, ("target", "<= 1", ">= 10", "<= 1"), strict=True)}) == 1
    assert [line.split()[-1] for line in lines[2:]] == ["holds", "MISSED"]
    assert lines[1].endswith("other 2 ms")


def test_figures_are_three_and_without_exponent():
    """Whatever the size."""
    assert [figures(x) for x in (0.012345, 1.0, 12.345, 1234.5, 99.99)] == ["0.0123", "1", "12.3", "1234", "100"]


def test_actions_are_called_in_turns_of_one_block():
    """A B A B …, after one call of each that is not timed."""
    calls: list[str] = []
    in_turns(2 * BLOCK, always(lambda: calls.append("a")), always(lambda: calls.append("b")))
    assert "".join(calls) == "ab" + ("a" * BLOCK + "b" * BLOCK) * 2


def test_calls_that_do_not_count_are_left_out():
    """A window that the gate spares says nothing of one that it passes."""
    (took_s,) = in_turns(BLOCK, lambda: False)
    assert np.isnan(took_s).all()
    assert median_ms(np.array([[0.001, np.nan, 0.003]])) == pytest.approx(2.0)


def test_ratio_is_of_neighbouring_blocks():
    """A slow moment hits both sides of a block, and blocks in which one side does not count are left out."""
    a = np.array([[2.0, 2.0], [20.0, 20.0], [np.nan, np.nan]])
    b = np.array([[1.0, np.nan], [10.0, 10.0], [1.0, 1.0]])
    assert median_ratio(a, b) == pytest.approx(2.0)


def test_usual_network_is_as_large_as_ours():
    """Its width is chosen so that its parameters are nearest in number."""
    size = size_of_cnn(9, 3)
    assert nearest_to(Size(size.parameters + 100, 0), 3) == 9
    assert str(size) == "124 k parameters, 6.3 M MAC"
