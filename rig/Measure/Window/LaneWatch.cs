using System.Diagnostics;
using Lab.Time;

namespace Lab.Measure;

/// <summary>How the coordinating thread waits for the lanes: until they have all reached something, or until there is trouble,
/// that is cancellation, an actor that hangs, or one that failed. Once there is trouble, waiting has a deadline.</summary>
internal sealed class LaneWatch
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(200);

    // From the trouble on. A hung run must be back within a second; a cancelled one may finish the steps at hand; a starved one
    // has the watchdog's timeout, since what it does takes long.
    private static readonly TimeSpan GraceWhenHung = TimeSpan.FromMilliseconds(600);
    private static readonly TimeSpan GraceOtherwise = TimeSpan.FromSeconds(3);

    private readonly IReadOnlyList<ActorLane> _lanes;
    private readonly Watchdog _watchdog;
    private readonly TimeSpan _timeout;
    private readonly Clock _clock;
    private readonly EventWaitHandle _changed;
    private IWindowObserver? _observer;
    private readonly CancellationToken _cancellation;
    private long _troubleAt;
    private long _reportedAt;

    /// <param name="lanes">All lanes of the run.</param>
    /// <param name="changed">What the lanes set when their heartbeat's flags change; never disposed of, since an abandoned one
    /// may.</param>
    /// <param name="settings">For the clock and the watchdog.</param>
    /// <param name="observer">Told about progress on the calling thread.</param>
    /// <param name="cancellation">One of the kinds of trouble.</param>
    public LaneWatch(IReadOnlyList<ActorLane> lanes, EventWaitHandle changed, WindowSettings settings, IWindowObserver? observer,
        CancellationToken cancellation)
    {
        _lanes = lanes;
        _timeout = settings.WatchdogTimeout;
        _watchdog = new Watchdog(_timeout, settings.OthersProgress);
        _clock = settings.Clock ?? Clock.Default;
        _changed = changed;
        _observer = observer;
        _cancellation = cancellation;
    }

    /// <summary>The token was cancelled while something was still being waited for.</summary>
    public bool Interrupted { get; private set; }

    /// <summary>What the watchdog found, at the moment it did.</summary>
    public Standstill? Standstill { get; private set; }

    public bool IsInTrouble => _troubleAt != 0;

    /// <summary>Waits until the clock has passed a time and every lane has reached something. False when the limit passed first;
    /// on trouble, as long as the window is not closed; and once in trouble, when the given share of the grace has
    /// passed.</summary>
    /// <param name="phase">For the observer.</param>
    /// <param name="untilTicks">The earliest time to be satisfied.</param>
    /// <param name="reached">Asked of every lane; must become true for good, and be announced by the lane.</param>
    /// <param name="limit">The longest wait without trouble.</param>
    /// <param name="graceShare">0 … 1: how much of the grace may have passed at the end of this wait.</param>
    public bool Await(WindowPhase phase, long untilTicks, Func<ActorLane, bool> reached, TimeSpan limit, double graceShare = 1)
    {
        long started = Stopwatch.GetTimestamp();
        long startedTicks = _clock.Ticks();
        _reportedAt = 0;
        while (true)
        {
            long now = _clock.Ticks();
            Report(phase, untilTicks <= startedTicks ? 1 : (double)(now - startedTicks) / (untilTicks - startedTicks));
            if (now >= untilTicks && _lanes.All(reached)) return true;
            if (!IsInTrouble && LookForTrouble(phase) && phase < WindowPhase.Draining) return false;
            TimeSpan left = IsInTrouble ? GraceLeft(graceShare) : limit - Stopwatch.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) return false;
            if (now < untilTicks) left = Shorter(left, TimeSpan.FromTicks(1 + (_clock.ToNanoseconds(untilTicks - now) / 100)));
            WaitForChange(Shorter(left, _watchdog.Interval));
        }
    }

    /// <summary>As if the token had been cancelled.</summary>
    public void Interrupt()
    {
        Interrupted = true;
        _troubleAt = Stopwatch.GetTimestamp();
    }

    /// <summary>Reports nothing any more.</summary>
    public void Mute() => _observer = null;

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private bool LookForTrouble(WindowPhase phase)
    {
        Standstill = _watchdog.Look(_lanes) is { } found
            ? found with { Phase = NameOf(phase), Places = [.. _lanes.Select(lane => lane.Place)] } : null;
        Interrupted = _cancellation.IsCancellationRequested;
        if (Standstill is not null || Interrupted || _lanes.Any(lane => lane.Heartbeat.HasEnded && lane.Failure is not null))
        {
            _troubleAt = Stopwatch.GetTimestamp();
        }
        return IsInTrouble;
    }

    private TimeSpan GraceLeft(double share)
    {
        TimeSpan grace = Standstill is not { } found ? GraceOtherwise : found.IsStarved ? _timeout : GraceWhenHung;
        return (grace * share) - Stopwatch.GetElapsedTime(_troubleAt);
    }

    private static string NameOf(WindowPhase phase) => phase switch
    {
        WindowPhase.Warming => "warm-up",
        WindowPhase.Measuring => "window",
        WindowPhase.Draining => "drain",
        _ => "stop",
    };

    /// <summary>Waits at least a millisecond, so that a near deadline is not spun for; the lanes do the exact timing.</summary>
    private void WaitForChange(TimeSpan longest)
    {
        int milliseconds = Math.Max(1, (int)Math.Ceiling(longest.TotalMilliseconds));
        if (IsInTrouble) // a cancelled token stays signalled: waiting for it again would spin
        {
            _changed.WaitOne(milliseconds);
        }
        else _ = WaitHandle.WaitAny([_changed, _cancellation.WaitHandle], milliseconds);
    }

    private void Report(WindowPhase phase, double fraction)
    {
        if (_observer is null || (_reportedAt != 0 && Stopwatch.GetElapsedTime(_reportedAt) < ReportInterval)) return;
        _reportedAt = Stopwatch.GetTimestamp();
        long steps = _lanes.Sum(lane => lane.Heartbeat.StepCount);
        _observer.OnProgress(new WindowProgress(phase, Math.Clamp(fraction, 0, 1), steps));
    }
}
