"""Layouts: from a detector's outputs to boxes, as its card says."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edged.errors import ModelError
from edged.object_decoders import NmsLayout, TfSsdLayout, UltraSsdLayout, read_facts
from edged.vision import iou, nms
from tests.objects import CARDS, COCO, DATA, NEED_DATA

MODEL = DATA / "tensorflow__tflite-support" / "coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite"
PICTURE = DATA / "google-coral__test_data" / "images" / "pets.jpg"
RAW = TfSsdLayout(kind="ssd_anchors", grids=(19, 10, 5, 3, 2, 1), order="yxhw")
ULTRA = {"kind": "ssd", "strides": [8], "sizes": [[8]], "variances": [0.1, 0.2]}


@pytest.fixture(scope="module")
def opened():
    """What the COCO SSD's last layer gives before its own post-processing, and what that makes of it."""
    import cv2
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # keeping all tensors is for debugging, it says
        model = Interpreter(
            str(MODEL),
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
    model.allocate_tensors()
    seen = cv2.cvtColor(cv2.resize(cv2.imread(str(PICTURE)), (300, 300)), cv2.COLOR_BGR2RGB)
    model.set_tensor(model.get_input_details()[0]["index"], seen[None])
    model.invoke()
    inner = {}
    for detail in model.get_tensor_details():
        if detail["name"] in {"Squeeze", "convert_scores", "anchors"}:
            scale, zero_point = detail["quantization"]
            values = np.asarray(model.get_tensor(detail["index"]), np.float32)
            inner[detail["name"]] = (values - zero_point) * scale
    boxes, classes, scores, count = (model.get_tensor(detail["index"]) for detail in model.get_output_details())
    outputs = {"boxes": boxes[0], "classes": classes[0], "scores": scores[0], "count": count}
    raw = {"boxes": inner["Squeeze"][0], "scores": inner["convert_scores"][0]}
    return inner["anchors"], raw, NmsLayout(kind="nms").read(outputs, (300, 300), 0.3)


@NEED_DATA
def test_anchors_are_those_that_the_model_was_trained_with(opened):
    """As the COCO SSD's file itself has them (in 8 bits), in its order."""
    anchors, _, _ = opened
    assert np.abs(RAW.priors((300, 300))[:, [1, 0, 3, 2]] - anchors).max() < 0.01


@NEED_DATA
def test_the_last_layer_is_read_as_the_model_itself_reads_it(opened):
    """The same objects, by our decoding and suppression, as by TFLite_Detection_PostProcess."""
    _, raw, ready = opened
    found = RAW.read(raw, (300, 300), 0.3)
    found = found.rows(np.array(nms(found.boxes, found.scores, 0.6)))
    assert len(ready.scores) >= 2
    assert [COCO.labels[label - 1] for label in found.classes[:2]] == ["dog", "dog"]
    for box, label, score in zip(ready.boxes[:2], ready.classes, ready.scores, strict=False):
        shares = iou([box], found.boxes)[0]
        nearest = int(shares.argmax())
        assert shares[nearest] > 0.9
        assert found.classes[nearest] == label + 1  # 0 is the background
        assert found.scores[nearest] == pytest.approx(score, abs=1e-6)


@settings(max_examples=30)
@given(
    arrays.arrays(np.float32, (10, 4), elements=st.floats(-2, 2, width=32)),
    arrays.arrays(np.float32, 10, elements=st.floats(width=32)),
    arrays.arrays(np.float32, 10, elements=st.floats(width=32)),
    st.floats(width=32),
)
def test_whatever_a_model_says_is_read_without_a_fault(boxes, classes, scores, count):
    """Numbers that are none, classes that there are not, a count that is not one."""
    outputs = {"boxes": boxes, "classes": classes, "scores": scores, "count": np.array([count], np.float32)}
    found = NmsLayout(kind="nms").read(outputs, (300, 300), 0.25)
    assert len(found.boxes) == len(found.classes) == len(found.scores) <= 10
    assert (found.scores >= 0.25).all()


def test_an_order_of_edges_is_the_card_s_affair():
    """And so is which label class 0 has."""
    outputs = {
        "boxes": np.array([[0.1, 0.2, 0.3, 0.4]], np.float32),
        "classes": np.zeros(1, np.float32),
        "scores": np.ones(1, np.float32),
        "count": np.ones(1, np.float32),
    }
    found = NmsLayout(kind="nms").read(outputs, (300, 300), 0.5)
    assert found.boxes.tolist() == [pytest.approx([0.2, 0.1, 0.4, 0.3])]
    found = NmsLayout(kind="nms", order="xyxy", first_class=1).read(outputs, (300, 300), 0.5)
    assert found.boxes.tolist() == [pytest.approx([0.1, 0.2, 0.3, 0.4])]
    assert found.classes.tolist() == [1]


@pytest.mark.parametrize("activation", ["none", "sigmoid", "softmax"])
@pytest.mark.parametrize(("background", "label"), [(0, 2), (2, 1), (None, 2)])
def test_raw_scores_become_scores_and_the_background_is_no_object(activation, background, label):
    """Whichever class it is; logits by what the card says."""
    layout = UltraSsdLayout(**ULTRA, activation=activation, background=background)
    scores = np.full((4, 3), 0.01 if activation == "none" else -8.0, np.float32)
    scores[1, label] = 0.9 if activation == "none" else 8.0
    found = layout.read({"boxes": np.zeros((4, 4), np.float32), "scores": scores}, (16, 16), 0.5)
    assert found.classes.tolist() == [label]
    assert found.scores[0] == pytest.approx(0.9 if activation == "none" else 1, abs=0.01)
    assert found.boxes.tolist() == [[0.5, 0.0, 1.0, 0.5]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parameters": {}}, "parameters.colour: Field required; name an object detector"),
        ({"parameters": {**COCO.parameters, "layout": {"kind": "yolo"}}}, r"parameters\.layout: .*yolo"),
        ({"outputs": COCO.outputs[:3]}, "has no output 'count', only boxes, classes, scores"),
        ({"inputs": COCO.outputs[:1]}, r"inputs: float32\[1, 10, 4\], must be one of shape"),
        ({"parameters": {**COCO.parameters, "layout": ULTRA}}, "makes 1444 priors, must be 10"),
    ],
)
def test_a_card_that_is_none_of_an_object_detector_is_refused(change, message):
    """With what is wrong."""
    with pytest.raises(ModelError, match=message):
        read_facts(COCO.model_copy(update=change))


def test_the_catalogue_s_cards_can_be_read():
    """The COCO SSD's; and detectors of faces are detectors of objects too."""
    assert read_facts(COCO).layout.kind == "nms"
    for name in ("face_ssd_slim", "face_rfb_320"):
        assert isinstance(read_facts(CARDS[name]).layout, UltraSsdLayout)
