using Lab.Measure;
using Xunit;

namespace Lab.Tests.Measure;

[Collection(TimingCollection.Name)]
public sealed class SpinBarrierTests
{
    /// <summary>The bug the kernel's refscale has: a thread goes on although others have not arrived. Each thread counts itself
    /// in before the barrier and looks behind it whether everybody has; a second round keeps the counts of rounds
    /// apart.</summary>
    [Theory]
    [InlineData(2, 20_000)]
    [InlineData(3, 5_000)]
    [InlineData(16, 50)] // each round needs all sixteen on a core once
    public void Nobody_leaves_before_the_last_has_come(int threadCount, int roundCount)
    {
        SpinBarrier barrier = new(threadCount);
        int[] arrivals = new int[roundCount];
        int early = 0;
        Thread[] threads = [.. Enumerable.Range(0, threadCount).Select(_ => new Thread(() =>
        {
            for (int round = 0; round < roundCount; round++)
            {
                Interlocked.Increment(ref arrivals[round]);
                Assert.True(barrier.SignalAndWait());
                if (Volatile.Read(ref arrivals[round]) != threadCount) Interlocked.Increment(ref early);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();

        Assert.Equal(0, early);
        Assert.All(arrivals, count => Assert.Equal(threadCount, count));
    }

    [Fact]
    public void A_thread_held_back_holds_all_others()
    {
        SpinBarrier barrier = new(4);
        using CountdownEvent inside = new(3);
        int left = 0;
        Thread[] threads = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            inside.Signal();
            barrier.SignalAndWait();
            Interlocked.Increment(ref left);
        }))];
        foreach (Thread thread in threads) thread.Start();
        inside.Wait(TestContext.Current.CancellationToken);
        Assert.False(threads[0].Join(50));
        Assert.Equal(0, Volatile.Read(ref left));

        barrier.SignalAndWait();
        foreach (Thread thread in threads) thread.Join();
        Assert.Equal(3, left);
    }

    [Fact]
    public void Breaking_it_lets_everybody_out_and_says_so()
    {
        SpinBarrier barrier = new(2);
        bool passed = true;
        Thread waiting = new(() => passed = barrier.SignalAndWait());
        waiting.Start();
        barrier.Break();
        waiting.Join();
        Assert.False(passed);
    }
}
