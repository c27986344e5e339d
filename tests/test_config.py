"""Configuration: every fault at once, each with its place, key, value and remedy; nothing secret in any message."""

from pathlib import Path
from typing import Literal

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from edged.config import ConfigFaults, SecretFile, Section, load
from edged.errors import ConfigError
from edged.settings import Settings, find_settings, read_settings

SHIPPED = Path(__file__).parents[1] / "config" / "edged.yaml"


def faults(path: Path, text: str | bytes, environment: dict[str, str] | None = None) -> list[str]:
    """The messages for a file of this content, each from its line number on."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigFaults) as error:
        load(Settings, path, environment or {})
    return [line.removeprefix(f"{path}:").strip() for line in str(error.value).splitlines()]


def faults_of(environment: dict[str, str], path: Path | None = None) -> list[str]:
    with pytest.raises(ConfigFaults) as error:
        load(Settings, path, environment)
    return str(error.value).splitlines()


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "edged.yaml"


def loaded(file: Path, text: str, **environment: str) -> Settings:
    file.write_text(text)
    return load(Settings, file, environment)


EVERYTHING_WRONG = """\
device: Bad Name
mqtt:
  port: 70000
  hsot: broker
  password: hunter2
  keepalive_s: soon
sources:
  mic: {type: microphone, device: no, rate_hz: 4, check: {after: 3}}
  other: {type: recordign}
  third: {rate_hz: 16000}
  fourth: {type: recording, realtime: perhaps}
  Fifth One: {type: microphone}
pipelines:
  drones:
    smoothing: {threshold: 1.4, labels: [], votes: 0.5}
    windows: {vote_s: 2.0}
    sorce: mic
log: {level: warn}
models: {threads: true}
journal:
health: {interval_s: .inf}
health: {interval_s: 30}
site: 2024-01-01
"""
EVERY_FAULT = """\
1: device: 'Bad Name', must be 1 to 40 of a-z, 0-9, _ and - or null
3: mqtt.port: 70000, must be in [1, 65535]
4: mqtt.hsot: unknown key; did you mean 'host'?
5: mqtt.password: a secret does not stand in the configuration; write it to a file and name that in password_file
6: mqtt.keepalive_s: 'soon', must be a whole number in [1, 3600]
8: sources.mic.device: false, must be text or a whole number or null; put it in quotes
8: sources.mic.rate_hz: 4, must be in [8000, 384000]
8: sources.mic.check.after: unknown key; did you mean 'after_s'?
9: sources.other.type: 'recordign', must be one of camera, microphone, recording; did you mean 'recording'?
10: sources.third.type: is missing; it must be one of camera, microphone, recording
11: sources.fourth.path: is missing; it must be a path
11: sources.fourth.realtime: 'perhaps', must be true or false
12: sources.Fifth One: the name must be 1 to 40 of a-z, 0-9, _ and -
15: pipelines.drones.smoothing.threshold: 1.4, must be in [0, 1]
15: pipelines.drones.smoothing.labels: a list, must be a non-empty list of text
15: pipelines.drones.smoothing.votes: 0.5, must be at least 1
16: pipelines.drones.windows.vote_s: unknown key; it belongs to pipelines.<name>.smoothing.vote_s
17: pipelines.drones.sorce: unknown key; did you mean 'source'?
18: log.level: 'warn', must be one of debug, info, warning, error; did you mean 'warning'?
19: models.threads: true, must be a whole number in [1, 16]
20: journal: null, must be a mapping of keys to values; leave it out, or put keys below it
21: health.interval_s: inf, must be a number in [1, 3600]
22: health: stands twice; keep one of them
23: site: 2024-01-01, must be text or null; put it in quotes
"""


def test_every_fault_is_told_at_once(file):
    """Whatever is wrong stands in one answer, in the order of the lines, in words for a person."""
    assert set(faults(file, EVERYTHING_WRONG)) == set(EVERY_FAULT.splitlines())
    told = [int(line.partition(":")[0]) for line in faults(file, EVERYTHING_WRONG)]
    assert told == sorted(told)


def test_faults_are_one_line_each_and_name_the_file(file):
    """Each line begins with file and line number, so that an editor can jump there."""
    file.write_text(EVERYTHING_WRONG)
    with pytest.raises(ConfigError) as error:
        read_settings(file, {})
    assert all(line.startswith(f"{file}:") for line in str(error.value).splitlines())
    assert error.value.exit_code == 78


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- 1\n", "1: must be a mapping of keys to values"),
        ("hello", "1: must be a mapping of keys to values"),
        (
            "mqtt:\n\thost: x",
            "2: is not YAML: found character '\\t' that cannot start any token; indent with spaces, not",
        ),
        ("mqtt: {host: x\n", "2: is not YAML: expected ',' or '}', but got '<stream end>'"),
        ("mqtt:\n  host: a: b", "2: is not YAML: mapping values are not allowed here; a value with a colon in it must"),
        (
            "mqtt:\n  host: %x",
            "2: is not YAML: found character '%' that cannot start any token; put the value in quotes",
        ),
        ("mqtt:\n  host: !x y", "2: mqtt.host: begins with !, which YAML takes for a tag; put it in quotes"),
        ("mqtt:\n  port: !!int x", "2: mqtt.port: is not what its tag or form says; put the value in quotes"),
        ("mqtt:\n  port: " + "9" * 5000, "2: mqtt.port: is not what its tag or form says"),
        ("site: 2024-99-99", "1: site: is not what its tag or form says; put the value in quotes"),
        ("site: *x", "1: is not YAML: found undefined alias; a value that begins with * or & must stand in quotes"),
        ("a: 1\n---\nb: 2", "2: is not YAML: found another document; keep one document"),
        ("a: \x01", "1: is not YAML: a character that cannot be printed"),
        ("? [a]\n: 1", "1: holds a key that is not text"),
        (b"mqtt:\n  host: \xff\n", "2: is not UTF-8; save it as UTF-8"),
        (b"\x00\xff", "1: is not UTF-8"),
    ],
)
def test_what_is_not_usable_yaml_is_told_with_line_and_remedy(file, text, fault):
    """The reason, the line, and what to do about it."""
    assert faults(file, text)[0].startswith(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
            + "".join(
                f"{after}: &{after} [{','.join([f'*{before}'] * 10)}]\n"
                for before, after in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "holds more than 10000 values",
        ),
        ("mqtt: &a\n  tls: *a", "is nested deeper than 16 levels"),
        ("a: " + "[" * 5000, "is nested deeper than 16 levels"),
        ("a: " + "{a: " * 40 + "1" + "}" * 40, "is nested deeper than 16 levels"),
        ("#" * 300_000, "is longer than 256 KiB, no configuration is"),
    ],
)
def test_no_file_costs_more_than_the_limits(file, text, fault):
    """Billions of laughs, loops of aliases, deep nesting and sheer size are refused."""
    assert faults(file, text)[0].endswith(fault)


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("missing.yaml", "no such file; config/edged.yaml is one to begin with"),
        (".", "cannot be read: Is a directory"),
        ("x" * 300, "cannot be read: File name too long"),
        ("/dev/zero", "is longer than 256 KiB"),
    ],
)
def test_what_is_no_file_is_told(tmp_path, path, fault):
    """Missing, a folder, an impossible name, an endless device."""
    with pytest.raises(ConfigFaults, match=fault):
        load(Settings, tmp_path / path, {})


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing but a comment\n", "---\n", "{}", "\ufeff"])
def test_an_empty_file_means_the_defaults(file, text):
    """Nothing set is the same as no file."""
    assert loaded(file, text) == load(Settings, None, {}) == Settings()


def test_anchors_and_merges_share_settings(file):
    """Two sources may share what they have in common; a fault in it is told for both, at the line where it stands."""
    text = "sources:\n  a: &m {type: microphone, chunk_s: 0.1}\n  b: {<<: *m, device: x}\npipelines: {}\n"
    assert loaded(file, text).sources["b"].chunk_s == 0.1
    assert loaded(file, text).sources["b"].device == "x"
    assert faults(file, text.replace("0.1", "7")) == [
        "2: sources.a.chunk_s: 7, must be above 0 and at most 1",
        "2: sources.b.chunk_s: 7, must be above 0 and at most 1",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "pipelines: {drones: {source: mik}}",
            "pipelines.drones.source: 'mik', must be one of the sources: microphone",
        ),
        (
            "accelerator: {turns: {weights: {microphone: 2, dor: 3}}}",
            "accelerator.turns.weights.dor: must be one of the sources: microphone",
        ),
        (
            "pipelines: {drones: {smoothing: {release: 0.9}}}",
            "smoothing.release: 0.9, must not be above threshold (0.7)",
        ),
        ("mqtt: {password_file: x}", "mqtt: username is missing: password_file is only used with one"),
        ("sources: {mic: 3}", "sources.mic: 3, must be a mapping of keys to values"),
        ("sources: [1]", "sources: a list, must be a mapping of keys to values"),
        ("nonsense_of_mine: 1", "nonsense_of_mine: unknown key; known here: device, site, location, sources,"),
        ("port: 1", "port: unknown key; it belongs to mqtt.port"),
        ("password: x", "write it to a file and name that in sources.<name>.password_file or mqtt.password_file"),
        ("mqtt: {Host: x}", "mqtt.Host: unknown key; did you mean 'host'?"),
        ("1: x", "1: unknown key"),
        ("on: x", "on: unknown key"),
        ("mqtt: {base_topic: a//b}", "mqtt.base_topic: 'a//b', must be text that fits ^"),
        ("site: " + "x" * 10 + ": y", "mapping values are not allowed here"),
        ("models: {path: 3}", "models.path: 3, must be a path or null; put it in quotes"),
    ],
)
def test_a_fault_is_told_where_it_stands(file, text, fault):
    """Checks of a whole section name the key they are about; unknown keys are looked for on their own level first."""
    (told,) = faults(file, text)
    assert fault in told
    assert told.startswith("1: ")


def test_a_long_value_is_cut(file):
    """A novel in a value does not fill the terminal, and control characters do not reach it."""
    (told,) = faults(file, 'mqtt: {port: "\\e[31m' + "x" * 5000 + '"}')
    assert len(told) < 160
    assert told.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "mqtt: {password: hunter2}",
        "mqtt: {passwort: hunter2}",
        "password: hunter2",
        "token: {deep: hunter2}",
        "mqtt: {password_file: [hunter2]}",
        "mqtt: {password_file: {a: hunter2}}",
        "mqtt: {tls: {key_file: [hunter2]}}",
        "mqtt: {password: hunter2",
        "mqtt: {password: *hunter2}",
        "mqtt: {password: !hunter2 x}",
        "mqtt: {password: '%hunter2}",
        "mqtt: {password: &hunter2}\nx: &hunter2",
        "mqtt: {password: hunter2, password: hunter2}",
        "mqtt: {password_file: 2024-99-99hunter2, secret: hunter2}",
    ],
)
def test_a_secret_is_never_printed(file, text):
    """Whatever is wrong with it or round it, a secret put into the file does not come out in a message."""
    assert "hunter2" not in "\n".join(faults(file, text))
    assert "hunter2" not in "\n".join(faults_of({"EDGED_MQTT__PASSWORD": "hunter2"}))


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("EDGED_MQTT__HOST", "broker.example", lambda s: s.mqtt.host == "broker.example"),
        ("EDGED_MQTT__PORT", "8883", lambda s: s.mqtt.port == 8883),
        ("EDGED_MQTT__ENABLED", "false", lambda s: s.mqtt.enabled is False),
        ("EDGED_MQTT__USERNAME", "123", lambda s: s.mqtt.username == "123"),
        ("EDGED_MQTT__USERNAME", "null", lambda s: s.mqtt.username is None),
        ("EDGED_MQTT__USERNAME", "yes", lambda s: s.mqtt.username == "yes"),
        ("EDGED_DEVICE", "box-7", lambda s: s.device == "box-7"),
        ("EDGED_SITE", "farm #7: *north", lambda s: s.site == "farm #7: *north"),
        ("EDGED_SITE", "", lambda s: s.site is None),
        ("EDGED_HEALTH__INTERVAL_S", "2.5", lambda s: s.health.interval_s == 2.5),
        ("EDGED_SOURCES__MICROPHONE__DEVICE", "2", lambda s: s.sources["microphone"].device == 2),
        ("EDGED_SOURCES__MICROPHONE__DEVICE", "hw:1,0", lambda s: s.sources["microphone"].device == "hw:1,0"),
        ("EDGED_PIPELINES__DRONES__SMOOTHING__LABELS", "[drone, bird]", lambda s: labels(s) == ("drone", "bird")),
        ("EDGED_PIPELINES__DRONES__SMOOTHING__LABELS", '["a", "b"]', lambda s: labels(s) == ("a", "b")),
        ("EDGED_MQTT__TLS", '{"enabled": true}', lambda s: s.mqtt.tls.enabled),
        ("EDGED_MQTT", "{port: 1}", lambda s: s.mqtt.port == 1),
    ],
)
def test_the_environment_overrides(file, variable, text, value):
    """A variable sets its key, over the file or over the default, as the type that the key has."""
    assert value(load(Settings, None, {variable: text}))
    assert value(loaded(file, SHIPPED.read_text(), **{variable: text}))


def labels(settings: Settings) -> tuple[str, ...]:
    return settings.pipelines["drones"].smoothing.labels


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({"EDGED_MQTT__HSOT": "x"}, "$EDGED_MQTT__HSOT: mqtt.hsot: unknown key; did you mean 'host'?"),
        ({"EDGED_MQT__HOST": "x"}, "$EDGED_MQT__HOST: mqt: unknown key; did you mean 'mqtt'?"),
        ({"EDGED_DEVCE": "x"}, "$EDGED_DEVCE: devce: unknown key; did you mean 'device'?"),
        ({"EDGED_MQTT__PORT": "abc"}, "$EDGED_MQTT__PORT: mqtt.port: 'abc', must be a whole number in [1, 65535]"),
        ({"EDGED_MQTT__PORT": ""}, "$EDGED_MQTT__PORT: mqtt.port: null, must be a whole number in [1, 65535]"),
        (
            {"EDGED_MQTT__HOST__X": "1"},
            "$EDGED_MQTT__HOST__X: mqtt.host.x: mqtt.host is not a mapping of keys to values;",
        ),
        ({"EDGED_MQTT__": "1"}, "$EDGED_MQTT__: mqtt.: unknown key"),
        ({"EDGED_LOG__LEVEL": "Warning"}, "did you mean 'warning'?"),
        (
            {"EDGED_SOURCES__MICROPHONE__CHECK__X": "1"},
            "$EDGED_SOURCES__MICROPHONE__CHECK__X: sources.microphone.check.x:",
        ),
        ({"EDGED_MQTT__PORT": "[" * 5000}, "$EDGED_MQTT__PORT: mqtt.port: '["),
    ],
)
def test_faults_of_the_environment_name_the_variable(environment, fault):
    """A misspelt or mistyped variable is a fault like any other."""
    (told,) = faults_of(environment)
    assert fault in told


def test_faults_of_file_and_environment_come_together(file):
    """Both are told at once, each with its place."""
    told = faults(file, "mqtt: {prot: 1}", {"EDGED_MQTT__HSOT": "x"})
    assert told == [
        "$EDGED_MQTT__HSOT: mqtt.hsot: unknown key; did you mean 'host'?",
        "1: mqtt.prot: unknown key; did you mean 'port'?",
    ]


def test_variables_of_others_are_left_alone():
    """The path to the file, and what only shares the prefix, is no setting."""
    others = {
        "EDGED_CONFIG": "x",
        "EDGED_PYTHON": "y",
        "EDGED_SOURCE_DIR": "z",
        "MQTT__HOST": "w",
        "edged_mqtt__host": "v",
    }
    assert load(Settings, None, others) == Settings()


def test_the_file_is_looked_for_where_the_manual_says(tmp_path):
    """The one named, else the one that EDGED_CONFIG names."""
    assert find_settings(tmp_path / "x", {"EDGED_CONFIG": "y"}) == tmp_path / "x"
    assert find_settings(None, {"EDGED_CONFIG": "y"}) == Path("y")


def test_settings_do_not_change_once_read():
    """No part of the box can alter what another reads."""
    box = load(Settings, None, {})
    for part, key, value in ((box, "device", "x"), (box.mqtt, "port", 1), (box.sources["microphone"], "device", 1)):
        with pytest.raises(ValidationError):
            setattr(part, key, value)


def test_the_shipped_file_holds_the_defaults():
    """config/edged.yaml is right, and changes nothing."""
    assert load(Settings, SHIPPED, {}) == Settings()


class Vault(Section):
    """A section with a secret."""

    secret_file: SecretFile | None = None
    mode: Literal["a", "b"] = "a"


def test_credentials_are_found_where_systemd_puts_them(file, monkeypatch):
    """``${CREDENTIALS_DIRECTORY}`` stands for that folder; without systemd it is told what it is."""
    file.write_text("secret_file: ${CREDENTIALS_DIRECTORY}/password")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/edged.service")
    assert load(Vault, file, {}).secret_file == Path("/run/credentials/edged.service/password")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(
        ConfigFaults, match=r":1: secret_file: CREDENTIALS_DIRECTORY is not set: it is only there under"
    ):
        load(Vault, file, {})


names = st.from_regex(r"[a-z0-9_-]{1,40}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)
numbers = st.floats(0.001, 1)
microphones = st.fixed_dictionaries(
    {"type": st.just("microphone")},
    optional={
        "device": st.none() | texts | st.integers(0, 99),
        "rate_hz": st.none() | st.integers(8000, 384_000),
        "chunk_s": numbers,
        "check": st.fixed_dictionaries({}, optional={"after_s": st.floats(0, 60), "clipping": numbers}),
    },
)
recordings = st.fixed_dictionaries(
    {"type": st.just("recording"), "path": texts.map(lambda text: str(Path(text)))}, optional={"loop": st.booleans()}
)


@st.composite
def configurations(draw) -> dict:
    """Anything that a person might rightly write."""
    sources = draw(st.dictionaries(names, microphones | recordings, min_size=1, max_size=3))
    smoothing = st.fixed_dictionaries(
        {"sure": st.just(1.0)},
        optional={
            "threshold": st.floats(0.5, 1),
            "release": st.floats(0, 0.5),
            "votes": st.integers(1, 9),
            "labels": st.lists(texts, min_size=1, max_size=3),
        },
    )
    pipeline = st.fixed_dictionaries(
        {"source": st.sampled_from(sorted(sources))}, optional={"enabled": st.booleans(), "smoothing": smoothing}
    )
    rest = st.fixed_dictionaries(
        {},
        optional={
            "device": st.none() | names,
            "site": st.none() | texts,
            "mqtt": st.fixed_dictionaries(
                {}, optional={"host": texts, "port": st.integers(1, 65535), "enabled": st.booleans()}
            ),
            "log": st.fixed_dictionaries(
                {}, optional={"level": st.sampled_from(["debug", "info", "warning", "error"])}
            ),
            "health": st.fixed_dictionaries({}, optional={"interval_s": st.floats(1, 3600)}),
        },
    )
    return {"sources": sources, "pipelines": draw(st.dictionaries(names, pipeline, max_size=2)), **draw(rest)}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(content=configurations())
def test_settings_survive_being_written_and_read(file, content):
    """What is right is accepted, and what was read, written as YAML and read again, is equal."""
    first = loaded(file, yaml.safe_dump(content, allow_unicode=True))
    again = loaded(file, yaml.safe_dump(first.model_dump(mode="json")))
    assert again == first
    for name, source in content["sources"].items():
        assert first.sources[name].type == source["type"]


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates()
keys = (
    st.sampled_from(["mqtt", "sources", "pipelines", "type", "port", "smoothing", "drones", "x"])
    | st.integers()
    | st.text()
)
garbage = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    content=garbage,
    environment=st.dictionaries(st.sampled_from(["EDGED_MQTT__PORT", "EDGED_SOURCES__X__Y"]), st.text()),
)
def test_wrong_content_is_never_worse_than_a_fault(file, content, environment):
    """Well-formed YAML of any content is settings or faults, each on one line."""
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    check_survives(file, environment)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    content=st.binary(max_size=80) | st.text(alphabet="ab:-[]{}*&!%@`|>?'\"#\n\t \\<=0.", max_size=60).map(str.encode)
)
@example(content=b"=: =")
@example(content=b"!!binary x: !!set {a}")
@example(content=b"a: !!timestamp x\nb: !!bool x\nc: !!int ''")
@example(content=b"<<: 1")
@example(content=b"<<: [*a]")
@example(content=b"mqtt: {<<: [1, {port: 2}]}")
def test_no_bytes_are_worse_than_a_fault(file, content):
    """Whatever stands in the file."""
    file.write_bytes(content)
    check_survives(file, {})


def check_survives(file: Path, environment: dict[str, str]) -> None:
    try:
        load(Settings, file, environment)
    except ConfigError as error:
        assert all(line.isprintable() for line in str(error).split("\n"))  # noqa: PT017  # it need not be raised
