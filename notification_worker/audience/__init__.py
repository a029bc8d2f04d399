"""Who is told of an event, why, and in which words: pure rules.

What it does
    `watching` keeps who watches a task from the task's events, `rules` says who is told of an event with which type
    and reasons, at once or with which digest, and which rule holds back the others, `preferences` says when a digest is
    due, `collapsing` says which event joins the row of another or takes it back, `wording` makes the text and the link
    of a notification from its parts.

Guarantees
    Nobody is told of what they did themselves. One event tells one person once, with all reasons, the strongest
    first. Events of a task that come again, or too late, undo nothing that came after them.

May import
    contracts and the standard library, nothing else.
"""
