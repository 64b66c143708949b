namespace Lab.Mmu;

/// <summary>What one actor did, counted by itself without atomics. Read after the actor stopped, or as an estimate
/// before.</summary>
public sealed class ActorCounters
{
    public long Accesses;
    public long TlbMisses;
    public long FaultsFixed;
    public long FaultsSpurious;
    public long FaultsRetried;

    /// <summary>Most tries that one fault of a vCPU's thread took beyond the first.</summary>
    public long FaultRetriesMax;
    public long MmioExits;
    public long RootLoads;
    public long RootsCreated;

    /// <summary>Roots made although no fast zap had made the last one of that role obsolete: its tables were thrown away for
    /// nothing.</summary>
    public long RootsRebuilt;

    /// <summary>Times that a vCPU found no memory for a table or a root and gave way to whoever frees some.</summary>
    public long AllocationStalls;

    public long TlbFlushes;
    public long RemoteFlushes;
    public long TablesInstalled;
    public long TablesZapped;
    public long LeafsZapped;
    public long ZapYields;
    public long StaleAccesses;

    /// <summary>Nanoseconds spent waiting for mmu_lock, by the mode asked for.</summary>
    public long SharedWaitNanoseconds;
    public long ExclusiveWaitNanoseconds;

    /// <summary>Longest step of a zap during which it does not look whether somebody waits, in nanoseconds: one entry with all
    /// that hangs under it, or everything if it may not yield. A step over a single leaf is too short to be stamped and counts as
    /// nothing.</summary>
    public long SectionWithoutYieldNanosecondsMax;

    /// <summary>Longest time that a zap held mmu_lock without in fact yielding, in nanoseconds.</summary>
    public long ZapHoldNanosecondsMax;

    /// <summary>The counters by name, as results call them.</summary>
    public IEnumerable<(string Name, string Unit, long Value)> Named()
    {
        yield return ("accesses", "count", Accesses);
        yield return ("tlb_misses", "count", TlbMisses);
        yield return ("faults_fixed", "count", FaultsFixed);
        yield return ("faults_spurious", "count", FaultsSpurious);
        yield return ("faults_retried", "count", FaultsRetried);
        yield return ("fault_retries_max", "count", FaultRetriesMax);
        yield return ("mmio_exits", "count", MmioExits);
        yield return ("root_loads", "count", RootLoads);
        yield return ("roots_created", "count", RootsCreated);
        yield return ("roots_rebuilt", "count", RootsRebuilt);
        yield return ("allocation_stalls", "count", AllocationStalls);
        yield return ("tlb_flushes", "count", TlbFlushes);
        yield return ("remote_flushes", "count", RemoteFlushes);
        yield return ("tables_installed", "count", TablesInstalled);
        yield return ("tables_zapped", "count", TablesZapped);
        yield return ("leafs_zapped", "count", LeafsZapped);
        yield return ("zap_yields", "count", ZapYields);
        yield return ("mmu_lock_wait_shared", "ns", SharedWaitNanoseconds);
        yield return ("mmu_lock_wait_exclusive", "ns", ExclusiveWaitNanoseconds);
        yield return ("section_without_yield_max", "ns", SectionWithoutYieldNanosecondsMax);
        yield return ("zap_hold_max", "ns", ZapHoldNanosecondsMax);
    }
}
