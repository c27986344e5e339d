"""GroupLabels: a group of sound is as sure as the surest of its labels."""

from hypothesis import given
from hypothesis import strategies as st

from edged.messages.event import ModelUse
from edged.messages.sound import Span
from edged.messages.sound_events import LabelledWindow
from edged.stages.group_labels import GroupLabels

SPAN = Span(0.0, 1.0)
USE = ModelUse("m", "0", "cpu")
LABELS = tuple("abcdefgh")


def grouped(groups, **scores):
    window = LabelledWindow(scores, USE, SPAN)
    return {group: known for known in GroupLabels(groups)(window) for group in known.scored.scores}


def test_a_window_is_told_once_for_each_group():
    """Each has its own score only, and the window's model and span."""
    known = grouped({"glass": ["Glass", "Shatter"], "dog": ["Dog"]}, Glass=0.3, Shatter=0.6, Dog=0.1, Rain=0.9)
    assert {group: it.scored.scores for group, it in known.items()} == {"glass": {"glass": 0.6}, "dog": {"dog": 0.1}}
    assert all((it.scored.model, it.scored.span) == (USE, SPAN) for it in known.values())


def test_evidence_names_the_groups_labels_and_the_surest_of_all():
    """With their scores."""
    known = grouped({"dog": ["Dog", "Bark"]}, Dog=0.2, Bark=0.1, Rain=0.9, Water=0.8, Music=0.7, Tap=0.0)
    assert known["dog"].evidence == {"Dog": 0.2, "Bark": 0.1, "Rain": 0.9, "Water": 0.8, "Music": 0.7}


@given(
    scores=st.fixed_dictionaries(dict.fromkeys(LABELS, st.floats(0, 1))),
    groups=st.dictionaries(st.sampled_from(["k", "l", "m"]), st.lists(st.sampled_from(LABELS), min_size=1), min_size=1),
)
def test_a_groups_score_is_one_of_its_labels_and_none_is_higher(scores, groups):
    """So it stays in [0, 1] and a threshold means the same however many labels a group has."""
    for group, known in grouped(groups, **scores).items():
        own = [scores[label] for label in groups[group]]
        assert known.scored.scores[group] in own
        assert known.scored.scores[group] == max(
            known.evidence[label] for label in groups[group] if label in known.evidence
        )
        assert known.scored.scores[group] >= max(own)
