using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Mmu;

public class RcuTests
{
    private const string Waits = "grace period of test";

    [Fact]
    public void Membarrier_is_there_on_this_machine() =>
        Assert.True(Libc.HasMembarrier,
            "without membarrier the rig falls back to a barrier of the runtime, and grace periods cost more than in any kernel");

    [Fact]
    public void A_grace_period_waits_for_the_reader_that_was_there_and_not_for_one_that_came_later()
    {
        using Rcu rcu = new("test");
        Gate first = new();
        Gate second = new();
        ActorThread reader = Reader(rcu, first);
        ActorThread updater = new("updater", rcu.Synchronize);
        updater.AwaitWaitingFor(Waits);
        ActorThread late = Reader(rcu, second);
        Assert.True(updater.IsWaitingFor(Waits));
        Assert.Equal(0, rcu.GracePeriods);
        first.Open();
        updater.Join();
        Assert.Equal(1, rcu.GracePeriods);
        second.Open();
        reader.Join();
        late.Join();
    }

    [Fact]
    public void A_nested_section_ends_with_the_outermost()
    {
        using Rcu rcu = new("test");
        Gate inner = new();
        Gate left = new();
        Gate outer = new();
        ActorThread reader = new("reader", () =>
        {
            rcu.Enter();
            rcu.Enter();
            rcu.Enter();
            inner.Open();
            rcu.Exit();
            rcu.Exit();
            left.Open();
            outer.Await("leave to end the section");
            rcu.Exit();
        });
        inner.Await("the reader");
        ActorThread updater = new("updater", rcu.Synchronize);
        left.Await("the inner sections to end");
        updater.AwaitWaitingFor(Waits);
        Assert.Equal(0, rcu.GracePeriods);
        outer.Open();
        updater.Join();
        reader.Join();
    }

    [Fact]
    public void A_grace_period_without_readers_is_over_at_once_and_domains_do_not_wait_for_each_other()
    {
        using Rcu rcu = new("test");
        using Rcu other = new("other");
        other.Enter();
        rcu.Synchronize();
        other.Exit();
        Assert.Equal(1, rcu.GracePeriods);
    }

    [Fact]
    public void What_a_reader_reaches_is_never_reclaimed_under_it()
    {
        // The pointer that readers follow names a cell; a cell is overwritten only after a grace period.
        const int Cells = 8;
        const int Updates = 3_000;
        using Rcu rcu = new("test");
        long[] cells = [.. Enumerable.Repeat(1L, Cells)];
        int current = 0;
        bool done = false;
        int torn = 0;
        long reads = 0;

        void Read()
        {
            while (!Volatile.Read(ref done))
            {
                rcu.Enter();
                int cell = Volatile.Read(ref current);
                for (int look = 0; look < 20; look++) if (Volatile.Read(ref cells[cell]) != 1) Interlocked.Increment(ref torn);
                rcu.Exit();
                Interlocked.Increment(ref reads);
            }
        }

        void Update()
        {
            Gate.AwaitThat(() => Volatile.Read(ref reads) > 0, "a reader");
            for (int update = 0; update < Updates; update++)
            {
                int old = current;
                int next = (old + 1) % Cells;
                Volatile.Write(ref cells[next], 1);
                Volatile.Write(ref current, next);
                rcu.Synchronize();
                Volatile.Write(ref cells[old], 0);
            }
            Volatile.Write(ref done, true);
        }

        ActorThread.RunTogether(Read, Read, Read, Update);
        Assert.Equal(0, torn);
        Assert.True(reads > 0);
    }

    [Fact]
    public void A_callback_runs_after_the_readers_that_were_there_have_left()
    {
        using Nodes nodes = new(1);
        using Rcu rcu = new("test", nodes, TimeSpan.Zero);
        Gate leave = new();
        ActorThread reader = Reader(rcu, leave);
        nodes.HandOver(rcu, 0);
        Gate.AwaitThat(() => Actor.All().Any(actor => actor.Name == "test" && actor.WaitingFor == Waits),
            "the reclaimer to wait for the reader");
        Assert.Empty(nodes.Reclaimed);
        Assert.Equal(1, rcu.Pending);
        leave.Open();
        rcu.Barrier();
        Assert.Equal([0], nodes.Reclaimed);
        Assert.Equal(0, rcu.Pending);
        reader.Join();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void A_barrier_returns_when_every_callback_has_run_once(int gracePeriodMilliseconds)
    {
        const int Each = 500;
        const int Threads = 4;
        using Nodes nodes = new(Each * Threads);
        using Rcu rcu = new("test", nodes, TimeSpan.FromMilliseconds(gracePeriodMilliseconds));
        int left = Threads;

        void HandOver(int part)
        {
            for (int node = 0; node < Each; node++) nodes.HandOver(rcu, part * Each + node);
            rcu.Barrier();
            // Its own at least, in the order they were handed over.
            int[] own = [.. nodes.Reclaimed.Where(node => node / Each == part)];
            Assert.Equal(Enumerable.Range(part * Each, Each), own);
            Interlocked.Decrement(ref left);
        }

        ActorThread.RunTogether([.. Enumerable.Range(0, Threads).Select(part => (Action)(() => HandOver(part)))]);
        Assert.Equal(0, left);
        Assert.Equal(Enumerable.Range(0, Each * Threads), nodes.Reclaimed.Order());
    }

    [Fact]
    public void Dispose_runs_what_was_handed_over()
    {
        using Nodes nodes = new(10);
        Rcu rcu = new("test", nodes, TimeSpan.FromSeconds(30));
        for (int node = 0; node < 10; node++) nodes.HandOver(rcu, node);
        rcu.Dispose();
        Assert.Equal(10, nodes.Reclaimed.Count);
    }

    private static ActorThread Reader(Rcu rcu, Gate leave)
    {
        Gate entered = new();
        ActorThread reader = new("reader", () =>
        {
            rcu.Enter();
            entered.Open();
            leave.Await("leave to end the section");
            rcu.Exit();
        });
        entered.Await("the reader to enter");
        return reader;
    }

    /// <summary>Nodes in native memory, and the list of those that were reclaimed.</summary>
    private sealed unsafe class Nodes(int count) : IReclaim, IDisposable
    {
        private readonly NativeBlock _block = new(count * sizeof(RcuHead));
        private readonly List<int> _reclaimed = [];

        public IReadOnlyList<int> Reclaimed
        {
            get { lock (_reclaimed) return [.. _reclaimed]; }
        }

        public void HandOver(Rcu rcu, int node) => rcu.Call((nint)_block.Address + node * sizeof(RcuHead), RcuKind.TablePage);

        public void Reclaim(nint node, RcuKind kind)
        {
            Assert.Equal(RcuKind.TablePage, kind);
            lock (_reclaimed) _reclaimed.Add((int)((node - (nint)_block.Address) / sizeof(RcuHead)));
        }

        public void Dispose() => _block.Dispose();
    }
}
