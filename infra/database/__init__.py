"""How a service reaches its own database: a bounded pool, time limits on every lock, and migrations."""
