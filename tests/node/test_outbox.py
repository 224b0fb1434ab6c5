"""Many events, few frames, nothing out of order."""

from hypernode.node.outbox import MAX_JOINED, Outbox
from hypernode.protocol.frames import Accept, Log, Progress, Stream


async def test_neighbours_of_one_lease_are_joined():
    outbox = Outbox()
    for frame in (
        *(Stream("a", "x"), Stream("a", "y"), Stream("b", "z")),
        *(Log("b", ["1"]), Log("b", ["2"]), Progress("b", 0.1), Progress("b", 0.2), Stream("b", "!")),
    ):
        outbox.put(frame)

    assert await outbox.take() == [
        *(Stream("a", "xy"), Stream("b", "z")),
        *(Log("b", ["1", "2"]), Progress("b", 0.2), Stream("b", "!")),
    ]


async def test_a_frame_does_not_grow_without_end():
    outbox = Outbox()
    for _ in range(10 * MAX_JOINED):
        outbox.put(Stream("a", "x"))

    taken = await outbox.take()

    assert len(taken) == 10
    assert sum(len(frame.text) for frame in taken if isinstance(frame, Stream)) == 10 * MAX_JOINED


async def test_what_could_not_be_sent_goes_first():
    outbox = Outbox()
    outbox.put(Accept("a"), urgent=True)
    taken = await outbox.take()
    outbox.put(Stream("a", "later"))

    outbox.put_back(taken)

    assert await outbox.take() == [Accept("a"), Stream("a", "later")]
