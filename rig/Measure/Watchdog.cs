using System.Diagnostics;

namespace Lab.Measure;

/// <summary>
/// Finds the actors whose heartbeat has not moved for the timeout. It counts from when it looked and saw no movement, so a
/// machine that was suspended raises no alarm. Belongs to the coordinating thread.
/// </summary>
internal sealed class Watchdog
{
    private readonly IReadOnlyList<ActorLane> _lanes;
    private readonly TimeSpan _timeout;
    private readonly long[] _beats;
    private readonly long[] _movedAt;

    public Watchdog(IReadOnlyList<ActorLane> lanes, TimeSpan timeout)
    {
        _lanes = lanes;
        _timeout = timeout;
        _beats = new long[lanes.Count];
        _movedAt = new long[lanes.Count];
        Array.Fill(_beats, -1);
    }

    /// <summary>Looks at all lanes; returns those that have stood still for the timeout. An ended one does not count.</summary>
    public IReadOnlyList<ActorLane> Stuck()
    {
        long now = Stopwatch.GetTimestamp();
        List<ActorLane> stuck = [];
        for (int i = 0; i < _lanes.Count; i++)
        {
            long beats = _lanes[i].Heartbeat.Beats;
            if (beats != _beats[i])
            {
                _beats[i] = beats;
                _movedAt[i] = now;
            }
            else if (!_lanes[i].Heartbeat.HasEnded && Stopwatch.GetElapsedTime(_movedAt[i], now) >= _timeout)
            {
                stuck.Add(_lanes[i]);
            }
        }

        return stuck;
    }
}
