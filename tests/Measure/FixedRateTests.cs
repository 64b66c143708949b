using Lab.Measure;
using Lab.Time;
using Xunit;

namespace Lab.Tests.Measure;

[Collection(TimingCollection.Name)]
public sealed class FixedRateTests
{
    private static WindowSettings Settings { get; } = new()
    {
        Duration = TimeSpan.FromMilliseconds(500),
        WarmupMinimum = TimeSpan.FromMilliseconds(20),
        IntervalCount = 50,
        Pinning = Pinning.Off,
    };

    /// <summary>One stall of 50 ms at 1,000 steps a second: the service time shows one slow step, the latency from the intended
    /// start shows the stall and everyone who queued behind it, falling by a millisecond each. The actor keeps its own list of
    /// starts and ends, from which both are recomputed, so that a busy machine's own stalls are expected too.</summary>
    [Fact]
    public void A_stall_is_charged_to_every_step_that_was_due()
    {
        Clock clock = Clock.Default;
        List<(long Start, long End)> steps = new(10_000);
        bool stalled = false;
        ScriptedActor actor = new()
        {
            Name = "staller",
            RatePerSecond = 1_000,
            OnStep = () =>
            {
                long start = clock.Ticks();
                if (!stalled && steps.Count == 250)
                {
                    stalled = true;
                    Spin(clock, TimeSpan.FromMilliseconds(50));
                }

                steps.Add((clock.ToMonotonicNanoseconds(start), clock.ToMonotonicNanoseconds(clock.Ticks())));
                return 0;
            },
        };
        using MeasuredRun run = TimedRun.Of(Settings, actor);
        ActorResult result = run.Actors[0];
        LatencyHistogram service = result.Recorders[0].Histogram, intended = result.Recorders[1].Histogram;
        long opening = run.WindowStartMonotonicNanoseconds;
        long[] ends = [.. steps.Where(step => step.Start >= opening).Select(step => step.End).Take(500)];
        long[] due = [.. ends.Select((end, k) => end - (opening + (k * 1_000_000L)))];
        long[] served = [.. steps.Where(step => step.Start >= opening).Take(500).Select(step => step.End - step.Start)];

        Assert.Equal(["op", "op.intended"], result.Recorders.Select(recorder => recorder.Metric));
        Assert.Equal(500, intended.Count);
        Assert.Equal(0, result.OwedStepCount);
        foreach (long threshold in (long[])[1_500_000, 10_000_000, 25_000_000, 40_000_000])
        {
            int expected = due.Count(latency => latency >= threshold);
            Assert.InRange(Above(intended, threshold), expected - 2, expected + 2);
            Assert.True(expected >= 50 - (threshold / 1_000_000) - 1);
        }

        int slow = served.Count(latency => latency >= 40_000_000);
        Assert.True(slow >= 1);
        Assert.InRange(Above(service, 40_000_000), slow, slow + 1);

        // Up at once, then down by a millisecond per step: each interval shows the worst of the ten steps that were due in it,
        // whose first and last may count to the neighbour.
        IReadOnlyList<IntervalSummary> rows = result.Recorders[1].Timeline.Summaries();
        Assert.Equal(50, rows.Count);
        Assert.All(rows, row =>
        {
            int first = row.Index * 10;
            long least = due[(first + 1)..(first + 9)].Max(), most = due[Math.Max(0, first - 1)..Math.Min(500, first + 11)].Max();
            Assert.InRange(row.Max, least * 0.99, (most * 1.01) + 1_000_000);
        });
    }

    [Fact]
    public void A_stall_across_the_end_of_the_window_hides_nothing()
    {
        Clock clock = Clock.Default;
        long first = 0;
        bool stalled = false;
        ScriptedActor actor = new()
        {
            Name = "late",
            RatePerSecond = 1_000,
            OnStep = () =>
            {
                long now = clock.Ticks();
                first = first == 0 ? now : first;
                if (!stalled && clock.ToNanoseconds(now - first) > 450_000_000)
                {
                    stalled = true;
                    Spin(clock, TimeSpan.FromMilliseconds(200));
                }

                return 0;
            },
        };
        using MeasuredRun run = TimedRun.Of(Settings, actor);
        Assert.Equal(500, run.Actors[0].Recorders[1].Histogram.Count);
        Assert.True(run.Actors[0].StepCount < 500);
        Assert.Equal(0, run.Actors[0].OwedStepCount);
    }

    [Fact]
    public void An_actor_that_cannot_keep_up_says_how_many_steps_it_owes()
    {
        Clock clock = Clock.Default;
        ScriptedActor actor = new()
        {
            Name = "overwhelmed",
            RatePerSecond = 10_000,
            OnStep = () => Spin(clock, TimeSpan.FromMilliseconds(1)),
        };
        using MeasuredRun run = TimedRun.Of(Settings with { CatchUpLimit = TimeSpan.FromMilliseconds(50) }, actor);
        ActorResult result = run.Actors[0];
        Assert.Equal(5_000, result.OwedStepCount + result.Recorders[1].Histogram.Count);
        Assert.True(result.OwedStepCount > 4_000);
        Assert.Contains(run.Notes, note => note.Contains("overwhelmed", StringComparison.Ordinal));
    }

    [Fact]
    public void A_slow_schedule_neither_trips_the_watchdog_nor_delays_the_end()
    {
        ScriptedActor actor = new() { Name = "rare", RatePerSecond = 0.5 };
        using MeasuredRun run = TimedRun.Of(Settings with { WatchdogTimeout = TimeSpan.FromMilliseconds(200) }, actor);
        Assert.True(run.IsComplete);
        Assert.Equal(1, run.Actors[0].StepCount);
        Assert.InRange(run.Actors[0].Recorders[1].Histogram.Max, 0, 499_000_000); // by when it was due, not by the end
    }

    private static long Above(LatencyHistogram histogram, long nanoseconds) =>
        histogram.Buckets().Where(bucket => bucket.Low >= nanoseconds).Sum(bucket => bucket.Count);

    private static int Spin(Clock clock, TimeSpan duration)
    {
        long until = clock.Ticks() + clock.ToTicks(duration);
        while (clock.Ticks() < until) Thread.SpinWait(10);
        return 0;
    }
}
