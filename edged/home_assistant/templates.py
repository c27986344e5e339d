"""What Home Assistant makes of our payloads, as Jinja templates; ``None`` means that it does not know.

https://www.home-assistant.io/docs/configuration/templating/#processing-incoming-data
A message that waited for the broker (``delayed``) is history: it changes nothing that is shown.
"""

BOX_STATE = "{{ value_json.state }}"
HEALTH = "{{ value_json.state }}"
REASONS = "{{ {'reasons': value_json.reasons} | tojson }}"
CPU_TEMPERATURE = "{{ value_json.cpu_temperature_c }}"
OUTBOX_WAITING = "{{ value_json.outbox_waiting }}"
DEVICES_IN_USE = "{{ value_json.models | map(attribute='device') | unique | sort | join(', ') or 'none' }}"

ACTIVE = "{{ 'ON' if value_json.active else 'OFF' }}"
SOMEBODY = "{{ 'ON' if value_json.events | rejectattr('label', 'eq', 'spoof') | list else 'OFF' }}"
"""A picture of a face is nobody."""
CONFIDENCE = (
    "{{ (value_json.events | map(attribute='confidence') | max * 100) | round(1) if value_json.events else None }}"
)
"""In percent, of the surest event that is on."""
SOUND_PRESSURE = "{{ value_json.a_weighted_db_spl }}"
SOUND_LEVEL = "{{ value_json.rms_dbfs }}"
LAST_PERSON = (
    "{{ ('Stranger' if value_json.label == 'unknown' else value_json.label)"
    " if not value_json.delayed and value_json.label != 'spoof'"
    " else states(entity_id) if has_value(entity_id) else None }}"
)


def switched_on(pipeline: str, on: str, off: str) -> str:
    """``on`` or ``off``, by ``info``."""
    return f"{{{{ {on!r} if value_json.pipelines_enabled[{pipeline!r}] else {off!r} }}}}"


def request(**arguments: str) -> str:
    """A command with what proves that it is a new one; each argument is an expression."""
    asked = {
        "transaction": "'ha-' ~ utcnow().timestamp()",
        "at": "utcnow().isoformat()",
    }
    pairs = ", ".join(f"{name!r}: {expression}" for name, expression in {**asked, **arguments}.items())
    return f"{{{{ {{{pairs}}} | tojson }}}}"
