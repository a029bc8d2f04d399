"""How fast the system is, held against how fast the bare libraries are, in the same run and by turns.

What it does
    `bench` runs the rows of `rows`, one after the other, and writes table, JSON and page. A row states its question,
    its bare limit, its aims and its sizes in one place. `scene` is what is measured, `bare` does the same work with a
    library alone, `generator` makes load cheaply. `results` is what was found, as data; `table`, `page` and `plots`
    draw it. `profile` runs the work of a row under py-spy. `inbox_at_scale` and `page_weight` also stand alone.

Guarantees
    Bare and ours take turns, so that what else the machine does hits both; each sample is kept and shown. What a window
    misses or gets twice is an error, however fast the rest was. Changes are sent on schedule, so that stalls count.

May import
    Anything: it measures the product from outside, and imports of it what makes messages, rows and tokens.
"""
