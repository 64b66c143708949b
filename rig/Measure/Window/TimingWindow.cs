using System.Runtime.InteropServices;

namespace Lab.Measure;

/// <summary>What the coordinating thread tells the actors, in clock ticks: from when to when samples count, and when to stop.
/// Read by every actor after every step and written a handful of times per run, so it lies in cache lines of its own.</summary>
/// <remarks>The coordinating thread alone writes. It announces an opening that lies in the future, so that actors know the edge
/// before it passes and agree on it without talking. A window that is cut into turns has the bounds of the turn at hand: a sample
/// lies within one of them, from its start to its end, or is none.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal sealed class TimingWindow
{
    /// <summary>Whether the window is cut into turns. Written before any actor starts.</summary>
    [FieldOffset(0)]
    public readonly bool IsCut;

    [FieldOffset(128)]
    private long _startTicks = long.MaxValue;

    [FieldOffset(136)]
    private long _endTicks = long.MaxValue;

    [FieldOffset(144)]
    private bool _stopped;

    [FieldOffset(152)]
    private long _announcedEndTicks = long.MaxValue;

    [FieldOffset(160)]
    private long _openedTicks = long.MaxValue;

    [FieldOffset(168)]
    private long _closingTicks = long.MaxValue;

    [FieldOffset(176)]
    private long _measuredBeforeTicks;

    public TimingWindow(bool isCut = false) => IsCut = isCut;

    /// <summary>Acquire. Of the window, or of the turn at hand. Not announced yet: <see cref="long.MaxValue"/>. Read after
    /// <see cref="EndTicks"/> where both are needed: who sees the end of a turn sees its start, or none, and not that of the one
    /// before.</summary>
    public long StartTicks => Volatile.Read(ref _startTicks);

    /// <summary>Acquire. Of the window, or of the turn at hand.</summary>
    public long EndTicks => Volatile.Read(ref _endTicks);

    /// <summary>Acquire. When the window opened, or its first turn did.</summary>
    public long OpenedTicks => Volatile.Read(ref _openedTicks);

    /// <summary>Acquire. When the window closes; not known while turns may follow: <see cref="long.MaxValue"/>.</summary>
    public long ClosingTicks => Volatile.Read(ref _closingTicks);

    /// <summary>Length of the turns before the one at hand. Read after <see cref="StartTicks"/>.</summary>
    public long MeasuredBeforeTicks => Volatile.Read(ref _measuredBeforeTicks);

    /// <summary>The end as it was announced, also when the window was shortened since: what every actor divides its timeline by,
    /// whenever it hears of the window. Read after <see cref="StartTicks"/>.</summary>
    public long AnnouncedEndTicks => Volatile.Read(ref _announcedEndTicks);

    public bool IsAnnounced => OpenedTicks != long.MaxValue;

    /// <summary>The load ends: leave the loop after the step at hand.</summary>
    public bool IsStopped => Volatile.Read(ref _stopped);

    /// <summary>Each store is a release, and what is asked last is written first: who sees the opening sees the rest.</summary>
    /// <param name="startTicks">Of the window.</param>
    /// <param name="endTicks">Of the window; where it is cut, where it would end uncut.</param>
    /// <param name="turnTicks">Length of the first turn where it is cut.</param>
    public void Announce(long startTicks, long endTicks, long turnTicks = 0)
    {
        Volatile.Write(ref _announcedEndTicks, endTicks);
        if (!IsCut) Volatile.Write(ref _closingTicks, endTicks);
        Volatile.Write(ref _endTicks, IsCut ? startTicks + turnTicks : endTicks);
        Volatile.Write(ref _startTicks, startTicks);
        Volatile.Write(ref _openedTicks, startTicks);
    }

    /// <summary>Begins another turn. There is no start while the end changes, so that no actor puts the start of one turn and the
    /// end of the next together.</summary>
    public void NextTurn(long startTicks, long turnTicks)
    {
        long measured = MeasuredBeforeTicks + EndTicks - StartTicks;
        Volatile.Write(ref _startTicks, long.MaxValue);
        Volatile.Write(ref _measuredBeforeTicks, measured);
        Volatile.Write(ref _endTicks, startTicks + turnTicks);
        Volatile.Write(ref _startTicks, startTicks);
    }

    /// <summary>No turn follows.</summary>
    public void Close() => Volatile.Write(ref _closingTicks, EndTicks);

    /// <summary>Closes an announced window, or the turn at hand, earlier than it was announced to.</summary>
    public void Shorten(long endTicks)
    {
        if (!IsAnnounced || endTicks >= EndTicks) return;
        Volatile.Write(ref _endTicks, Math.Max(endTicks, StartTicks));
        if (!IsCut) Volatile.Write(ref _closingTicks, EndTicks);
    }

    public void Stop() => Volatile.Write(ref _stopped, true);
}
