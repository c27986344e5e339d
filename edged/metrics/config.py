"""Whether and where the box's numbers can be collected."""

from pydantic import Field

from edged.config import Section


class PrometheusConfig(Section):
    """Health, counters and latencies for Prometheus at `http://<host>:<port>/metrics`; no name, face or sound."""

    enabled: bool = False
    """Serve them."""
    host: str = Field("127.0.0.1", min_length=1, max_length=253)
    """The address to serve them on. Whoever reaches it can read them: mind your firewall before you open it."""
    port: int = Field(9786, ge=1, le=65535)
    """The port."""


class MetricsConfig(Section):
    """The box's numbers, for whoever collects them."""

    prometheus: PrometheusConfig = PrometheusConfig()
