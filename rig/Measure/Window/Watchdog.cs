using System.Diagnostics;

namespace Lab.Measure;

/// <summary>Finds the actors whose heartbeat has not moved for the timeout. It counts from when it looked and saw no movement, so
/// a machine that was suspended raises no alarm. Belongs to the coordinating thread.</summary>
/// <remarks>An actor that waits for a worker's backlog stands still without being hung: while the others' progress moves it has
/// longer, but not forever, since who waits for a lost item may see others being done.</remarks>
internal sealed class Watchdog
{
    /// <summary>How many timeouts an actor has at most while others make progress.</summary>
    public const int Patience = 6;

    private readonly IReadOnlyList<ActorLane> _lanes;
    private readonly TimeSpan _timeout;
    private readonly Func<long>? _othersProgress;
    private readonly long[] _beats;
    private readonly long[] _movedAt;
    private long _others = -1;
    private long _othersMovedAt;

    public Watchdog(IReadOnlyList<ActorLane> lanes, TimeSpan timeout, Func<long>? othersProgress)
    {
        _othersProgress = othersProgress;
        _lanes = lanes;
        _timeout = timeout;
        _beats = new long[lanes.Count];
        _movedAt = new long[lanes.Count];
        Array.Fill(_beats, -1);
    }

    /// <summary>Nobody could move for so long.</summary>
    public void Excuse(TimeSpan pause)
    {
        long ticks = (long)(pause.TotalSeconds * Stopwatch.Frequency);
        for (int i = 0; i < _movedAt.Length; i++) _movedAt[i] += ticks;
        _othersMovedAt += ticks;
    }

    /// <summary>Looks at all lanes; returns those that have stood still for the timeout. An ended one does not count.</summary>
    public IReadOnlyList<ActorLane> Stuck()
    {
        long now = Stopwatch.GetTimestamp();
        if (_othersProgress?.Invoke() is { } others && others != _others) (_others, _othersMovedAt) = (others, now);
        // Without others it is as if they had never moved.
        bool othersStand = _othersProgress is null || Stopwatch.GetElapsedTime(_othersMovedAt, now) >= _timeout;
        List<ActorLane> stuck = [];
        for (int i = 0; i < _lanes.Count; i++)
        {
            long beats = _lanes[i].Heartbeat.Beats;
            if (beats != _beats[i])
            {
                _beats[i] = beats;
                _movedAt[i] = now;
            }
            else if (!_lanes[i].Heartbeat.HasEnded
                && Stopwatch.GetElapsedTime(_movedAt[i], now) >= (othersStand ? _timeout : _timeout * Patience))
            {
                stuck.Add(_lanes[i]);
            }
        }

        return stuck;
    }
}
