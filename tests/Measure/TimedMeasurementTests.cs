using Lab.Measure;
using Lab.Time;
using Xunit;

namespace Lab.Tests.Measure;

[Collection(TimingCollection.Name)]
public sealed class TimedMeasurementTests
{
    private static WindowSettings Short { get; } = new()
    {
        Duration = TimeSpan.FromMilliseconds(200),
        WarmupMinimum = TimeSpan.FromMilliseconds(20),
        Pinning = Pinning.Off,
    };

    /// <summary>The actor notes the start of every step itself; what the rig says it counted must be what lies between the edges
    /// that the rig reports, whatever ran before and after.</summary>
    [Fact]
    public void Only_steps_that_start_in_the_window_count()
    {
        Clock clock = Clock.Default;
        List<long> starts = [];
        ScriptedActor actor = new()
        {
            Name = "noter",
            OnStep = () =>
            {
                starts.Add(clock.ToMonotonicNanoseconds(clock.Ticks()));
                Thread.SpinWait(2_000);
                return 0;
            },
        };
        using MeasuredRun run = TimedRun.Of(Short, actor);

        ActorResult result = Assert.Single(run.Actors);
        long opening = run.WindowStartMonotonicNanoseconds, closing = opening + (long)(run.WindowSeconds * 1e9);
        long inside = starts.Count(start => start >= opening && start < closing);
        Assert.True(run.IsComplete);
        Assert.InRange(result.StepCount, inside - 3, inside + 3); // the rig's stamp lies a little before the actor's own
        Assert.Equal(result.StepCount, result.Recorders[0].Histogram.Count);
        Assert.True(starts[0] < opening, "the load must be up before the window opens");
        Assert.Equal(0.2, run.WindowSeconds, 3);
        Assert.Equal(run.WindowSeconds, result.MeasuredSeconds);
    }

    /// <summary>Each step of the slow actor ends only once the quick one has stepped again after 150 ms. Its last step in the
    /// window straddles the closing: a rig that stopped the quick one there would leave it waiting in vain.</summary>
    [Fact]
    public void The_load_stays_up_until_the_last_actor_has_measured()
    {
        Clock clock = Clock.Default;
        List<(long Start, long End, bool SawLoad)> slowSteps = [];
        long quickSteps = 0;
        bool quickHasEnded = false;
        ScriptedActor quick = new()
        {
            Name = "quick",
            OnStep = () => (int)(Interlocked.Increment(ref quickSteps) & 0),
            OnQuiesce = () => Volatile.Write(ref quickHasEnded, true),
        };
        ScriptedActor slow = new()
        {
            Name = "slow",
            OnStep = () =>
            {
                long start = clock.ToMonotonicNanoseconds(clock.Ticks());
                Thread.Sleep(150); // the work that is timed
                long seen = Interlocked.Read(ref quickSteps);
                SpinWait.SpinUntil(() => Interlocked.Read(ref quickSteps) != seen || Volatile.Read(ref quickHasEnded));
                slowSteps.Add((start, clock.ToMonotonicNanoseconds(clock.Ticks()), Interlocked.Read(ref quickSteps) != seen));
                return 0;
            },
        };
        using MeasuredRun run = TimedRun.Of(Short, quick, slow);
        long opening = run.WindowStartMonotonicNanoseconds, closing = opening + (long)(run.WindowSeconds * 1e9);

        Assert.True(run.IsComplete);
        int inside = slowSteps.Count(step => step.Start >= opening && step.Start < closing);
        Assert.InRange(run.Actors[1].StepCount, inside - 1, inside + 1);
        Assert.Contains(slowSteps, step => step.Start < closing && step.End > closing);
        Assert.All(slowSteps.Where(step => step.Start < closing), step => Assert.True(step.SawLoad));
    }

    [Fact]
    public void Measuring_waits_for_the_last_actor_to_be_warm()
    {
        int steps = 0;
        ScriptedActor cold = new() { Name = "cold", Warm = () => steps >= 50, OnStep = () => NapAndCount() };
        ScriptedActor warm = new() { Name = "warm" };
        int NapAndCount()
        {
            Thread.Sleep(2);
            steps++;
            return 0;
        }

        using MeasuredRun run = TimedRun.Of(Short, cold, warm);
        Assert.True(run.WarmupSeconds >= 0.1, $"{run.WarmupSeconds} s");
        Assert.DoesNotContain(run.Notes, note => note.Contains("cold after", StringComparison.Ordinal));
    }

    [Fact]
    public void An_actor_that_never_warms_up_is_measured_cold_with_a_note()
    {
        ScriptedActor cold = new() { Name = "iceberg", Warm = () => false };
        using MeasuredRun run = TimedRun.Of(Short with { WarmupLimit = TimeSpan.FromMilliseconds(60) }, cold);
        Assert.True(run.IsComplete);
        Assert.Contains(run.Notes, note => note.Contains("iceberg", StringComparison.Ordinal));
        Assert.True(run.Actors[0].StepCount > 0);
    }

    [Fact]
    public void Steps_go_under_the_metric_they_name_and_phases_beside_them()
    {
        int turn = 0;
        ScriptedActor actor = new()
        {
            Name = "updater",
            Role = ActorRole.Updater,
            Metrics = ["delete", "create"],
            PhaseNames = ["lock wait", "zap"],
            PhaseDurations = [1_000, -1],
            OnStep = () => (turn++ % 3) - 1,
        };
        using MeasuredRun run = TimedRun.Of(Short, actor);
        ActorResult result = run.Actors[0];
        Assert.Equal(["delete", "create", "lock wait", "zap"], result.Recorders.Select(recorder => recorder.Metric));
        long[] counts = [.. result.Recorders.Select(recorder => recorder.Histogram.Count)];
        Assert.InRange(counts[0], (result.StepCount / 3) - 1, (result.StepCount / 3) + 1);
        Assert.InRange(counts[1], (result.StepCount / 3) - 1, (result.StepCount / 3) + 1);
        Assert.Equal(result.StepCount, counts[2]);
        Assert.Equal(0, counts[3]);
        Assert.Equal(1_000, result.Recorders[2].Histogram.Max);
    }

    [Fact]
    public void Actors_results_are_merged_by_metric()
    {
        ScriptedActor a = new() { Name = "vcpu0", Metrics = ["fault", "write"] };
        ScriptedActor b = new() { Name = "vcpu1", Metrics = ["fault"] };
        using MeasuredRun run = TimedRun.Of(Short, a, b);
        IReadOnlyList<LatencyRecorder> merged = run.MergeByMetric();
        Assert.Equal(["fault", "write"], merged.Select(recorder => recorder.Metric));
        Assert.Equal(run.Actors.Sum(actor => actor.StepCount), merged[0].Histogram.Count);
        Assert.Equal(merged[0].Histogram.Count, merged[0].Timeline.Summaries().Sum(row => row.Count));
        foreach (LatencyRecorder recorder in merged) recorder.Dispose();
    }

    [Fact]
    public void Preparing_is_not_timed_and_recording_does_not_allocate()
    {
        ScriptedActor actor = new() { Name = "tidy", OnPrepare = () => Thread.Sleep(5) };
        using MeasuredRun run = TimedRun.Of(Short, actor);
        LatencyHistogram service = run.Actors[0].Recorders[0].Histogram;
        Assert.InRange(service.Count, 1, 40);
        Assert.True(service.Quantile(0.5) < 5_000_000, $"{service.Quantile(0.5)} ns");
        Assert.Equal(0, run.Actors[0].AllocatedBytes);
    }

    [Fact]
    public void Allocations_in_the_window_are_the_actor_s()
    {
        byte[]? kept = null;
        ScriptedActor actor = new()
        {
            Name = "wasteful",
            RatePerSecond = 200,
            OnStep = () =>
            {
                kept = new byte[1_000];
                return 0;
            },
        };
        using MeasuredRun run = TimedRun.Of(Short, actor);
        Assert.NotNull(kept);
        Assert.InRange(run.Actors[0].AllocatedBytes, run.Actors[0].StepCount * 1_000, (run.Actors[0].StepCount + 1) * 1_100);
    }

    [Fact]
    public void The_window_runs_on_the_fallback_clock_too()
    {
        Clock clock = Clock.Calibrate(ClockSource.Stopwatch);
        using MeasuredRun run = TimedRun.Of(Short with { Clock = clock }, new ScriptedActor { Name = "a" });
        Assert.Equal(ClockSource.Stopwatch, run.Clock.Source);
        Assert.Equal(0.2, run.WindowSeconds, 3);
        Assert.Equal(run.Actors[0].StepCount, run.Actors[0].Recorders[0].Histogram.Count);
    }

    [Fact]
    public void More_actors_than_cores_are_not_pinned_and_a_note_says_so()
    {
        int cores = MachineLimits.Read().UsableCores;
        IMeasuredActor[] actors = [.. Enumerable.Range(0, cores + 1).Select(i => new ScriptedActor { Name = $"a{i}" })];
        using MeasuredRun run = TimedRun.Of(Short with { Pinning = Pinning.Auto }, actors);
        Assert.Contains($"oversubscribed: {cores + 1} actors on {cores} cores", run.Notes);
        Assert.All(run.Actors, actor => Assert.Null(actor.PinnedCpu));
    }

    [Fact]
    public void Pinning_binds_each_actor_to_an_allowed_core_in_turn()
    {
        IReadOnlyList<int> cpus = MachineLimits.Read().AllowedCpus;
        IMeasuredActor[] actors = [.. Enumerable.Range(0, cpus.Count + 1).Select(i => new ScriptedActor { Name = $"a{i}" })];
        using MeasuredRun run = TimedRun.Of(Short with { Pinning = Pinning.On }, actors);
        if (OperatingSystem.IsLinux()) Assert.Equal([.. cpus.Cast<int?>(), cpus[0]], run.Actors.Select(actor => actor.PinnedCpu));
        else Assert.All(run.Actors, actor => Assert.Null(actor.PinnedCpu));
    }

    [Fact]
    public void The_observer_hears_of_every_phase_from_the_calling_thread()
    {
        Listener observer = new();
        using MeasuredRun run = TimedRun.Observed(Short, observer, new ScriptedActor { Name = "a" });
        Assert.Equal([WindowPhase.Warming, WindowPhase.Measuring, WindowPhase.Draining, WindowPhase.Stopping],
            observer.Heard.Distinct());
        Assert.Equal([Environment.CurrentManagedThreadId], observer.Threads.Distinct());
    }

    [Fact]
    public void An_observer_that_throws_ends_the_run_and_its_threads()
    {
        bool quiesced = false;
        ScriptedActor actor = new() { Name = "a", OnQuiesce = () => quiesced = true };
        Listener observer = new() { ThrowsAt = WindowPhase.Measuring };
        Assert.Throws<InvalidOperationException>(() => TimedRun.Observed(Short, observer, actor));
        Assert.True(quiesced);
    }

    [Fact]
    public void Unusable_arguments_are_refused()
    {
        ScriptedActor actor = new() { Name = "a" };
        Assert.Throws<ArgumentException>(() => TimedRun.Of(Short));
        Assert.Throws<ArgumentException>(() => TimedRun.Of(Short, actor, actor));
        Assert.Throws<ArgumentException>(() => TimedRun.Of(Short, new ScriptedActor { Name = "" }));
        Assert.Throws<ArgumentOutOfRangeException>(() => TimedRun.Of(Short with { Duration = TimeSpan.Zero }, actor));
        Assert.Throws<ArgumentOutOfRangeException>(() => TimedRun.Of(Short with { IntervalCount = 201 }, actor));
    }

    private sealed class Listener : IWindowObserver
    {
        public List<WindowPhase> Heard { get; } = [];

        public List<int> Threads { get; } = [];

        public WindowPhase? ThrowsAt { get; init; }

        public void OnProgress(WindowProgress progress)
        {
            Assert.InRange(progress.Fraction, 0, 1);
            Heard.Add(progress.Phase);
            Threads.Add(Environment.CurrentManagedThreadId);
            if (progress.Phase == ThrowsAt) throw new InvalidOperationException("observer");
        }
    }
}
