using Lab.Explorer;
using Lab.Explorer.Sampling;
using Lab.Explorer.Schedules;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>What random searches find, and that what they found can be made again.</summary>
public sealed class SamplingTests
{
    [Fact]
    public void Store_buffering_has_three_outcomes_and_a_fourth_under_tso()
    {
        using SampledProgram program = SampledProgram.StoreBuffering();
        ExploreResult sc = program.Run(new ExploreSettings { Search = Search.Random, ExecutionsMax = 1000 });
        Assert.Equal(Verdict.NothingFound, sc.Verdict);
        Assert.Equal(["01", "10", "11"], sc.Outcomes.Keys.Order());
        Assert.Equal(1000, sc.Outcomes.Values.Sum());
        Assert.Equal("1,000 random schedules (random)", sc.Bound);
        Assert.True(sc.IsComplete);
        ExploreResult tso =
            program.Run(new ExploreSettings { Search = Search.Random, ExecutionsMax = 1000, Model = MemoryModel.Tso });
        Assert.Equal(["00", "01", "10", "11"], tso.Outcomes.Keys.Order());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_fence_or_a_locked_instruction_between_forbids_the_fourth(bool fences)
    {
        using SampledProgram program = new(scene =>
        {
            Word[] words = [scene.Word("x"), scene.Word("y"), scene.Word("z")];
            ulong[] seen = new ulong[2];
            for (int side = 0; side < 2; side++)
            {
                int mine = side;
                scene.Thread($"t{side}", m =>
                {
                    m.Store(ref words[mine].Value, 1);
                    if (fences) m.FullFence();
                    else _ = m.Or(ref words[2].Value, 1);
                    seen[mine] = m.Load(ref words[1 - mine].Value);
                });
            }
            scene.Outcome(() => $"{seen[0]}{seen[1]}");
        });
        ExploreResult result =
            program.Run(new ExploreSettings { Search = Search.Random, ExecutionsMax = 2000, Model = MemoryModel.Tso });
        Assert.Equal(["01", "10", "11"], result.Outcomes.Keys.Order());
    }

    [Fact]
    public void Two_hundred_failing_schedules_each_fail_again_in_the_same_way()
    {
        using SampledProgram program = SampledProgram.DepthThree();
        foreach (MemoryModel model in new[] { MemoryModel.Sc, MemoryModel.Tso })
        {
            SamplingRun run = new(program.Scene, new ExploreSettings { Model = model });
            RandomWalk walk = new(11);
            int failing = 0;
            while (failing < 200)
            {
                if (run.Execute(walk, false) is not Finding finding) continue;
                failing++;
                string schedule = ScheduleText.Encode(run.Key(), run.Picks.ToArray());
                ExploreResult replayed =
                    program.Run(new ExploreSettings { Search = Search.Replay, Schedule = schedule, Model = model });
                Assert.Equal(Verdict.Violated, replayed.Verdict);
                Assert.Equal(finding, replayed.Failure!.Finding);
                Assert.Equal(schedule, replayed.Failure.Replay);
            }
        }
    }

    [Fact]
    public void A_schedule_of_another_program_is_refused()
    {
        using SampledProgram program = SampledProgram.BrokenRefcount();
        using SampledProgram other = SampledProgram.StoreBuffering();
        string schedule = program.Run(new ExploreSettings { Search = Search.Random }).Failure!.Replay;
        ArgumentException refused = Assert.Throws<ArgumentException>(
            () => other.Run(new ExploreSettings { Search = Search.Replay, Schedule = schedule }));
        Assert.Contains("recorded for scenario 'put0+put1', this is 'left+right'", refused.Message, StringComparison.Ordinal);
        refused = Assert.Throws<ArgumentException>(
            () => program.Run(new ExploreSettings { Search = Search.Replay, Schedule = schedule[..^1] }));
        Assert.Contains("cut or edited", refused.Message, StringComparison.Ordinal);
        _ = Assert.Throws<ArgumentException>(() => program.Run(new ExploreSettings { Search = Search.Replay }));
        _ = Assert.Throws<ArgumentException>(() => program.Run(new ExploreSettings { Search = Search.Optimal }));
    }

    [Fact]
    public void A_broken_refcount_is_told_with_one_preemption_and_four_steps()
    {
        using SampledProgram program = SampledProgram.BrokenRefcount();
        Failure failure = program.Run(new ExploreSettings { Search = Search.Random }).Failure!;
        Assert.Equal(new Finding("check", failure.Finding.Claim, "freed twice"), failure.Finding);
        Assert.Equal(1, failure.Preemptions);
        Assert.True(failure.HasFewestPreemptions);
        Assert.True(failure.HasFewestSteps);
        Assert.Equal(4, failure.Steps.Count);
        Assert.Equal(["add count 2→1", "add count 1→0", "load count = 0", "load count = 0"],
            failure.Steps.Select(step => step.What));
        Assert.Equal([true, true, false, false], failure.Steps.Select(step => step.IsNotable));
    }

    [Fact]
    public void Depth_three_needs_two_preemptions_and_steps_that_do_not_matter_run_undisturbed()
    {
        using SampledProgram program = SampledProgram.DepthThree();
        Failure failure = program.Run(new ExploreSettings { Search = Search.Random, Seed = 5 }).Failure!;
        Assert.Equal(2, failure.Preemptions);
        Assert.True(failure.HasFewestPreemptions);
    }

    [Fact]
    public void A_lost_update_among_many_steps_is_told_with_one_preemption()
    {
        using SampledProgram program = new(scene =>
        {
            Word x = scene.Word("x");
            Word noise = scene.Word("noise");
            for (int thread = 0; thread < 4; thread++) scene.Thread($"t{thread}", m =>
            {
                for (int turn = 0; turn < 6; turn++)
                {
                    _ = m.Add(ref noise.Value, 1);
                    m.Store(ref x.Value, m.Load(ref x.Value) + 1);
                }
            });
            scene.Check(() => x.Value == 24 ? null : $"x is {x.Value}");
        });
        ExploreResult result = program.Run(new ExploreSettings { Search = Search.Random });
        Assert.Equal(1, result.Failure!.Preemptions);
        Assert.True(result.Failure.HasFewestPreemptions);
        ExploreResult replayed = program.Run(new ExploreSettings { Search = Search.Replay, Schedule = result.Failure.Replay });
        Assert.Equal(result.Failure.Finding, replayed.Failure!.Finding);
        Assert.Equal(result.Failure.Steps, replayed.Failure.Steps,
            (left, right) => left.What == right.What && left.Agent == right.Agent);
    }

    [Theory]
    [InlineData(MemoryModel.Sc)]
    [InlineData(MemoryModel.Tso)]
    public void The_same_seed_tells_the_same_story(MemoryModel model)
    {
        using SampledProgram program = SampledProgram.DepthThree();
        ExploreSettings settings = new() { Search = Search.Pct, Seed = 12, Model = model };
        ExploreResult first = program.Run(settings);
        ExploreResult second = program.Run(settings);
        Assert.Equal(Verdict.Violated, first.Verdict);
        Assert.Equal(first.Executions, second.Executions);
        Assert.Equal(first.Failure!.Replay, second.Failure!.Replay);
    }

    [Fact]
    public void A_failure_too_large_for_proofs_is_still_told_shortly()
    {
        using SampledProgram program = new(scene =>
        {
            Word a = scene.Word("a");
            Word b = scene.Word("b");
            Word noise = scene.Word("noise");
            bool isTorn = false;
            scene.Thread("writer", m =>
            {
                for (int turn = 0; turn < 8; turn++)
                {
                    m.Store(ref a.Value, 1);
                    m.Store(ref b.Value, 1);
                    m.Store(ref a.Value, 0);
                    m.Store(ref b.Value, 0);
                }
            });
            scene.Thread("reader", m =>
            {
                isTorn = false;
                for (int turn = 0; turn < 8; turn++)
                {
                    if (m.Load(ref b.Value) == 0 && m.Load(ref a.Value) == 1 && m.Load(ref b.Value) == 1
                        && m.Load(ref a.Value) == 0)
                    {
                        isTorn = true;
                    }
                }
            });
            for (int thread = 0; thread < 4; thread++) scene.Thread($"bystander{thread}", m =>
            {
                for (int turn = 0; turn < 20; turn++) _ = m.Add(ref noise.Value, 1);
            });
            scene.Check(() => isTorn ? "torn" : null);
        });
        ExploreResult result = program.Run(new ExploreSettings { Search = Search.Random, ExecutionsMax = 1_000_000 });
        Assert.Equal("torn", result.Failure!.Finding.What);
        // Up, up, down between four loads: three times somebody is stopped in the middle, at least.
        Assert.InRange(result.Failure.Preemptions, 3, 6);
        ExploreResult replayed = program.Run(new ExploreSettings { Search = Search.Replay, Schedule = result.Failure.Replay });
        Assert.Equal(result.Failure.Finding, replayed.Failure!.Finding);
    }

    [Fact]
    public void Store_buffering_under_tso_is_a_violation_without_preemptions_and_shows_the_drains()
    {
        using SampledProgram program = new(scene =>
        {
            Word x = scene.Word("x");
            Word y = scene.Word("y");
            ulong a = 1, b = 1;
            scene.Thread("left", m =>
            {
                m.Store(ref x.Value, 1);
                a = m.Load(ref y.Value);
            });
            scene.Thread("right", m =>
            {
                m.Store(ref y.Value, 1);
                b = m.Load(ref x.Value);
            });
            scene.Check(() => a + b == 0 ? "both read zero" : null);
        });
        Failure failure = program.Run(new ExploreSettings { Search = Search.Random, Model = MemoryModel.Tso }).Failure!;
        Assert.Equal(0, failure.Preemptions);
        Assert.True(failure.HasFewestPreemptions);
        Assert.Contains("drain x = 1", failure.Steps.Select(step => step.What));
        Assert.Equal(["left", "right", "left's store buffer", "right's store buffer"], failure.Agents);
    }

    [Fact]
    public void It_goes_on_and_counts_when_told_to()
    {
        using SampledProgram program = SampledProgram.BrokenRefcount();
        ExploreResult result =
            program.Run(new ExploreSettings { Search = Search.Random, ExecutionsMax = 1000, KeepGoing = true });
        Assert.Equal(1000, result.Executions);
        Assert.InRange(result.Violations, 100, 900);
        Assert.True(result.IsComplete);
    }

    [Fact]
    public void Pct_says_how_sure_it_is()
    {
        using SampledProgram program = SampledProgram.Counters(3, 3);
        ExploreResult result = program.Run(new ExploreSettings { Search = Search.Pct, ExecutionsMax = 2000 });
        Assert.InRange(result.FindsWithProbability!.Value, 0.99, 1);
        Assert.Null(program.Run(new ExploreSettings { Search = Search.Pos, ExecutionsMax = 10 }).FindsWithProbability);
    }

    [Fact]
    public void A_budget_ends_it_and_it_says_how_far_it_got()
    {
        using SampledProgram program = SampledProgram.Counters(3, 10);
        int told = 0;
        ExploreResult result =
            program.Run(new ExploreSettings { Search = Search.Random, Budget = TimeSpan.FromMilliseconds(250) }, _ => told++);
        Assert.False(result.IsComplete);
        Assert.Contains("stopped after", result.Bound, StringComparison.Ordinal);
        Assert.InRange(result.Seconds, 0.2, 5);
        Assert.True(told > 1);
    }

    [Fact]
    public void Locks_exclude_and_readers_share()
    {
        using MmuLock mmuLock = new();
        using SampledProgram program = new(scene =>
        {
            Word x = scene.Word("x");
            Word inside = scene.Word("inside");
            ulong together = 0;
            for (int writer = 0; writer < 2; writer++) scene.Thread($"writer{writer}", m =>
            {
                m.EnterExclusive(mmuLock);
                m.Store(ref x.Value, m.Load(ref x.Value) + 1);
                m.ExitExclusive(mmuLock);
            });
            for (int reader = 0; reader < 2; reader++) scene.Thread($"reader{reader}", m =>
            {
                m.EnterShared(mmuLock);
                ulong now = m.Add(ref inside.Value, 1);
                if (now > 1) together = now;
                _ = m.Add(ref inside.Value, ulong.MaxValue);
                m.ExitShared(mmuLock);
            });
            scene.Outcome(() => $"x={x.Value}");
        });
        foreach (MemoryModel model in new[] { MemoryModel.Sc, MemoryModel.Tso })
        {
            ExploreResult result =
                program.Run(new ExploreSettings { Search = Search.Random, ExecutionsMax = 3000, Model = model });
            Assert.Equal("x=2", Assert.Single(result.Outcomes).Key);
        }
    }

    [Fact]
    public void A_grace_period_waits_for_those_inside_and_only_for_them()
    {
        using Rcu rcu = new("tables");
        using SampledProgram program = new(scene =>
        {
            Word pointer = scene.Word("pointer", 1);
            Word freed = scene.Word("freed");
            bool isUsedAfterFree = false;
            scene.Thread("reader", m =>
            {
                isUsedAfterFree = false;
                m.EnterRcu(rcu);
                if (m.Load(ref pointer.Value) == 1) isUsedAfterFree = m.Load(ref freed.Value) == 1;
                m.ExitRcu(rcu);
            });
            scene.Thread("updater", m =>
            {
                m.Store(ref pointer.Value, 2);
                m.Synchronize(rcu);
                m.Store(ref freed.Value, 1);
            });
            scene.Check(() => isUsedAfterFree ? "used after free" : null);
        });
        foreach (MemoryModel model in new[] { MemoryModel.Sc, MemoryModel.Tso })
        {
            Assert.Equal(Verdict.NothingFound,
                program.Run(new ExploreSettings { Search = Search.Random, ExecutionsMax = 5000, Model = model }).Verdict);
        }
    }
}
