using System.Collections.Concurrent;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Mmu;

public class WorkQueueTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Every_item_queued_from_several_threads_runs_once(int workers)
    {
        const int Items = 400;
        using Headers headers = new(Items);
        ConcurrentQueue<ulong> ran = [];
        using WorkQueue queue = New(workers, root => ran.Enqueue(root.Id));
        ActorThread.RunTogether([.. Enumerable.Range(0, 4).Select(part => (Action)(() =>
        {
            for (int item = part; item < Items; item += 4) Assert.True(queue.Enqueue(headers[item]));
        }))]);
        queue.Flush();
        Assert.Equal(Enumerable.Range(0, Items).Select(item => (ulong)item), ran.Order());
        Assert.Equal(Items, queue.Executed);
    }

    [Fact]
    public void An_item_queued_again_before_it_starts_runs_once_and_the_second_queueing_says_so()
    {
        using Headers headers = new(2);
        Gate started = new();
        Gate go = new();
        List<ulong> ran = [];
        using WorkQueue queue = New(1, root =>
        {
            started.Open();
            go.Await("leave to go on");
            ran.Add(root.Id);
        });
        Assert.True(queue.Enqueue(headers[0]));
        started.Await("the first item to start");
        Assert.True(queue.Enqueue(headers[1]));
        Assert.False(queue.Enqueue(headers[1]));
        go.Open();
        queue.Flush();
        Assert.Equal([0UL, 1UL], ran);
    }

    [Fact]
    public void Workers_are_as_nice_as_asked_and_whose_thread_is_lent_next_is_not()
    {
        using Headers headers = new(1);
        string ordinary = Nice();
        // Whatever the tests run at, more is always granted.
        foreach (int nice in (int[])[19, 0, 18])
        {
            string? found = null;
            using WorkQueue queue = new(new WorkQueueSettings("test", 1, nice), _ => found = Nice());
            queue.Enqueue(headers[0]);
            queue.Flush();
            Assert.Equal(nice == 0 ? ordinary : $"{nice}", found);
        }
        Assert.True(WorkQueue.MayBeNice(19));
        Assert.Equal(ordinary, Nice());

        // The nineteenth field, the seventeenth behind the name.
        static string Nice() => File.ReadAllText("/proc/thread-self/stat").Split(") ")[^1].Split(' ')[16];
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void An_item_queued_while_it_runs_runs_again_and_a_flush_waits_for_that(int workers)
    {
        using Headers headers = new(1);
        Gate started = new();
        Gate go = new();
        int runs = 0;
        using WorkQueue queue = New(workers, _ =>
        {
            started.Open();
            go.Await("leave to go on");
            Interlocked.Increment(ref runs);
        });
        queue.Enqueue(headers[0]);
        started.Await("the item to start");
        Assert.True(queue.Enqueue(headers[0]));
        go.Open();
        queue.Flush();
        Assert.Equal(2, runs);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_flush_waits_for_what_was_queued_before_it(int workers)
    {
        const int Items = 8;
        using Headers headers = new(Items + 1);
        Gate go = new();
        int finished = 0;
        using WorkQueue queue = New(workers, _ =>
        {
            go.Await("leave to go on");
            Interlocked.Increment(ref finished);
        });
        for (int item = 0; item < Items; item++) queue.Enqueue(headers[item]);
        int seen = -1;
        ActorThread flusher = new("flusher", () =>
        {
            queue.Flush();
            seen = Volatile.Read(ref finished);
        });
        flusher.AwaitWaitingFor("flush of work queue test");
        Assert.Equal(0, Volatile.Read(ref finished));
        go.Open();
        flusher.Join();
        Assert.Equal(Items, seen);
    }

    [Fact]
    public void A_flush_does_not_wait_for_what_was_queued_after_it()
    {
        using Headers headers = new(2);
        Gate[] go = [new(), new()];
        using WorkQueue queue = New(1, root => go[root.Id].Await("leave to go on"));
        queue.Enqueue(headers[0]);
        ActorThread flusher = new("flusher", queue.Flush);
        flusher.AwaitWaitingFor("flush of work queue test");
        queue.Enqueue(headers[1]);
        go[0].Open();
        flusher.Join();
        go[1].Open();
    }

    [Fact]
    public void Flushing_an_idle_queue_returns()
    {
        using WorkQueue queue = New(1, _ => { });
        queue.Flush();
        Assert.Equal(0, queue.Executed);
    }

    [Fact]
    public void The_longest_backlog_counts_items_that_had_not_started()
    {
        using Headers headers = new(6);
        Gate started = new();
        Gate go = new();
        using WorkQueue queue = New(1, _ =>
        {
            started.Open();
            go.Await("leave to go on");
        });
        queue.Enqueue(headers[0]);
        started.Await("the first item to start");
        for (int item = 1; item < 6; item++) queue.Enqueue(headers[item]);
        Assert.Equal(5, queue.BacklogMax);
        go.Open();
        queue.Flush();
        Assert.Equal(5, queue.BacklogMax);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Dispose_runs_what_is_queued_and_ends_the_workers(int workers)
    {
        const int Items = 50;
        using Headers headers = new(Items);
        int ran = 0;
        WorkQueue queue = New(workers, _ => Interlocked.Increment(ref ran));
        for (int item = 0; item < Items; item++) queue.Enqueue(headers[item]);
        queue.Dispose();
        Assert.Equal(Items, ran);
        queue.Dispose();
    }

    [Fact]
    public void Items_may_run_beside_each_other_where_there_are_several_workers()
    {
        using Headers headers = new(4);
        int inside = 0;
        using WorkQueue queue = New(4, _ =>
        {
            Interlocked.Increment(ref inside);
            Gate.AwaitThat(() => Volatile.Read(ref inside) == 4, "all four items at once");
        });
        for (int item = 0; item < 4; item++) queue.Enqueue(headers[item]);
        queue.Flush();
        Assert.Equal(4, inside);
    }

    private static WorkQueue New(int workers, Action<TdpRoot> work) => new(new WorkQueueSettings("test", workers), work);
}
