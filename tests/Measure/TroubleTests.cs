using System.Diagnostics;
using Lab.Measure;
using Xunit;

namespace Lab.Tests.Measure;

/// <summary>Runs that do not end as planned: they still come back, say why, and keep what was measured.</summary>
[Collection(TimingCollection.Name)]
public sealed class TroubleTests
{
    private static WindowSettings Long { get; } = new()
    {
        Duration = TimeSpan.FromSeconds(30),
        WarmupMinimum = TimeSpan.FromMilliseconds(20),
        WatchdogTimeout = TimeSpan.FromMilliseconds(500),
        Pinning = Pinning.Off,
    };

    [Fact]
    public void A_hung_actor_is_named_and_the_run_comes_back_in_time()
    {
        using ManualResetEventSlim release = new();
        using ManualResetEventSlim left = new();
        NoteOpening opening = new();
        int stepsSince = 0;
        ScriptedActor stuck = new()
        {
            Name = "stuck",
            OnStep = () =>
            {
                // After the opening, and after a step at whose end this actor has heard of it.
                if (opening.IsPast && ++stepsSince == 100) release.Wait(TestContext.Current.CancellationToken);
                return 0;
            },
            OnQuiesce = left.Set,
        };
        ScriptedActor lively = new() { Name = "lively" };
        long started = Stopwatch.GetTimestamp();
        MeasuredRun run = TimedRun.Observed(Long, opening, stuck, lively);
        TimeSpan took = Stopwatch.GetElapsedTime(started);

        Assert.True(run.Hung);
        Assert.False(run.IsComplete);
        Assert.Equal(["stuck"], run.HungActors);
        Assert.True(run.Actors[1].Recorders[0].Histogram.Count > 0);
        long hungAt = run.Actors[0].StepCount;
        Assert.True(hungAt >= 98, $"{hungAt}");
        Assert.Equal(hungAt, run.Actors[0].Recorders[0].Histogram.Count);
        Assert.True(run.Actors[0].MeasuredSeconds < run.WindowSeconds);
        Assert.True(took < Long.Duration, $"{took}");

        // The abandoned thread wakes up after the run was disposed of, and must find its memory where it was.
        run.Dispose();
        release.Set();
        Assert.True(left.Wait(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void An_actor_that_waits_for_others_who_get_on_is_slow_and_not_hung()
    {
        using ManualResetEventSlim done = new();
        long progress = 0, waitedSince = 0;
        ScriptedActor waiting = new()
        {
            Name = "waiting",
            OnStep = () =>
            {
                Volatile.Write(ref waitedSince, Stopwatch.GetTimestamp());
                Assert.True(done.Wait(TimeSpan.FromSeconds(60)));
                return 0;
            },
        };
        // The others are done three timeouts after the wait began.
        long Others()
        {
            if (Volatile.Read(ref waitedSince) is > 0 and var since && Stopwatch.GetElapsedTime(since) > Long.WatchdogTimeout * 3)
            {
                done.Set();
            }
            return ++progress;
        }

        using MeasuredRun run =
            TimedRun.Of(Long with { Duration = TimeSpan.FromMilliseconds(50), OthersProgress = Others }, waiting);
        Assert.False(run.Hung, string.Join(", ", run.HungActors));
        Assert.True(run.IsComplete);
    }

    /// <summary>As writing to every page of a slot: a step for longer than the patience with who waits for others, and at each
    /// look more of it is done.</summary>
    [Fact]
    public void Work_amid_a_step_that_gets_on_is_as_good_as_steps()
    {
        using ManualResetEventSlim done = new();
        long written = 0, begun = 0;
        ScriptedActor writing = new()
        {
            Name = "writing",
            OnStep = () =>
            {
                if (begun == 0) Volatile.Write(ref begun, Stopwatch.GetTimestamp());
                Assert.True(done.Wait(TimeSpan.FromSeconds(60)));
                return 0;
            },
            OnLookAtWork = () =>
            {
                TimeSpan enough = Long.WatchdogTimeout * (Watchdog.Patience + 2);
                if (Volatile.Read(ref begun) is > 0 and var since && Stopwatch.GetElapsedTime(since) > enough) done.Set();
                return ++written;
            },
        };
        using MeasuredRun run = TimedRun.Of(
            Long with { Duration = TimeSpan.FromMilliseconds(50), OthersProgress = () => written }, writing);
        Assert.False(run.Hung, string.Join(", ", run.HungActors));
        Assert.True(run.IsComplete);
    }

    [Fact]
    public void Others_who_get_on_for_ever_do_not_hide_an_actor_that_is_lost()
    {
        using ManualResetEventSlim release = new();
        long progress = 0;
        ScriptedActor lost = new()
        {
            Name = "lost",
            OnStep = () =>
            {
                release.Wait(TestContext.Current.CancellationToken);
                return 0;
            },
        };
        long started = Stopwatch.GetTimestamp();
        using MeasuredRun run = TimedRun.Of(Long with { OthersProgress = () => ++progress }, lost);
        Assert.Equal(["lost"], run.HungActors);
        Assert.InRange(Stopwatch.GetElapsedTime(started), Long.WatchdogTimeout * 6, Long.Duration);
        release.Set();
    }

    [Fact]
    public void An_actor_that_hangs_when_told_to_stop_is_named_too()
    {
        using ManualResetEventSlim release = new();
        ScriptedActor actor = new() { Name = "lingering", OnQuiesce = () => release.Wait(TestContext.Current.CancellationToken) };
        using MeasuredRun run = TimedRun.Of(Long with { Duration = TimeSpan.FromMilliseconds(50) }, actor);
        Assert.Equal(["lingering"], run.HungActors);
        Assert.True(run.Actors[0].Recorders[0].Histogram.Count > 0);
        release.Set();
    }

    [Fact]
    public void Cancelling_keeps_what_was_measured()
    {
        using CancellationTokenSource cancellation = new();
        CancelWhenMeasuring observer = new(cancellation);
        long started = Stopwatch.GetTimestamp();
        using MeasuredRun run = TimedMeasurement.Run([new ScriptedActor { Name = "a" },
            new ScriptedActor { Name = "b", RatePerSecond = 500 }], Long, observer, cancellation.Token);

        Assert.True(run.Interrupted);
        Assert.False(run.Hung);
        Assert.InRange(run.WindowSeconds, 0.05, 29);
        Assert.True(Stopwatch.GetElapsedTime(started) < Long.Duration);
        Assert.All(run.Actors, actor => Assert.True(actor.Recorders[0].Histogram.Count > 0, actor.Name));
        Assert.All(run.Actors, actor => Assert.Equal(run.WindowSeconds, actor.MeasuredSeconds));
    }

    [Fact]
    public void Cancelled_before_the_window_there_is_nothing_to_keep()
    {
        int quiesced = 0;
        ScriptedActor actor = new() { Name = "a", OnQuiesce = () => quiesced++ };
        using MeasuredRun run = TimedMeasurement.Run([actor], Long, cancellation: new CancellationToken(canceled: true));
        Assert.True(run.Interrupted);
        Assert.False(run.Hung);
        Assert.Equal((0.0, 0L), (run.WindowSeconds, run.Actors[0].StepCount));
        Assert.Equal(1, quiesced);
    }

    [Fact]
    public void An_actor_s_exception_ends_the_run_and_is_reported()
    {
        int steps = 0;
        ScriptedActor failing = new()
        {
            Name = "failing",
            OnStep = () => ++steps < 50_000 ? 0 : throw new InvalidOperationException("no more"),
        };
        using MeasuredRun run = TimedRun.Of(Long, failing, new ScriptedActor { Name = "other" });
        ActorFailure failure = Assert.Single(run.Failures);
        Assert.Equal(("failing", "no more"), (failure.Actor, failure.Exception.Message));
        Assert.False(run.Hung);
        Assert.False(run.IsComplete);
    }

    [Fact]
    public void A_metric_that_was_not_declared_is_a_failure()
    {
        using MeasuredRun run = TimedRun.Of(Long, new ScriptedActor { Name = "a", OnStep = () => 1 });
        Assert.IsType<IndexOutOfRangeException>(Assert.Single(run.Failures).Exception);
    }

    private sealed class NoteOpening : IWindowObserver
    {
        private volatile bool _isPast;

        public bool IsPast => _isPast;

        // The phase begins with the announcement, some milliseconds before the opening: a hundredth of 30 s is well past it.
        public void OnProgress(WindowProgress progress) =>
            _isPast |= progress.Phase == WindowPhase.Measuring && progress.Fraction > 0.01;
    }

    private sealed class CancelWhenMeasuring(CancellationTokenSource cancellation) : IWindowObserver
    {
        public void OnProgress(WindowProgress progress)
        {
            if (progress.Phase == WindowPhase.Measuring && progress.Fraction > 0) cancellation.CancelAfter(100);
        }
    }
}
