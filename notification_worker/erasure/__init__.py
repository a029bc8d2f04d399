"""What an erasure does at the broker, after the tables hold no name any more.

What it does
    `letters` looks through the queues of what nobody could handle or take, and removes what names the person.
    `padding` fills a segment of the stream of deliveries. `finishing` does both in their order for all erasures that
    are not finished, and gives the last answers; how far each is stands in the database (`commands.erasures`,
    `commands.stream_padding`), so a worker that starts goes on where another one stopped.

Guarantees
    · One worker at a time does it, whichever comes first; a second one would only pad and look more than is needed.
    · Letters of others stay in their queue, in their order and with their history: they are looked at without being
      acknowledged. What names the person is removed and not rewritten, since a message that nobody could read may
      name them anywhere. An event whose only person is the erased one by id, as that of the erasure itself, stays.
    · A letter may come in after the look, from whoever was behind: so there is a second look, at the very end. What
      the worker itself would make a letter of later, it drops (`consumers.erased_letters`), but for an erasure.
    · A queue is looked through as a whole, since letters keep their place only if one consumer holds them all. One of
      60,000 or more is not looked through, and every erasure waits until somebody has emptied it.
    · The stream forgets a name 22 to 25 minutes after the last delivery that held it; 30 are promised.

Lifecycle
    `Finishing.work` is a job of `schedule.repeated`; it waits for nothing longer than one padding takes.

May import
    commands, contracts, infra.
"""
