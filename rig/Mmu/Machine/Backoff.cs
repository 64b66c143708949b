namespace Lab.Mmu;

/// <summary>How a thread waits for a condition that another thread will make true: a few pauses, then giving up the processor,
/// then short sleeps. Where there are fewer cores than threads the one waited for may not be running, and spinning would keep it
/// so.</summary>
public struct Backoff
{
    private const int PausesBeforeYield = 64;
    private const int YieldsBeforeSleep = 64;
    private const long NapNanoseconds = 50_000;
    private const int TurnsBeforeHopeless = 1_000;
    private int _turns;

    /// <summary>Sleeps from the first turn on: for a wait whose end is far, where looking often disturbs those waited
    /// for.</summary>
    public static Backoff Napping => new() { _turns = PausesBeforeYield + YieldsBeforeSleep };

    /// <summary>Counts a turn. True after so many of them that whoever could end the wait would have been seen, if only it
    /// ran.</summary>
    public bool IsHopeless => ++_turns > TurnsBeforeHopeless;

    public void Once()
    {
        _turns++;
        if (_turns <= PausesBeforeYield && Environment.ProcessorCount > 1) Thread.SpinWait(4);
        else if (_turns <= PausesBeforeYield + YieldsBeforeSleep) Libc.YieldProcessor();
        else Libc.Nap(NapNanoseconds);
    }
}
