"""What a process counts of its work, and how Prometheus reads it.

What it does
    `registry` makes the registry of one process, with what the library knows of any process (memory, files,
    processor time), and writes it as a page. `tallies` are the plain numbers that the work itself adds to, and
    `families` gives them their names, units and labels when somebody asks. A service describes its metrics in a
    `metrics.py` of its own; `infra.http.metrics` serves the page.

Guarantees
    · Work pays for an addition, and nothing else: no lock, no lookup by label, no allocation. A request to an API is
      the exception: its count is looked up by route, method and status, once, at its end. What is dear, like going
      through all connections, is done when the page is asked for.
    · The page opens nothing and waits for nothing: what has to be asked of a database is read beforehand, by a
      service of its own, and left out when it is too old.
    · Labels have values from a closed set in the code: never an id, a name, an address, or anything that a client
      chose. What is not in the set counts as `other`.
    · What is counted shows from the start, as 0: a counter that appears with its first event hides that event. Of
      requests this holds for what an API documents (`infra.http.request_metrics`); what nobody is meant to ask for
      shows with its first request.

Lifecycle
    None: there is no registry of the module. Each process makes one and hands it to those who add to it.

May import
    prometheus-client.
"""
