"""The interface of OpenTelemetry's API, backed by Kolben's agent, for programs whose environment has
none. Written after the API's documentation; without the agent nothing in it does anything."""
