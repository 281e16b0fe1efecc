"""Which store the configuration asks for."""

from central.config import CentralConfig
from central.timeseries.base import Series
from central.timeseries.influx import InfluxSeries
from central.timeseries.sqlite import SqliteSeries


def open_series(config: CentralConfig) -> Series:
    """Nothing is asked of the store yet. Raises ConfigError."""
    settings = config.series
    if settings.kind == "sqlite":
        return SqliteSeries(config.data / "series.sqlite", settings.live_days)
    return InfluxSeries(
        settings.url,
        settings.database,
        username=settings.username,
        password=config.secret(settings.password, settings.password_file),
        token=config.secret(settings.token, settings.token_file),
        ca=str(config.path(settings.ca)) if settings.ca else None,
        retention_days=settings.retention_days,
        live_days=settings.live_days,
        timeout=settings.timeout,
    )
