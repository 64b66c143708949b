using Lab.Explorer;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>Programs that get stuck, never end, or cannot be controlled: each is told apart and named.</summary>
public sealed class SamplingTroubleTests
{
    private static readonly ExploreSettings Random = new() { Search = Search.Random, ExecutionsMax = 2000 };

    [Fact]
    public void A_deadlock_says_who_waits_for_what()
    {
        using MmuLock one = new();
        using TicketLock two = new("two");
        using SampledProgram program = new(scene =>
        {
            scene.Thread("left", m =>
            {
                m.EnterExclusive(one);
                m.Enter(two);
                m.Exit(two);
                m.ExitExclusive(one);
            });
            scene.Thread("right", m =>
            {
                m.Enter(two);
                m.EnterExclusive(one);
                m.ExitExclusive(one);
                m.Exit(two);
            });
        });
        ExploreResult result = program.Run(Random);
        Assert.Equal(Verdict.Violated, result.Verdict);
        Assert.Equal("deadlock", result.Failure!.Finding.Invariant);
        Assert.Equal("left waits for spin lock, held by right; right waits for mmu_lock, held by left",
            result.Failure.Finding.What);
        Assert.Equal(2, result.Failure.Steps.Count);
        Assert.Equal(1, result.Failure.Preemptions);
    }

    [Fact]
    public void A_grace_period_inside_a_read_side_section_is_a_deadlock()
    {
        using Rcu rcu = new("tables");
        using SampledProgram program = new(scene => scene.Thread("reader", m =>
        {
            m.EnterRcu(rcu);
            m.Synchronize(rcu);
            m.ExitRcu(rcu);
        }));
        Finding finding = program.Run(Random).Failure!.Finding;
        Assert.Equal(("deadlock", "reader waits for the read-side section of itself"), (finding.Invariant, finding.What));
    }

    [Fact]
    public void A_wait_that_nobody_ends_is_a_lost_wake_up()
    {
        using SampledProgram program = new(scene =>
        {
            Word flag = scene.Word("flag");
            Word sleeping = scene.Word("sleeping");
            scene.Thread("waker", m =>
            {
                if (m.Load(ref sleeping.Value) == 1) m.Store(ref flag.Value, 1);
            });
            scene.Thread("sleeper", m =>
            {
                m.Store(ref sleeping.Value, 1);
                Backoff backoff = default;
                while (m.Load(ref flag.Value) == 0) m.Relax(ref backoff);
            });
        });
        Failure failure = program.Run(Random).Failure!;
        Assert.Equal(("lost wake-up", "sleeper waits for flag = 0 to change"), (failure.Finding.Invariant, failure.Finding.What));
        Assert.Equal(0, failure.Preemptions);
    }

    [Fact]
    public void A_wait_that_somebody_ends_is_nothing()
    {
        using SampledProgram program = new(scene =>
        {
            Word flag = scene.Word("flag");
            Word other = scene.Word("other");
            scene.Thread("spinner", m =>
            {
                while (m.Load(ref flag.Value) == 0) { }
            });
            scene.Thread("sleeper", m =>
            {
                Backoff backoff = default;
                while (m.CompareExchange(ref flag.Value, 2, 1) != 1) m.Relax(ref backoff);
            });
            scene.Thread("waker", m =>
            {
                for (int turn = 0; turn < 20; turn++) m.Store(ref other.Value, 1);
                m.Store(ref flag.Value, 1);
            });
        });
        foreach (Search search in new[] { Search.Random, Search.Pct, Search.Pos, Search.Urw })
        {
            foreach (MemoryModel model in new[] { MemoryModel.Sc, MemoryModel.Tso })
            {
                ExploreResult result = program.Run(Random with { Search = search, Model = model });
                Assert.True(result.Verdict == Verdict.NothingFound, $"{search} {model}: {result.Failure?.Finding}");
            }
        }
    }

    [Fact]
    public void A_spin_without_a_word_is_a_livelock_if_nobody_ends_it()
    {
        using SampledProgram program = new(scene =>
        {
            Word flag = scene.Word("flag");
            scene.Thread("spinner", m =>
            {
                while (m.Load(ref flag.Value) == 0) { }
            });
            scene.Thread("other", m => m.Store(ref flag.Value, 0));
        });
        ExploreResult result = program.Run(Random with { StepsPerThreadMax = 500 });
        Assert.Equal(Verdict.Violated, result.Verdict);
        Assert.Equal("livelock", result.Failure!.Finding.Invariant);
        Assert.Contains("spinner has made 500 steps and loads flag = 0", result.Failure.Finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_that_spin_on_each_other_are_a_livelock_soon_told()
    {
        using SampledProgram program = new(scene =>
        {
            Word[] flags = [scene.Word("a"), scene.Word("b")];
            for (int side = 0; side < 2; side++)
            {
                int mine = side;
                scene.Thread($"t{side}", m =>
                {
                    while (m.CompareExchange(ref flags[1 - mine].Value, 2, 1) != 1) { }
                    m.Store(ref flags[mine].Value, 1);
                });
            }
        });
        ExploreResult result = program.Run(Random);
        Assert.Equal("livelock", result.Failure!.Finding.Invariant);
        Assert.InRange(result.Seconds, 0, 10);
    }

    [Fact]
    public void A_spin_lock_of_the_programs_own_works_under_every_search()
    {
        using SampledProgram program = new(scene =>
        {
            Word held = scene.Word("held");
            Word x = scene.Word("x");
            for (int thread = 0; thread < 3; thread++) scene.Thread($"t{thread}", m =>
            {
                for (int turn = 0; turn < 3; turn++)
                {
                    while (m.Exchange(ref held.Value, 1) != 0) { }
                    m.Store(ref x.Value, m.Load(ref x.Value) + 1);
                    m.Store(ref held.Value, 0);
                }
            });
            scene.Check(() => x.Value == 9 ? null : $"x is {x.Value}");
        });
        foreach (Search search in new[] { Search.Random, Search.Pct, Search.Pos, Search.Urw })
        {
            foreach (MemoryModel model in new[] { MemoryModel.Sc, MemoryModel.Tso })
            {
                ExploreResult result = program.Run(Random with { Search = search, Model = model });
                Assert.True(result.Verdict == Verdict.NothingFound, $"{search} {model}: {result.Failure?.Finding}");
                Assert.Equal(2000, result.Executions);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Polling_under_a_lock_starves_nobody_and_is_a_livelock_if_nobody_ends_it(bool isEnded)
    {
        using MmuLock mmuLock = new();
        using SampledProgram program = new(scene =>
        {
            Word flag = scene.Word("flag");
            Word work = scene.Word("work");
            scene.Thread("poller", m =>
            {
                ulong now;
                do
                {
                    m.EnterShared(mmuLock);
                    now = m.Load(ref flag.Value);
                    m.ExitShared(mmuLock);
                }
                while (now == 0);
            });
            scene.Thread("worker", m =>
            {
                for (int turn = 0; turn < 20; turn++) _ = m.Add(ref work.Value, 1);
                if (isEnded) m.Store(ref flag.Value, 1);
            });
        });
        foreach (Search search in new[] { Search.Random, Search.Pct, Search.Pos, Search.Urw })
        {
            foreach (MemoryModel model in new[] { MemoryModel.Sc, MemoryModel.Tso })
            {
                ExploreResult result =
                    program.Run(Random with { Search = search, Model = model, ExecutionsMax = 300, StepsPerThreadMax = 3000 });
                string? expected = isEnded ? null : "livelock";
                Assert.True(expected == result.Failure?.Finding.Invariant, $"{search} {model}: {result.Failure?.Finding}");
                if (!isEnded)
                {
                    Assert.Contains("loads flag = 0 again and again", result.Failure!.Finding.What, StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public void A_body_that_counts_behind_the_machines_back_is_nondeterministic()
    {
        using SampledProgram program = new(scene =>
        {
            Word x = scene.Word("x");
            ulong runs = 0;
            scene.Thread("counting", m =>
            {
                m.Store(ref x.Value, 7);
                m.Store(ref x.Value, ++runs);
            });
            scene.Thread("other", m => m.Store(ref x.Value, 0));
        });
        ExploreResult result = program.Run(Random);
        Assert.Equal(Verdict.Uncontrollable, result.Verdict);
        Assert.Equal("nondeterministic", result.Failure!.Finding.Invariant);
        Assert.Matches(@"^counting, event 2: before: store x = \d+; now: store x = \d+$", result.Failure.Finding.What);
    }

    [Fact]
    public void A_body_that_makes_steps_without_end_is_told_by_their_number()
    {
        using SampledProgram program = new(scene =>
        {
            Word x = scene.Word("x");
            scene.Thread("busy", m =>
            {
                while (m.Add(ref x.Value, 1) != 0) { }
            });
        });
        ExploreResult result = program.Run(Random with { StepsPerThreadMax = 300 });
        Assert.Equal(Verdict.Uncontrollable, result.Verdict);
        Assert.Equal(("never ends", "busy has made 300 steps and continues"),
            (result.Failure!.Finding.Invariant, result.Failure.Finding.What));
    }

    [Fact]
    public void A_body_that_loops_without_asking_the_machine_is_given_up()
    {
        bool isOver = false;
        using SampledProgram program = new(scene =>
        {
            Word x = scene.Word("x");
            scene.Thread("loop", m =>
            {
                m.Store(ref x.Value, 1);
                while (!Volatile.Read(ref isOver)) Thread.Sleep(50);
            });
        });
        ExploreResult result = program.Run(Random with { StepTimeout = TimeSpan.FromMilliseconds(300) });
        Assert.Equal(Verdict.Uncontrollable, result.Verdict);
        Assert.Contains("loop has made no step for 0.3 s", result.Failure!.Finding.What, StringComparison.Ordinal);
        Volatile.Write(ref isOver, true);
    }

    [Fact]
    public void An_exception_in_a_body_is_a_violation_and_one_of_a_ghost_is_not()
    {
        using SampledProgram program = new(scene =>
        {
            Word x = scene.Word("x");
            scene.Thread("picky", m =>
            {
                // A ghost sees its own store not happen.
                m.Store(ref x.Value, 5);
                if (m.Load(ref x.Value) == 0) throw new InvalidOperationException("lost my store");
            });
            scene.Thread("other", m => m.Store(ref x.Value, 6));
        });
        Assert.Equal(Verdict.NothingFound, program.Run(Random).Verdict);

        using SampledProgram throwing = new(scene =>
        {
            Word x = scene.Word("x");
            scene.Thread("other", m => m.Store(ref x.Value, 6));
            scene.Thread("thrower", m =>
            {
                if (m.Load(ref x.Value) == 6) throw new InvalidOperationException("six");
            });
        });
        Failure failure = throwing.Run(Random).Failure!;
        Assert.Equal(("exception", "thrower threw InvalidOperationException: six"),
            (failure.Finding.Invariant, failure.Finding.What));
        Assert.Equal(2, failure.Steps.Count);
    }

    [Fact]
    public void What_it_does_not_model_is_said()
    {
        using Rcu rcu = new("tables");
        using SampledProgram program = new(scene => scene.Thread("caller", m => m.Barrier(rcu)));
        ExploreResult result = program.Run(Random);
        Assert.Equal(Verdict.Uncontrollable, result.Verdict);
        Assert.Contains("does not model callbacks after a grace period; explore the program with the agent search",
            result.Failure!.Finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_that_was_not_declared_is_refused()
    {
        WordPool elsewhere = new();
        Word stray = new Scene(elsewhere.Add).Word("stray");
        using SampledProgram program = new(scene =>
        {
            Word x = scene.Word("x");
            scene.Thread("lost", m =>
            {
                m.Store(ref x.Value, 1);
                m.Store(ref stray.Value, 1);
            });
        });
        ExploreResult result = program.Run(Random);
        Assert.Equal((Verdict.Uncontrollable, "undeclared word"), (result.Verdict, result.Failure!.Finding.Invariant));
        elsewhere.Free();
    }

    [Fact]
    public void Leaving_a_lock_that_one_does_not_hold_is_a_violation()
    {
        using MmuLock mmuLock = new();
        using SampledProgram program = new(scene => scene.Thread("leaver", m => m.ExitShared(mmuLock)));
        Assert.Contains("leaver releases mmu_lock, which it does not hold", program.Run(Random).Failure!.Finding.What,
            StringComparison.Ordinal);
    }
}
