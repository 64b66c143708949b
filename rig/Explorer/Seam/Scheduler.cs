namespace Lab.Explorer.Seam;

/// <summary>What an event does to what it names; enough to say whether two events can be exchanged.</summary>
public enum OperationKind : byte
{
    /// <summary>The thread has not begun, or does something nobody else can see.</summary>
    Local,
    Load,
    Store,

    /// <summary>A read-modify-write, a failed compare-and-exchange included.</summary>
    Modify,
    EnterShared,
    ExitShared,
    EnterExclusive,
    ExitExclusive,
    IsContended,
    EnterRcu,
    ExitRcu,
    Synchronize,
    CallRcu,
    Barrier,
    Queue,
    Flush,

    /// <summary>A worker takes an item from a queue, or says that it has finished one.</summary>
    Work,

    /// <summary>The oldest store of a store buffer reaches memory.</summary>
    Drain,

    /// <summary>Orders everything: exchanged with nothing.</summary>
    Everything,
}

/// <summary>The event that a thread will do next.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Target">Number of the word, lock, domain or queue it does it to; numbers of different kinds of things never
/// coincide.</param>
public readonly record struct Operation(OperationKind Kind, int Target)
{
    /// <summary>True unless the two events, by different threads, can be exchanged without anybody seeing it.</summary>
    public bool DependsOn(Operation other)
    {
        if (Kind == OperationKind.Everything || other.Kind == OperationKind.Everything) return true;
        if (Kind == OperationKind.Local || other.Kind == OperationKind.Local || Target != other.Target) return false;
        if (Kind == OperationKind.Load && other.Kind == OperationKind.Load) return false;
        // Readers of a lock, and readers of a domain, do not see each other.
        return !(IsSharedSide(Kind) && IsSharedSide(other.Kind));
    }

    private static bool IsSharedSide(OperationKind kind) =>
        kind is OperationKind.EnterShared or OperationKind.ExitShared or OperationKind.EnterRcu;
}

/// <summary>Decides who runs next. One instance per worker; <see cref="Begin"/> before each execution. Not thread-safe.</summary>
public abstract class Scheduler
{
    /// <summary>Name as the user types it: "random", "pct", "pos", "urw", "replay".</summary>
    public abstract string Name { get; }

    /// <summary>A new execution with this many threads, numbered from zero, starts.</summary>
    public abstract void Begin(int threads);

    /// <summary>The thread that makes the next step. Called before every step, also when only one thread can make it.</summary>
    /// <param name="enabled">Bit per thread that can make a step; never zero.</param>
    /// <param name="current">Thread that made the last step, or −1 at the start.</param>
    /// <param name="next">What each thread would do; meaningful where enabled.</param>
    /// <param name="yielded">Bit per thread that said with its last step that it spins or waits: a priority scheduler ranks it
    /// last.</param>
    public abstract int Pick(uint enabled, int current, ReadOnlySpan<Operation> next, uint yielded);

    /// <summary>The execution is over, after this many steps.</summary>
    public virtual void End(long steps) { }
}
