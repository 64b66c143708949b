namespace Lab.Explorer.Orders;

internal enum FenceKind : byte
{
    None,

    /// <summary>smp_mb.</summary>
    Full,

    /// <summary>smp_wmb.</summary>
    Store,

    /// <summary>smp_rmb.</summary>
    Load,

    /// <summary>smp_mb__before_atomic.</summary>
    BeforeAtomic,

    /// <summary>smp_mb__after_atomic.</summary>
    AfterAtomic,

    /// <summary>smp_mb__after_spinlock.</summary>
    AfterSpinLock,

    /// <summary>smp_mb__after_unlock_lock.</summary>
    AfterUnlockLock,

    /// <summary>synchronize_rcu.</summary>
    GracePeriod,

    /// <summary>rcu_read_lock.</summary>
    EnterRcu,

    /// <summary>rcu_read_unlock.</summary>
    ExitRcu,

    /// <summary>The fence that a model sees on either side of a full read-modify-write, if it sees any.</summary>
    OfModification,

    /// <summary>C11's atomic_thread_fence(memory_order_acquire); it orders stores, too, where smp_rmb does not.</summary>
    Acquire,

    /// <summary>C11's, of memory_order_release; it orders loads, too, where smp_wmb does not.</summary>
    Release,

    /// <summary>C11's, of memory_order_acq_rel.</summary>
    AcquireRelease,

    /// <summary>C11's, of memory_order_seq_cst.</summary>
    Sequential,
}

internal enum MemoryEventKind : byte
{
    Read,
    Write,
    Fence,
}

/// <summary>Which lock operation an access is part of.</summary>
internal enum LockPart : byte
{
    None,

    /// <summary>Read and write part of taking a lock.</summary>
    Lock,

    Unlock,

    /// <summary>A look at a lock, a failed attempt to take it included.</summary>
    Look,
}

/// <summary>An event of one thread, in program order, with what its order depends on.</summary>
internal sealed record MemoryEvent
{
    internal required MemoryEventKind Kind { get; init; }

    /// <summary>Number of the word; −1 for fences.</summary>
    internal int Location { get; init; } = -1;

    /// <summary>Value read or written.</summary>
    internal long Value { get; init; }

    internal EventOrder Order { get; init; }

    internal FenceKind Fence { get; init; }

    internal LockPart Lock { get; init; }

    /// <summary>Part of a locked instruction, a failed compare-and-exchange included.</summary>
    internal bool IsAtomic { get; init; }

    /// <summary>Part of a read-modify-write whose old value nobody gets (atomic_inc): its read is ordered by fewer
    /// fences.</summary>
    internal bool IsBlind { get; init; }

    /// <summary>Of the write part of a read-modify-write: index of its read part in the thread; else −1.</summary>
    internal int ReadPart { get; init; } = -1;

    /// <summary>Bit per earlier event of the thread whose value decides the address.</summary>
    internal ulong Address { get; init; }

    /// <summary>Bit per earlier event of the thread whose value decides the value stored.</summary>
    internal ulong Data { get; init; }

    /// <summary>Bit per earlier event of the thread whose value decides whether this one happens.</summary>
    internal ulong Control { get; init; }

    /// <summary>Place in the program's text that made it, or −1.</summary>
    internal int Site { get; init; } = -1;

    internal bool IsRead => Kind == MemoryEventKind.Read;

    internal bool IsWrite => Kind == MemoryEventKind.Write;
}
