namespace Lab.Mmu;

/// <summary>When a zap that may yield drops mmu_lock for others.</summary>
public enum YieldPolicy
{
    /// <summary>Never: it finishes in one go.</summary>
    Off,

    /// <summary>Whenever somebody waits for the lock and at least one entry was processed since the last yield (the kernel's rule).</summary>
    Contended,

    /// <summary>As <see cref="Contended"/>, but only after a number of entries of progress.</summary>
    AfterEntries,
}

/// <summary>How finely a whole root is zapped, which is how often it can yield and how long one step is.</summary>
public enum ZapPasses
{
    /// <summary>What the strategy's source did.</summary>
    AsSource,

    /// <summary>One pass over the top level: a whole subtree per step (5.13–5.17).</summary>
    Root,

    /// <summary>1 GiB subtrees, then the top level (5.18–6.8; commit 1b6043e8e584).</summary>
    Coarse,

    /// <summary>4 KiB, 2 MiB, 1 GiB, then the top level (6.9; commit 8ca983631f3c).</summary>
    Fine,
}

/// <summary>Places where a run can be made to dally, to widen a window that a bug needs (reference 15.2).</summary>
public enum PausePoint
{
    /// <summary>Between a fast zap's invalidation and its completion.</summary>
    FastZap,

    /// <summary>Between a put's decrement to zero and the mark that makes the root invalid.</summary>
    PutEdge,

    /// <summary>Between an iterator's look at the invalid bit and its get.</summary>
    RootFilter,

    /// <summary>Inside a detached subtree, before its entries are taken.</summary>
    Detached,
}

/// <summary>Everything that shapes a VM. Written to the manifest; two VMs with equal settings differ only in timing.</summary>
public sealed record VmSettings
{
    public int Vcpus { get; init; } = 4;

    /// <summary>Guest memory that the workload may map, in bytes. Sizes the arena of table pages.</summary>
    public long MemoryBytes { get; init; } = 256L << 20;

    /// <summary>Level of the leafs that faults install: 1 for 4 KiB, 2 for 2 MiB, 3 for 1 GiB.</summary>
    public int LeafLevel { get; init; } = 1;

    public YieldPolicy Yield { get; init; } = YieldPolicy.Contended;

    /// <summary>Entries of progress between yields under <see cref="YieldPolicy.AfterEntries"/>.</summary>
    public int YieldEntries { get; init; } = 512;

    public ZapPasses Passes { get; init; } = ZapPasses.AsSource;

    /// <summary>Worker threads of a strategy's work queue.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>New roots go to the tail of the list instead of its head. The kernel inserts at the head, and that hides a bug (reference 3.4).</summary>
    public bool InsertAtTail { get; init; }

    /// <summary>Shortest grace period of page-table pages.</summary>
    public TimeSpan GracePeriodMin { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>How long to dally at each <see cref="PausePoint"/>, in nanoseconds; absent is not at all.</summary>
    public IReadOnlyDictionary<PausePoint, long> PauseNanoseconds { get; init; } = new Dictionary<PausePoint, long>();

    /// <summary>Table pages the arena has room for: sixteen full trees of zombies, and a floor for small guests.</summary>
    internal long TableCapacity => Math.Max(65_536, 16 * (MemoryBytes >> 21) + 65_536);
}
