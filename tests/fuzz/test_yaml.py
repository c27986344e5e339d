"""YAML that somebody else wrote: a box's configuration, a model's card, the catalogue. Read, or refused in words."""

from hypothesis import example, given
from hypothesis import strategies as st

from edged.errors import ConfigError, ModelError
from edged.inference.catalogue import Catalogue, ModelsConfig, shipped_models
from edged.inference.files.card import read_card
from edged.settings import read_settings
from tests.fuzz.mutating import bounded, damaged, few

CONFIGS = (
    b"device: box\nsources: {mic: {type: microphone, device: vmic}}\npipelines: {drones: {source: mic}}\n",
    b"mqtt:\n  host: broker\n  port: 1883\n  password_file: /run/secrets/x\nclips: {enabled: true}\n",
    b"sources:\n  yard: {type: camera, url: 'rtsp://10.0.0.2/live', username: u}\nhealth: {interval_s: 30}\n",
    b"a: &a [1, 2]\nb: *a\n<<: {c: d}\n? [x]\n: y\n",
)
CARD = (shipped_models() / "drone_sound" / "card.yaml").read_bytes()
LISTED = (shipped_models() / "catalogue.yaml").read_bytes()
BOMB = b"".join(
    b"%s: &%s [%s]\n"
    % (
        b"abcdefghi"[n : n + 1],
        b"abcdefghi"[n : n + 1],
        b",".join([b"*%s" % b"zabcdefghi"[n : n + 1]] * 9) if n else b"lol",
    )
    for n in range(9)
)
DEEP = b"[" * 20_000
WORDS = (
    *(b"*a", b"&a ", b"<<: ", b"? ", b"- ", b": ", b"!!python/object/apply:os.system [id]", b"!!binary ", b"!!set "),
    *(b"\t", b"\xff\xfe", b"\x00", b"---\n", b"...\n", b"%YAML 9.9\n", b"2026-99-99", b"1e999999", b".nan", b".inf"),
    *(b"0x" + b"f" * 300, b"9" * 5000, b"1:2:3", b"!!timestamp x", b"{", b"}", b"[", b"]", b"'", b'"\\ud800"', b"null"),
)


def test_the_seeds_are_what_they_should_be(tmp_path):
    """Else the tests below would prove little."""
    (tmp_path / "edged.yaml").write_bytes(CONFIGS[0])
    assert read_settings(tmp_path / "edged.yaml", {}).device == "box"
    assert len(Catalogue(ModelsConfig(path=tmp_path)).available()) > 3
    assert read_card(shipped_models() / "drone_sound").name == "drone_sound"


@few
@example(BOMB)
@example(DEEP)
@given(damaged(CONFIGS, WORDS) | st.binary(max_size=200))
def test_a_configuration_is_read_or_its_faults_are_told(tmp_path, content):
    """``edged check`` on any bytes."""
    path = tmp_path / "edged.yaml"
    path.write_bytes(content)
    with bounded(ConfigError):
        read_settings(path, {})


@few
@example(BOMB)
@example(DEEP)
@given(damaged([CARD], WORDS) | st.binary(max_size=200))
def test_a_card_is_read_or_refused(tmp_path, content):
    """Whoever offers a model wrote it."""
    (tmp_path / "card.yaml").write_bytes(content)
    with bounded(ModelError):
        read_card(tmp_path)


@few
@example(BOMB)
@example(DEEP)
@given(damaged([LISTED[:3000], LISTED[-3000:]], WORDS) | st.binary(max_size=200))
def test_a_catalogue_is_read_or_refused(tmp_path, content):
    """A faulty list of models is named with file, line and key."""
    (tmp_path / "catalogue.yaml").write_bytes(content)
    with bounded(ModelError):
        Catalogue(ModelsConfig(path=tmp_path), tmp_path).available()
