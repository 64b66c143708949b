using System.Runtime.InteropServices;

namespace Lab.Measure;

/// <summary>What an actor's thread was last seen to begin.</summary>
internal enum LaneStage
{
    Starting,
    AwaitingTheOthers,
    Beginning,
    Preparing,
    Stepping,
    AwaitingItsTime,
    Quiescing,
    Ending,
}

/// <summary>What an actor's thread shows of itself to the coordinating thread. The actor's thread alone writes; nothing here is
/// in a cache line with anything else, so that looking costs the actor one line transfer and writing costs nothing.</summary>
[StructLayout(LayoutKind.Explicit, Size = 384)]
internal sealed class Heartbeat
{
    [FieldOffset(128)]
    private long _stepCount;

    [FieldOffset(136)]
    private long _waitCount;

    [FieldOffset(144)]
    private bool _isWarm;

    [FieldOffset(145)]
    private bool _hasMeasured;

    [FieldOffset(146)]
    private bool _hasEnded;

    [FieldOffset(148)]
    private int _threadId;

    [FieldOffset(152)]
    private int _stage;

    public long StepCount => Volatile.Read(ref _stepCount);

    /// <summary>Moves with every step, every slice of waiting for a scheduled start, and the end of the thread.</summary>
    public long Beats => Volatile.Read(ref _waitCount) + StepCount + (HasEnded ? 1 : 0);

    /// <summary>The kernel's id of the thread, 0 before it has started.</summary>
    public int ThreadId
    {
        get => Volatile.Read(ref _threadId);
        set => Volatile.Write(ref _threadId, value);
    }

    /// <summary>For who asks why it does not get on.</summary>
    public LaneStage Stage
    {
        get => (LaneStage)Volatile.Read(ref _stage);
        set => Volatile.Write(ref _stage, (int)value);
    }

    public bool IsWarm
    {
        get => Volatile.Read(ref _isWarm);
        set => Volatile.Write(ref _isWarm, value);
    }

    /// <summary>The last sample of the window has been recorded; the load goes on.</summary>
    public bool HasMeasured
    {
        get => Volatile.Read(ref _hasMeasured);
        set => Volatile.Write(ref _hasMeasured, value);
    }

    /// <summary>The thread touches nothing of the run any more. A release: who sees it sees all that was recorded.</summary>
    public bool HasEnded
    {
        get => Volatile.Read(ref _hasEnded);
        set => Volatile.Write(ref _hasEnded, value);
    }

    public void Step() => Volatile.Write(ref _stepCount, _stepCount + 1);

    public void Wait() => Volatile.Write(ref _waitCount, _waitCount + 1);
}
