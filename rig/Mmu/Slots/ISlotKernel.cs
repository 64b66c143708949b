namespace Lab.Mmu;

/// <summary>Memslot updates that the running kernel carries out itself, each one system call. Hold slots_lock.</summary>
public interface ISlotKernel
{
    /// <summary>Adds the slot. On return an access to it is resolved by the kernel; a guest that met the hole before has to
    /// access again.</summary>
    void Create(in Memslot slot);

    /// <summary>Takes the slot away. On return no vCPU reaches its memory: the kernel has zapped what mapped it and flushed.
    /// vCPUs may be in the guest throughout; their next access to it finds a hole.</summary>
    void Delete(in Memslot slot);

    /// <summary>Same memory, new place. On return no vCPU reaches it at the old one; at the new one it is faulted in
    /// again.</summary>
    void Move(in Memslot slot, Gfn newBase);

    /// <summary>Changes the flags. Once logging is on, on return, the next write of any vCPU to each page is noticed; mappings to
    /// read from stay.</summary>
    void SetFlags(in Memslot slot, MemslotFlags flags);

    /// <summary>Fetches and clears what the guest dirtied since the last call; the number of pages.</summary>
    long CollectDirty(in Memslot slot);

    /// <summary>True if <see cref="CollectDirty"/> may count a page twice, as rings do; a log counts it once.</summary>
    bool ReportsRepeat { get; }

    /// <summary>Adds one-page slots in every other frame from <paramref name="start"/> on, numbered from
    /// <paramref name="firstId"/>: they are there, and nobody uses them.</summary>
    void CreateBystanders(int firstId, int count, Gfn start);

    /// <summary>The host drops the memory behind the range, and the kernel's notifier the guest's mappings of it. A range in no
    /// slot stands for as much memory of this process that no slot has. Any thread, without slots_lock.</summary>
    void DropMemory(GfnRange range);

    /// <summary>Writes to each page of what <see cref="DropMemory"/> drops for a range in no slot, so that there is something to
    /// drop. The same thread.</summary>
    void PopulateOutside(long frames);
}
