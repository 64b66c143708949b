using Lab.Explorer;
using Lab.Explorer.Sampling;
using Lab.Explorer.Schedules;
using Lab.Explorer.Seam;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>What each scheduler promises of the schedules that it draws.</summary>
public sealed class SchedulerTests
{
    public static TheoryData<string> Names => ["random", "pct", "pos", "urw"];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_same_seed_gives_the_same_run_to_the_last_step(string name)
    {
        using SampledProgram program = SampledProgram.Counters(3, 10);
        List<(string Picks, string?)> first = program.Executions(Make(name, 7), 200);
        Assert.Equal(name, Make(name, 7).Name);
        Assert.Equal(first, program.Executions(Make(name, 7), 200));
        Assert.NotEqual(first, program.Executions(Make(name, 8), 200));
        Assert.All(first, execution => Assert.Equal(30, execution.Picks.Length));
        Assert.True(first.Distinct().Count() > 20, "it draws the same schedules again and again");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Schedules_do_not_depend_on_what_the_explorer_guesses(string name)
    {
        // Bodies whose events depend on what they read: guesses are wrong now and then. None is made under a scheduler that
        // cannot draw again.
        using SampledProgram program = new(scene =>
        {
            Word x = scene.Word("x");
            Word y = scene.Word("y");
            for (int thread = 0; thread < 3; thread++) scene.Thread($"t{thread}", m =>
            {
                for (int turn = 0; turn < 4; turn++)
                {
                    if (m.Add(ref x.Value, 1) % 3 == 0) _ = m.Or(ref y.Value, m.Load(ref x.Value));
                }
            });
            scene.Outcome(() => $"{x.Value} {y.Value}");
        });
        foreach (MemoryModel model in new[] { MemoryModel.Sc, MemoryModel.Tso })
        {
            Assert.Equal(program.Executions(new Recording(Make(name, 9)), 3000, model),
                program.Executions(Make(name, 9), 3000, model));
        }
    }

    [Fact]
    public void Nobody_is_preempted_where_everybody_runs_to_the_end()
    {
        using SampledProgram program = SampledProgram.Counters(3, 2);
        Assert.Equal("aabbcc", program.Executions(new RunToEnd(), 1)[0].Picks);
    }

    [Fact]
    public void The_uniform_walk_delays_a_short_thread_past_a_long_one_and_the_random_walk_does_not()
    {
        using SampledProgram program = new(scene =>
        {
            Word x = scene.Word("x");
            scene.Thread("short", m => _ = m.Add(ref x.Value, 100));
            scene.Thread("long", m =>
            {
                for (int turn = 0; turn < 25; turn++) _ = m.Add(ref x.Value, 1);
            });
        });
        const int Runs = 26_000;
        int uniform = program.Executions(new Urw(3), Runs).Count(execution => execution.Picks.EndsWith('a'));
        int random = program.Executions(new RandomWalk(3), Runs).Count(execution => execution.Picks.EndsWith('a'));
        // One in 26 is a thousand, give or take five standard deviations; the random walk does it once in 2^25.
        Assert.InRange(uniform, 840, 1160);
        Assert.InRange(random, 0, 1);
    }

    [Fact]
    public void Partial_order_sampling_keeps_both_orders_of_a_race_likely_however_long_one_thread_is()
    {
        using SampledProgram program = new(scene =>
        {
            Word racy = scene.Word("racy");
            Word own = scene.Word("own");
            ulong seen = 0;
            scene.Thread("short", m => m.Store(ref racy.Value, 1));
            scene.Thread("long", m =>
            {
                for (int turn = 0; turn < 12; turn++) m.Store(ref own.Value, 1);
                seen = m.Load(ref racy.Value);
            });
            scene.Outcome(() => seen == 0 ? "late" : "early");
        });
        const int Runs = 4_000;
        int late = program.Executions(new Pos(5), Runs).Count(execution => execution.Outcome == "late");
        int lateByWalk = program.Executions(new RandomWalk(5), Runs).Count(execution => execution.Outcome == "late");
        Assert.True(late > 20 * Math.Max(1, lateByWalk), $"{late} against {lateByWalk}");
    }

    [Fact]
    public void Pct_finds_a_bug_of_depth_three_at_least_as_often_as_it_promises()
    {
        using SampledProgram program = SampledProgram.DepthThree();
        SamplingRun run = new(program.Scene, new ExploreSettings());
        const int Seeds = 100, Schedules = 60;
        int found = 0, drawn = 0;
        double promised = 0;
        for (int seed = 0; seed < Seeds; seed++)
        {
            Pct pct = new(3, (ulong)seed);
            for (int schedule = 0; schedule <= Schedules; schedule++)
            {
                bool fails = run.Execute(pct, false) is not null;
                if (schedule == 0) continue;
                drawn++;
                if (fails) found++;
            }
            promised = pct.FindsWithProbability(1);
        }
        Assert.True(found >= drawn * promised, $"found in {found} of {drawn}, promised is {promised:P2}");
        Assert.True(found > 0);
    }

    [Fact]
    public void The_bound_of_pct_is_that_of_the_paper()
    {
        using SampledProgram program = SampledProgram.Counters(2, 5);
        Pct pct = new(3, 1);
        _ = program.Executions(pct, 50);
        // Where one of two threads has ended there is no choice: between 5 and 9 steps have one.
        Assert.InRange(pct.Choices, 5, 9);
        double each = 1 / (2.0 * pct.Choices * pct.Choices);
        Assert.Equal(each, pct.FindsWithProbability(1), 12);
        Assert.Equal(1 - Math.Pow(1 - each, 1000), pct.FindsWithProbability(1000), 9);
        long schedules = pct.SchedulesFor(0.99);
        Assert.True(pct.FindsWithProbability(schedules) >= 0.99);
        Assert.True(pct.FindsWithProbability(schedules - 1) < 0.99);
    }

    [Fact]
    public void What_is_recorded_can_be_replayed_and_what_differs_is_named()
    {
        using SampledProgram program = SampledProgram.Counters(2, 3);
        Recording recording = new(new RandomWalk(4));
        string picks = program.Executions(recording, 1)[0].Picks;
        Assert.Equal(6, recording.Picks.Count);

        Recorded same = new([.. recording.Picks], [.. recording.Operations]);
        Assert.Equal(picks, program.Executions(same, 1)[0].Picks);
        Assert.Null(same.Divergence);

        using SampledProgram longer = SampledProgram.Counters(2, 4);
        Recorded tooShort = new([.. recording.Picks]);
        _ = longer.Executions(tooShort, 1);
        Assert.Contains("ends after step 6 but the program continues", tooShort.Divergence, StringComparison.Ordinal);

        Recorded notEnabled = new([0, 0, 0, 0, 1, 1, 1]);
        _ = program.Executions(notEnabled, 1);
        Assert.Contains("at step 4 thread 0 cannot make a step", notEnabled.Divergence, StringComparison.Ordinal);

        using SampledProgram others = SampledProgram.StoreBuffering();
        Recorded otherOperations = new([.. recording.Picks], [.. recording.Operations]);
        _ = others.Executions(otherOperations, 1);
        Assert.Contains("at step 1", otherOperations.Divergence, StringComparison.Ordinal);
        Assert.Contains("recorded was", otherOperations.Divergence, StringComparison.Ordinal);
    }

    private static Scheduler Make(string name, ulong seed) => name switch
    {
        "random" => new RandomWalk(seed),
        "pct" => new Pct(3, seed),
        "pos" => new Pos(seed),
        _ => new Urw(seed),
    };

    /// <summary>Does what another scheduler does and keeps the picks of the latest execution. For the sampling engine it is none
    /// that can draw again.</summary>
    private sealed class Recording(Scheduler inner) : Scheduler
    {
        public override string Name => inner.Name;

        /// <summary>Picks of the latest execution, in order; valid until the next begins.</summary>
        public List<byte> Picks { get; } = [];

        /// <summary>What the picked thread was about to do, beside <see cref="Picks"/>.</summary>
        public List<Operation> Operations { get; } = [];

        public override void Begin(int threads)
        {
            Picks.Clear();
            Operations.Clear();
            inner.Begin(threads);
        }

        public override int Pick(uint enabled, int current, ReadOnlySpan<Operation> next, uint yielded)
        {
            int picked = inner.Pick(enabled, current, next, yielded);
            Picks.Add((byte)picked);
            Operations.Add(next[picked]);
            return picked;
        }

        public override void End(long steps) => inner.End(steps);
    }
}
