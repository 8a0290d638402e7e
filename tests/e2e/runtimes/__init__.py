"""The runtimes of docs/agent.md: their servers, what is asked of them, and their system calls."""
