using System.Runtime.InteropServices;

namespace Lab.Measure;

/// <summary>
/// What the coordinating thread tells the actors, in clock ticks: from when to when samples count, and when to stop. Read
/// by every actor after every step and written a handful of times per run, so it lies in cache lines of its own.
/// </summary>
/// <remarks>
/// The coordinating thread alone writes. It announces an opening that lies in the future, so that actors know the edge
/// before it passes and agree on it without talking.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal sealed class TimingWindow
{
    [FieldOffset(128)]
    private long _startTicks = long.MaxValue;

    [FieldOffset(136)]
    private long _endTicks = long.MaxValue;

    [FieldOffset(144)]
    private bool _stopped;

    [FieldOffset(152)]
    private long _announcedEndTicks = long.MaxValue;

    /// <summary>Acquire. Not announced yet: <see cref="long.MaxValue"/>.</summary>
    public long StartTicks => Volatile.Read(ref _startTicks);

    /// <summary>Acquire. Set whenever <see cref="StartTicks"/> is.</summary>
    public long EndTicks => Volatile.Read(ref _endTicks);

    /// <summary>
    /// The end as it was announced, also when the window was shortened since: what every actor divides its timeline by, whenever
    /// it hears of the window. Read after <see cref="StartTicks"/>.
    /// </summary>
    public long AnnouncedEndTicks => Volatile.Read(ref _announcedEndTicks);

    public bool IsAnnounced => StartTicks != long.MaxValue;

    /// <summary>The load ends: leave the loop after the step at hand.</summary>
    public bool IsStopped => Volatile.Read(ref _stopped);

    /// <summary>The end is written first and each store is a release: who sees the start sees the end.</summary>
    public void Announce(long startTicks, long endTicks)
    {
        Volatile.Write(ref _announcedEndTicks, endTicks);
        Volatile.Write(ref _endTicks, endTicks);
        Volatile.Write(ref _startTicks, startTicks);
    }

    /// <summary>Closes an announced window earlier than it was announced to.</summary>
    public void Shorten(long endTicks)
    {
        if (IsAnnounced && endTicks < EndTicks)
            Volatile.Write(ref _endTicks, Math.Max(endTicks, StartTicks));
    }

    public void Stop() => Volatile.Write(ref _stopped, true);
}
