"""What the environment says about who else says something."""


def has_config_file(environment):
    """The agent process reads a file in place of the variables (OTEL_CONFIG_FILE)."""
    return any(environment.get(name, "").strip()
               for name in ("OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE"))
