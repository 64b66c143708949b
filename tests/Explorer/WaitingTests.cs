using Lab.Explorer;
using Lab.Explorer.Programs;
using Lab.Explorer.Seam;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>Threads that wait: what is a wait, what is a wait for nothing, and what is only a loop.</summary>
public sealed class WaitingTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_spin_is_a_wait_whether_it_says_so_or_not(bool saysSo)
    {
        ExploreResult result = Exploring.Of(scene =>
        {
            Word flag = scene.Word("flag");
            scene.Thread("waiter", machine => Spin(machine, flag, saysSo));
            scene.Thread("setter", machine => machine.Store(ref flag.Value, 1));
        });
        Assert.Equal(Verdict.NothingFound, result.Verdict);
        Assert.True(result.IsComplete);
        Assert.True(result.Executions >= 1 && result.Cut >= 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_wait_for_what_nobody_does_is_a_lost_wakeup(bool saysSo)
    {
        ExploreResult result = Exploring.Of(scene =>
        {
            Word flag = scene.Word("flag");
            scene.Thread("waiter", machine => Spin(machine, flag, saysSo));
            scene.Thread("other", machine => machine.Load(ref flag.Value));
        });
        Assert.Equal(Verdict.Violated, result.Verdict);
        Assert.Equal("lost wake-up", result.Failure!.Finding.Invariant);
        Assert.Contains("waiter waits for flag", result.Failure.Finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_locks_in_opposite_order_are_a_deadlock_that_names_both_waiters()
    {
        ExploreResult result = Exploring.Of(ClassicPrograms.Find("deadlock")!.OfSize(2));
        Assert.Equal("deadlock", result.Failure!.Finding.Invariant);
        Assert.Contains("t0 waits for", result.Failure.Finding.What, StringComparison.Ordinal);
        Assert.Contains("t1 waits for", result.Failure.Finding.What, StringComparison.Ordinal);
        // Each takes its first lock; waiting for the second one is no step.
        Assert.Equal(2, result.Failure.Steps.Count);
        Assert.Equal(1, result.Failure.Preemptions);
    }

    [Fact]
    public void A_loop_that_gives_up_after_some_turns_is_no_wait()
    {
        ExploreResult result = Exploring.Of(scene =>
        {
            Word flag = scene.Word("flag");
            ulong turns = 0;
            scene.Thread("patient", machine =>
            {
                Backoff backoff = new();
                for (turns = 0; turns < 2 && machine.Load(ref flag.Value) == 0; turns++) machine.Relax(ref backoff);
            });
            scene.Thread("setter", machine => machine.Store(ref flag.Value, 1));
            scene.Outcome(() => $"{turns}");
        });
        Assert.Equal(Verdict.NothingFound, result.Verdict);
        Assert.True(result.IsComplete, result.Bound);
        Assert.Equal(["0", "1", "2"], result.Outcomes.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_long_run_of_loads_is_no_wait()
    {
        const int Loads = 40;
        ExploreResult result = Exploring.Of(scene =>
        {
            Word x = scene.Word("x");
            scene.Thread("writer", machine => machine.Store(ref x.Value, 1));
            scene.Thread("reader", machine =>
            {
                for (int load = 0; load < Loads; load++) machine.Load(ref x.Value);
            });
        });
        Assert.True(result.IsComplete, result.Bound);
        Assert.Equal(Loads + 1, result.Executions);
        Assert.Equal(0, result.Cut);
    }

    [Fact]
    public void A_loop_that_waits_and_works_is_followed_for_some_turns_and_says_so()
    {
        ExploreResult result = Exploring.Of(scene =>
        {
            Word turns = scene.Word("turns");
            Word flag = scene.Word("flag");
            scene.Thread("busy", machine =>
            {
                Backoff backoff = new();
                while (machine.Load(ref flag.Value) == 0)
                {
                    machine.Add(ref turns.Value, 1);
                    machine.Relax(ref backoff);
                }
            });
            scene.Thread("setter", machine => machine.Store(ref flag.Value, 1));
        });
        Assert.Equal(Verdict.NothingFound, result.Verdict);
        Assert.False(result.IsComplete);
        Assert.Contains("NOT explored", result.Bound, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lock_taken_to_look_is_no_work()
    {
        ExploreResult result = Exploring.Of(scene =>
        {
            SleepingLock door = new("door");
            Word open = scene.Word("open");
            scene.Thread("waiter", machine =>
            {
                Backoff backoff = new();
                while (true)
                {
                    machine.Enter(door);
                    bool isOpen = machine.Load(ref open.Value) != 0;
                    machine.Exit(door);
                    if (isOpen) return;
                    machine.Relax(ref backoff);
                }
            });
            scene.Thread("opener", machine =>
            {
                machine.Enter(door);
                machine.Store(ref open.Value, 1);
                machine.Exit(door);
            });
        });
        Assert.Equal(Verdict.NothingFound, result.Verdict);
        Assert.True(result.IsComplete, result.Bound);
        Assert.Equal(1, result.Executions);
    }

    [Theory]
    [InlineData(true, MemoryModel.Sc)]
    [InlineData(true, MemoryModel.Tso)]
    [InlineData(false, MemoryModel.Sc)]
    [InlineData(false, MemoryModel.Tso)]
    public void A_grace_period_keeps_a_node_alive_for_its_readers(bool waits, MemoryModel model)
    {
        using Rcu rcu = new("nodes");
        ExploreResult result = Exploring.Of(scene =>
        {
            Word pointer = scene.Word("pointer", 1);
            Word freed = scene.Word("freed");
            ulong used = 0;
            scene.Thread("updater", machine =>
            {
                machine.Store(ref pointer.Value, 0);
                if (waits) machine.Synchronize(rcu);
                machine.Store(ref freed.Value, 1);
            });
            scene.Thread("reader", machine =>
            {
                used = 0;
                machine.EnterRcu(rcu);
                if (machine.Load(ref pointer.Value) != 0) used = machine.Load(ref freed.Value);
                machine.ExitRcu(rcu);
            });
            scene.Check(() => used == 0 ? null : "the reader has used a freed node");
        }, new ExploreSettings { Model = model });
        Assert.Equal(waits ? Verdict.NothingFound : Verdict.Violated, result.Verdict);
        Assert.Equal(waits, result.IsComplete);
    }

    private static void Spin(Explored machine, Word flag, bool saysSo)
    {
        Backoff backoff = new();
        while (machine.Load(ref flag.Value) == 0) if (saysSo) machine.Relax(ref backoff);
    }
}
