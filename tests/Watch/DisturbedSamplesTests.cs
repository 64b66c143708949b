using FsCheck;
using FsCheck.Fluent;
using Lab.Application.Measuring;
using Lab.Measure;
using Lab.Time;
using Lab.Results;
using Lab.Watch;
using Xunit;

namespace Lab.Tests.Watch;

/// <summary>Which samples carry which tag, and what is left without them.</summary>
public sealed class DisturbedSamplesTests
{
    private const long Opening = 5_000_000_000;
    private static readonly MeasurementKey Key = new("s", "w", "m", 1);
    // its ticks are CLOCK_MONOTONIC nanoseconds
    private static readonly Clock StopwatchClock = Clock.Calibrate(ClockSource.Stopwatch);

    [Fact]
    public void Samples_carry_what_overlaps_them_and_the_rest_is_counted_without_them()
    {
        using LatencyRecorder updater = Recorder("update", (1_000, 500), (10_000, 90_000), (200_000, 700));
        using LatencyRecorder vcpu = Recorder("fault", (2_000, 60), (95_000, 80));
        Watched watched = new([new(DisturbanceKind.GcPause, Opening + 50_000, 40_000, "generation 0"), new(DisturbanceKind.Jit,
            Opening + 95_050, 10, "late")], [new(DisturbanceKind.Steal, Opening, 1_000_000, "10 ms")], []);
        DisturbedSamples found = Find(watched, ("updater", updater, []),
            ("vcpu0", vcpu, [new(DisturbanceKind.RunQueueDelay, Opening + 200_100, 10, "1 µs")]));

        Assert.Equal(["steal", "gc-pause", "jit", "run-queue-delay"], found.Disturbances.Select(row => row.Kind));
        Assert.Equal([false, true, true, true], found.Disturbances.Select(row => row.Located));
        Assert.Equal(["", "", "", "vcpu0"], found.Disturbances.Select(row => row.Actor));
        Assert.Equal(0.05, found.Disturbances[1].StartMs);
        // Sampled ones tag nothing; the vCPU's wait is none of the updater's business.
        Assert.Equal(
            [("update", "updater", 90_000.0, "gc-pause+jit"), ("fault", "vcpu0", 80.0, "jit")],
            found.Tagged.Select(row => (row.Metric, row.Actor, row.Value, row.Kinds)));
        Assert.Equal([("update", 2L, 1L, 700.0), ("fault", 1L, 1L, 60.0)],
            found.Undisturbed.Select(row => (row.Metric, row.Count, row.Tagged, row.Max)));
    }

    [Fact]
    public void With_and_without_agree_with_tagging_every_sample_by_hand()
    {
        Gen<(int Start, int Length)> span = from start in Gen.Choose(0, 50_000) from length in Gen.Choose(0, 9_000)
            select (start, length);
        Prop.ForAll(span.ArrayOf().ToArbitrary(), span.ArrayOf().ToArbitrary(), (samples, pauses) =>
        {
            if (samples.Length == 0) return true;
            using LatencyRecorder recorder = Recorder("update", [.. samples.Select(one => ((long)one.Start, (long)one.Length))]);
            DisturbedSamples found = Find(
                new Watched(
                    [.. pauses.Select(one => new Disturbance(DisturbanceKind.GcPause, Opening + one.Start, one.Length, ""))], [],
                    []), ("updater", recorder, []));
            long[] clean = [.. samples.Where(one => !pauses.Any(pause => pause.Start <= one.Start + one.Length
                && one.Start <= pause.Start + pause.Length)).Select(one => (long)one.Length).Order()];
            UndisturbedRow row = Assert.Single(found.Undisturbed);
            bool agrees = row.Count == clean.Length && row.Tagged == samples.Length - clean.Length;
            if (clean.Length == 0) return agrees && double.IsNaN(row.P50) && double.IsNaN(row.Max);
            long median = clean[(int)Math.Ceiling(0.5 * clean.Length) - 1];
            return agrees && row.Max == clean[^1] && Math.Abs(row.P50 - median) <= 1 + (median * 0.001);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_wait_for_a_lock_of_the_strategy_is_listed_and_is_no_disturbance_of_it()
    {
        using LatencyRecorder recorder = Recorder("update", (10, 100));
        DisturbedSamples found = Find(new Watched([new(DisturbanceKind.LockContention, Opening + 20, 50, "thread 7")], [], []),
            ("updater", recorder, []));
        Assert.Equal("lock-contention", Assert.Single(found.Disturbances).Kind);
        Assert.Equal(0, Assert.Single(found.Undisturbed).Tagged);
        Assert.Empty(found.Tagged);
    }

    /// <summary>On an idle machine of few cores the lab's own workers take an actor's core: that is its load, and others' fault
    /// only where others had a noticeable part of the processors' time.</summary>
    [Theory]
    [InlineData(0.0, false)]
    [InlineData(0.05, false)]
    [InlineData(0.051, true)]
    [InlineData(null, true)]
    public void Who_waits_for_the_lab_s_own_threads_is_not_disturbed(double? others, bool isDisturbed)
    {
        using LatencyRecorder updater = Recorder("update", (1_000, 500), (10_000, 900), (200_000, 700), (400_000, 50));
        DisturbedSamples found = Find(new Watched([new(DisturbanceKind.GcPause, Opening + 1_100, 10, "")], [], []), null, others,
            ("updater", updater,
                [new(DisturbanceKind.RunQueueDelay, Opening + 10_100, 300, "300 µs without a core"),
                    new(DisturbanceKind.InvoluntarySwitch, Opening + 10_100, 300, "1"),
                    new(DisturbanceKind.Migration, Opening + 200_100, 10, "to cpu 1"),
                    new(DisturbanceKind.MajorFault, Opening + 400_010, 10, "1")]));
        Assert.Equal(isDisturbed ? 4 : 2, Assert.Single(found.Undisturbed).Tagged);
        Assert.Equal(isDisturbed ? null : 0.5, found.OwnWaits);
        Assert.Equal(5, found.Disturbances.Count);
        Assert.Equal(isDisturbed ? 0 : 3,
            found.Disturbances.Count(row => row.Detail.EndsWith(" (own threads)", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_lies_outside_the_window_is_not_listed()
    {
        using LatencyRecorder recorder = Recorder("update", (10, 10));
        DisturbedSamples found =
            Find(new Watched([new(DisturbanceKind.Jit, Opening - 100, 50, "before"), new(DisturbanceKind.Jit, Opening - 100, 101,
                "into it"), new(DisturbanceKind.Jit, Opening + 1_000_000_001, 5, "after")], [], []), ("updater", recorder, []));
        Assert.Equal("into it", Assert.Single(found.Disturbances).Detail);
        Assert.Equal(1, Assert.Single(found.Undisturbed).Count);
    }

    /// <summary>Two turns of 1 µs, 10 µs apart: what others had is no disturbance, and the time between is no time.</summary>
    [Fact]
    public void In_turns_only_what_lies_in_one_is_listed_and_dated_by_the_time_that_was_measured()
    {
        using LatencyRecorder recorder = Recorder("update", (100, 50), (11_200, 80));
        DisturbedSamples found = Find(
            new Watched(
                [
                    new(DisturbanceKind.Jit, Opening + 120, 10, "first turn"),
                    new(DisturbanceKind.Jit, Opening + 5_000, 100, "others' time"),
                    new(DisturbanceKind.GcPause, Opening + 900, 10_400, "into the second turn"),
                    new(DisturbanceKind.Jit, Opening + 13_000, 5, "after"),
                ], [], []),
            [new Stretch(Opening, Opening + 1_000), new Stretch(Opening + 11_000, Opening + 12_000)], ("updater", recorder, []));

        Assert.Equal(["first turn", "into the second turn"], found.Disturbances.Select(row => row.Detail));
        Assert.Equal([0.00012, 0.0009], found.Disturbances.Select(row => row.StartMs));
        Assert.Equal([0.00001, 0.0004], found.Disturbances.Select(row => row.LengthMs),
            (one, other) => Math.Abs(one - other) < 1e-9);
        Assert.Equal([(80.0, 0.0012, "gc-pause"), (50.0, 0.0001, "jit")],
            found.Tagged.Select(row => (row.Value, row.StartMs, row.Kinds)));
    }

    [Fact]
    public void More_disturbances_than_a_file_should_hold_are_cut_to_the_longest_and_it_is_said()
    {
        using LatencyRecorder recorder = Recorder("update", (10, 10));
        DisturbedSamples found = Find(new Watched(
            [.. Enumerable.Range(0, 6_000).Select(i => new Disturbance(DisturbanceKind.Jit, Opening + 1_000 + (i * 1_000L),
                i % 900, ""))], [], []), ("updater", recorder, []));
        Assert.Equal(5_000, found.Disturbances.Count);
        Assert.Equal(found.Disturbances.OrderBy(row => row.StartMs), found.Disturbances);
        Assert.Equal("disturbances.csv has the longest 5000 of 6000 disturbances; all of them were used for tagging.",
            Assert.Single(found.Notes));
    }

    private static LatencyRecorder Recorder(string metric, params (long Start, long Length)[] samples)
    {
        LatencyRecorder recorder = new(metric, StopwatchClock, 4, loggedSamples: 1 << 12);
        recorder.OpenWindow(Opening, Opening + 1_000_000_000);
        foreach ((long start, long length) in samples) recorder.RecordNanoseconds(Opening + start, length);
        return recorder;
    }

    private static DisturbedSamples Find(Watched watched,
        params (string Name, LatencyRecorder Recorder, Disturbance[] Own)[] actors) => Find(watched, null, null, actors);

    private static DisturbedSamples Find(Watched watched, Stretch[]? turns,
        params (string Name, LatencyRecorder Recorder, Disturbance[] Own)[] actors) => Find(watched, turns, null, actors);

    private static DisturbedSamples Find(Watched watched, Stretch[]? turns, double? others,
        params (string Name, LatencyRecorder Recorder, Disturbance[] Own)[] actors)
    {
        using MeasuredRun window = new()
        {
            Actors =
            [
                .. actors.Select(one => new ActorResult
                {
                    Name = one.Name, Role = ActorRole.Other, RatePerSecond = 0, StepCount = 1, MeasuredSeconds = 1,
                    OwedStepCount = 0, AllocatedBytes = 0,
                    PinnedCpu = null, InvoluntarySwitches = null, Disturbances = one.Own, Recorders = [one.Recorder],
                }),
            ],
            Clock = StopwatchClock.Info, WindowSeconds = 1, WindowStartMonotonicNanoseconds = Opening,
            Turns = turns ?? [new Stretch(Opening, Opening + 1_000_000_000)], WarmupSeconds = 0,
            Disturbance = new RuntimeCounters(0, 0, 0, 0, 0, null), GcLatencyMode = default, Interrupted = false, HungActors = [],
            Failures = [], Notes = [], OthersShare = others,
        };
        IReadOnlyList<LatencyRecorder> merged = window.MergeByMetric();
        try
        {
            return DisturbedSamples.Of(Key, window, merged, watched);
        }
        finally
        {
            foreach (LatencyRecorder recorder in merged) recorder.Dispose();
        }
    }
}
