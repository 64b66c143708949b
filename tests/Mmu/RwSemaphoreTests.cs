using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>The semaphore of notifiers on metal: who gets in, in which order.</summary>
public class RwSemaphoreTests
{
    [Fact]
    public void Readers_share_and_a_writer_does_not()
    {
        RwSemaphore semaphore = new("test");
        long inside = 0, overlaps = 0, value = 0;
        ActorThread[] threads = [.. Enumerable.Range(0, 4).Select(number => new ActorThread($"thread {number}", () =>
        {
            for (int turn = 0; turn < 2_000; turn++)
            {
                if (turn % 4 == number)
                {
                    semaphore.EnterExclusive();
                    if (Interlocked.Read(ref inside) != 0) Interlocked.Increment(ref overlaps);
                    value++;
                    semaphore.ExitExclusive();
                }
                else
                {
                    semaphore.EnterShared();
                    Interlocked.Increment(ref inside);
                    Interlocked.Decrement(ref inside);
                    semaphore.ExitShared();
                }
            }
        }))];
        foreach (ActorThread thread in threads) thread.Join();
        Assert.Equal(0, overlaps);
        Assert.Equal(4 * 500, value);
        Assert.False(semaphore.Reinitialise());
    }

    [Fact]
    public void Who_comes_after_a_waiting_writer_waits_for_it_if_the_semaphore_is_fair()
    {
        RwSemaphore semaphore = new("test");
        List<string> order = [];
        semaphore.EnterShared();
        ActorThread writer = Waiting("writer", semaphore, exclusive: true, order);
        ActorThread reader = Waiting("reader", semaphore, exclusive: false, order);
        Assert.Empty(order);
        semaphore.ExitShared();
        writer.Join();
        reader.Join();
        Assert.Equal(["writer", "reader"], order);
    }

    [Fact]
    public void Readers_pass_a_waiting_writer_if_they_go_first()
    {
        RwSemaphore semaphore = new("test", isFair: false);
        List<string> order = [];
        semaphore.EnterShared();
        ActorThread writer = Waiting("writer", semaphore, exclusive: true, order);
        semaphore.EnterShared();
        semaphore.ExitShared();
        Assert.Empty(order);
        semaphore.ExitShared();
        writer.Join();
        Assert.Equal(["writer"], order);
    }

    [Fact]
    public void A_semaphore_made_anew_is_free_whoever_held_it()
    {
        RwSemaphore semaphore = new("test");
        semaphore.EnterShared();
        Assert.True(semaphore.Reinitialise());
        semaphore.EnterExclusive();
        semaphore.ExitExclusive();
        Assert.False(semaphore.Reinitialise());
    }

    /// <summary>A thread that stands in line when this returns.</summary>
    private static ActorThread Waiting(string name, RwSemaphore semaphore, bool exclusive, List<string> order)
    {
        ActorThread thread = new(name, () =>
        {
            if (exclusive) semaphore.EnterExclusive();
            else semaphore.EnterShared();
            lock (order) order.Add(name);
            if (exclusive) semaphore.ExitExclusive();
            else semaphore.ExitShared();
        });
        thread.AwaitWaitingFor("test, ");
        return thread;
    }
}
