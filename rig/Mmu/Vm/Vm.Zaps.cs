namespace Lab.Mmu;

/// <summary>What memslot updates ask of the MMU: the fast zap, and write protection.</summary>
public sealed partial class Vm<TMachine>
{
    private long _fastZaps;
    private long _reloadRequestedAt;

    /// <summary>Fast zaps begun so far. Raised in the exclusive section that invalidates the roots, before it does.</summary>
    public long FastZaps => Volatile.Read(ref _fastZaps);

    /// <summary>When the last fast zap asked the vCPUs to reload, on the machine's clock; it leaves its exclusive section next.
    /// Zero if none has.</summary>
    public long ReloadRequestedAt => Volatile.Read(ref _reloadRequestedAt);

    /// <summary>The place of the slot that the present fast zap is for. Under slots_lock; written before mmu_lock is
    /// taken.</summary>
    public GfnRange DoomedRange { get; private set; }

    /// <summary>kvm_arch_flush_shadow_memslot for the TDP MMU: on return nothing reaches the memory of the slot in the range.
    /// Hold slots_lock; the slot is published as invalid.</summary>
    internal void ZapAllFast(GfnRange doomed)
    {
        DoomedRange = doomed;
        long begin = Machine.Timestamp();
        ExclusiveHold hold = EnterExclusive();
        long locked = Machine.Timestamp();
        // Under the lock, as the kernel's tracepoint: what vCPUs did while this thread waited lies before it.
        Record(MmuEventKind.ZapAllFast, 0);
        Volatile.Write(ref _fastZaps, _fastZaps + 1);
        WatchRoots();
        Record(MmuEventKind.InvalidateAll, 0);
        Strategy.InvalidateAllRoots(hold);
        long invalidated = Machine.Timestamp();
        // In the same exclusive section as the invalidation: no vCPU can enter the guest on an invalid root in between (invariant
        // I8). Where roots are kept there is none to leave.
        if (Strategy.KeepsRoots != true)
        {
            // Before it is raised: who serves it has done so later.
            Volatile.Write(ref _reloadRequestedAt, invalidated);
            Requests.RaiseAll(Machine, VcpuRequests.FreeObsoleteRoots);
        }
        long requested = Machine.Timestamp();
        Exit(hold);
        Pause(PausePoint.FastZap);
        Record(MmuEventKind.ZapInvalidatedStart, 0);
        Strategy.ZapInvalidatedRoots();
        Record(MmuEventKind.ZapInvalidatedEnd, 0);
        long end = Machine.Timestamp();
        CheckWatchedRoots();
        UpdatePhases phases = Slots.Phases;
        phases.Add(UpdatePhase.LockWait, locked - begin);
        phases.Add(UpdatePhase.Invalidate, invalidated - locked);
        phases.Add(UpdatePhase.ReloadWait, requested - invalidated);
        phases.Add(UpdatePhase.ZapWait, end - requested);
    }

    /// <summary>Before the first slot: the host takes memory away by so many frames at a time, and each such piece has a frame of
    /// its own that shows it. Nothing to do where the processor walks.</summary>
    public void DivideMemory(ulong frames)
    {
        if (frames == 0 || Mmu is IHardwareMmu) return;
        // Few enough pieces; then it takes several of the host's to fill one.
        ulong takes = ((ulong)Settings.MemoryBytes >> 12) / frames;
        Memory.Divide(frames * (1 + takes / (GuestMemory<TMachine>.PiecesOfSlotMax + 1)));
    }

    /// <summary>The host unmaps a range: it tells the notifier, takes the memory, and tells it again. No lock held; sleeps where
    /// the notifier's variant does.</summary>
    public void TakeAway(GfnRange range)
    {
        Notifier.RangeStart(range);
        TakeMemory(range);
        if (Notifier.Counts) CheckUnmapped(range);
        Notifier.RangeEnd(range);
    }

    /// <summary>What the host does between a start and its end: the memory of the range is gone, and who faults on it gets
    /// other.</summary>
    internal void TakeMemory(GfnRange range)
    {
        if (Memory.PieceFrames == 0) return;
        Machine.EnterRcu(Slots.Srcu);
        foreach (ref readonly Memslot slot in Slots.Published.Slots)
        {
            if (slot.Range.Overlaps(range)) Memory.Take(slot, range);
        }
        Machine.ExitRcu(Slots.Srcu);
    }

    /// <summary>A reader-mode iteration over the valid roots: write-protects the range in each under the shared hold, with
    /// yields, and flushes. Takes no slots_lock: who needs the slots to stay holds it.</summary>
    internal void WriteProtect(GfnRange range, RootFilter filter = RootFilter.ValidOnly)
    {
        SharedHold hold = EnterShared();
        bool flush = false;
        for (TdpRoot root = Strategy.NextRoot(TdpRoot.None, filter, hold); !root.IsNone;
             root = Strategy.NextRoot(root, filter, hold)) flush |= Mmu.WriteProtect(root, range, hold);
        Exit(hold);
        if (flush) Mmu.FlushRemoteTlbs();
    }
}
