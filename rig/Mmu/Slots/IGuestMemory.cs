namespace Lab.Mmu;

/// <summary>What lies behind memslots: memory of their own, each page of which begins with the stamp of the slot that owns
/// it.</summary>
/// <remarks>Hold slots_lock. An MMU that the processor walks brings its own.</remarks>
public interface IGuestMemory
{
    /// <summary>True if <see cref="SettleBacking"/> has something to do.</summary>
    bool NeedsSettling { get; }

    /// <summary>Memory for a slot, each page stamped. Returns the address of the first page, by which <see cref="Mapping.Hva"/>
    /// names it.</summary>
    /// <exception cref="InsufficientMemoryException">There is none.</exception>
    Hva AllocateBacking(GfnRange range, FrameStamp stamp);

    /// <summary>Tells the flags of the slot that the memory is for: what a fault maps from now on follows them.</summary>
    void SetBackingFlags(Hva backing, MemslotFlags flags);

    /// <summary>Hands the memory back. Nothing may reach it any more; if it does, it finds the stamp of the freed, after
    /// <see cref="SettleBacking"/>.</summary>
    void FreeBacking(Hva backing, ulong generation);

    /// <summary>Stamps what was freed, and memory for a slot that is likely to be made next with the stamp that it will
    /// have.</summary>
    void SettleBacking(FrameStamp next);
}
