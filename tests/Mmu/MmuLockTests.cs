using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Mmu;

public class MmuLockTests
{
    private const string WaitsShared = "mmu_lock, shared";
    private const string WaitsExclusive = "mmu_lock, exclusive";

    [Fact]
    public void Writers_exclude_each_other_and_readers_and_every_waiter_is_woken()
    {
        const int Rounds = 30_000;
        using MmuLock mmuLock = new();
        long first = 0;
        long second = 0;
        int torn = 0;

        void Write()
        {
            for (int round = 0; round < Rounds; round++)
            {
                mmuLock.EnterExclusive();
                first++;
                second++;
                mmuLock.ExitExclusive();
            }
        }

        void Read()
        {
            for (int round = 0; round < Rounds; round++)
            {
                mmuLock.EnterShared();
                if (Volatile.Read(ref first) != Volatile.Read(ref second)) Interlocked.Increment(ref torn);
                mmuLock.ExitShared();
            }
        }

        ActorThread.RunTogether(Write, Read, Write, Read, Write, Read);
        Assert.Equal(0, torn);
        Assert.Equal(3 * Rounds, first);
        Assert.Equal(3 * Rounds, second);
        Assert.True(mmuLock.IsFree);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_yields_comes_back_behind_who_waits(bool exclusive)
    {
        using MmuLock mmuLock = new();
        int entered = 0;
        if (exclusive) mmuLock.EnterExclusive();
        else mmuLock.EnterShared();
        ActorThread waiter = new("waiter", () =>
        {
            mmuLock.EnterExclusive();
            entered = 1;
            mmuLock.ExitExclusive();
        });
        waiter.AwaitWaitingFor(WaitsExclusive);
        Gate.AwaitThat(() => mmuLock.IsContended, "the waiter's place in the line");
        if (exclusive) mmuLock.YieldExclusive();
        else mmuLock.YieldShared();
        Assert.Equal(1, Volatile.Read(ref entered));
        if (exclusive) mmuLock.ExitExclusive();
        else mmuLock.ExitShared();
        waiter.Join();
        Assert.True(mmuLock.IsFree);
    }

    [Fact]
    public void Readers_are_in_together()
    {
        using MmuLock mmuLock = new();
        int inside = 0;

        void Read()
        {
            mmuLock.EnterShared();
            Interlocked.Increment(ref inside);
            // Would never come true if the readers took turns.
            Gate.AwaitThat(() => Volatile.Read(ref inside) == 4, "all four readers");
            mmuLock.ExitShared();
        }

        ActorThread.RunTogether(Read, Read, Read, Read);
        Assert.True(mmuLock.IsFree);
    }

    [Fact]
    public void A_writer_gets_in_although_readers_keep_coming_and_overlap()
    {
        const int Readers = 3;
        const int WritersTurns = 20;
        using MmuLock mmuLock = new();
        bool done = false;
        bool given = false;
        long entries = 0;
        ActorThread[] readers = new ActorThread[Readers];

        bool OthersWait(int self) =>
            Enumerable.Range(0, Readers).All(other => other == self || readers[other].IsWaitingFor(WaitsShared));

        void Read(int self)
        {
            Gate.AwaitThat(() => readers.All(reader => reader is not null), "the other readers");
            while (!Volatile.Read(ref done) && !Volatile.Read(ref given))
            {
                mmuLock.EnterShared();
                long mine = Interlocked.Increment(ref entries);
                // Stay until another reader is in as well, so that the lock is never free of readers — unless all others must
                // wait, which is what a fair lock does to them. An unfair lock lets them in forever.
                SpinWait.SpinUntil(() => Volatile.Read(ref entries) > mine || Volatile.Read(ref done) || Volatile.Read(ref given)
                    || OthersWait(self));
                mmuLock.ExitShared();
            }
        }

        for (int index = 0; index < Readers; index++)
        {
            int self = index;
            readers[index] = new ActorThread($"reader{index}", () => Read(self));
        }
        ActorThread writer = new("writer", () =>
        {
            for (int turn = 0; turn < WritersTurns; turn++)
            {
                mmuLock.EnterExclusive();
                mmuLock.ExitExclusive();
            }
            Volatile.Write(ref done, true);
        });
        bool gotIn = SpinWait.SpinUntil(() => Volatile.Read(ref done), TimeSpan.FromSeconds(120));
        Volatile.Write(ref given, true);
        writer.Join();
        foreach (ActorThread reader in readers) reader.Join();
        Assert.True(gotIn, "the writer got in only after the readers had given up");
    }

    [Fact]
    public void Contended_is_the_lock_that_somebody_waits_for_not_the_one_that_is_held()
    {
        using MmuLock mmuLock = new();
        Assert.False(mmuLock.IsContended);
        mmuLock.EnterShared();
        Assert.False(mmuLock.IsContended);
        ActorThread writer = new("writer", () =>
        {
            mmuLock.EnterExclusive();
            Assert.False(mmuLock.IsContended);
            mmuLock.ExitExclusive();
        });
        writer.AwaitWaitingFor(WaitsExclusive);
        Gate.AwaitThat(() => mmuLock.IsContended, "the writer to queue");
        Assert.False(mmuLock.IsFree);
        mmuLock.ExitShared();
        writer.Join();
        Assert.False(mmuLock.IsContended);
        Assert.True(mmuLock.IsFree);
    }

    [Fact]
    public void A_reader_waits_for_the_writer_that_is_in_and_counts_how_long()
    {
        using MmuLock mmuLock = new();
        mmuLock.EnterExclusive();
        int value = 0;
        int seen = 0;
        ActorThread reader = new("reader", () =>
        {
            mmuLock.EnterShared();
            seen = Volatile.Read(ref value);
            mmuLock.ExitShared();
        });
        reader.AwaitWaitingFor(WaitsShared);
        value = 7;
        mmuLock.ExitExclusive();
        reader.Join();
        Assert.Equal(7, seen);
        Assert.True(reader.Counters.SharedWaitNanoseconds > 0);
        Assert.Equal(0, reader.Counters.ExclusiveWaitNanoseconds);
    }

    [Fact]
    public void A_ticket_lock_is_first_come_first_served()
    {
        const int Waiters = 6;
        using TicketLock ticketLock = new("test");
        List<int> order = [];
        ticketLock.Enter();
        List<ActorThread> waiters = [];
        for (int index = 0; index < Waiters; index++)
        {
            int self = index;
            waiters.Add(new ActorThread($"waiter{index}", () =>
            {
                ticketLock.Enter();
                order.Add(self);
                ticketLock.Exit();
            }));
            // It says that it waits only once it has its ticket.
            waiters[index].AwaitWaitingFor("test (spin lock)");
        }
        Assert.True(ticketLock.IsHeld);
        ticketLock.Exit();
        foreach (ActorThread waiter in waiters) waiter.Join();
        Assert.Equal(Enumerable.Range(0, Waiters), order);
        Assert.False(ticketLock.IsHeld);
    }

    [Fact]
    public void A_ticket_lock_excludes_and_wakes_everybody()
    {
        const int Rounds = 40_000;
        using TicketLock ticketLock = new("test");
        long count = 0;

        void Add()
        {
            for (int round = 0; round < Rounds; round++)
            {
                ticketLock.Enter();
                count++;
                ticketLock.Exit();
            }
        }

        ActorThread.RunTogether(Add, Add, Add, Add);
        Assert.Equal(4 * Rounds, count);
    }
}
