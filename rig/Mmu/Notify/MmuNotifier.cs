namespace Lab.Mmu;

/// <summary>The host takes memory away: how a VM hears of it, and how a fault in flight finds out (kernel: mmu_invalidate_*). The
/// variant — which invalidations take mmu_lock and what keeps the slots stable between start and end — is the strategy.</summary>
/// <remarks>
/// The retry protocol of reference 9.1 is here, shared by all variants. A fault takes <see cref="Sequence"/> before it looks up
/// the frame, and asks <see cref="MustRetry"/> under mmu_lock before it installs. An end raises the sequence before it lowers the
/// number in progress. The sequence is 64 bits wide everywhere (a 32-bit snapshot hung vCPUs after 2^31 notifications).
/// <para>Where a variant has its say: <see cref="RangeStart"/>, <see cref="RangeEnd"/>, a fault's <see cref="MustRetry"/>, the
/// swap of active memslots between <see cref="BeforeSwap"/> and <see cref="AfterSwap"/>, and <see cref="Release"/>.</para>
/// </remarks>
public abstract unsafe class MmuNotifier<TMachine> : IDisposable
    where TMachine : struct, IMachine
{
    private const int OwnWordIndex = 8;
    private readonly NativeBlock _block = new(4096);
    private readonly ulong* _sequence;
    private readonly ulong* _inProgress;
    private readonly ulong* _rangeStart;
    private readonly ulong* _rangeEnd;

    protected MmuNotifier(Vm<TMachine> vm)
    {
        Vm = vm;
        // SAFETY: four words of the block that this notifier owns.
        _sequence = (ulong*)_block.Address;
        _inProgress = _sequence + 1;
        _rangeStart = _sequence + 2;
        _rangeEnd = _sequence + 3;
    }

    /// <summary>Snapshot for a fault, taken before the frame is looked up. Acquire: the lookup comes after.</summary>
    public ulong Sequence => Vm.Machine.Load(ref *_sequence);

    /// <summary>Before the VM is used: as if so many ends had been.</summary>
    internal void StartFrom(ulong sequence)
    {
        if (sequence != 0) *_sequence = sequence;
    }

    /// <summary>Invalidations that were booked and not ended.</summary>
    public long InProgress => (long)Vm.Machine.Load(ref *_inProgress);

    /// <summary>As <see cref="InProgress"/>, where all actors have stopped.</summary>
    internal long LeftInProgress => (long)Vm.Machine.LoadPlain(ref *_inProgress);

    /// <summary>True if starts and ends are counted here; false if somebody else makes faults wait.</summary>
    public virtual bool Counts => true;

    /// <summary>True if <see cref="BeforeSwap"/> waits for invalidations that are open.</summary>
    public virtual bool HoldsSwaps => false;

    protected Vm<TMachine> Vm { get; }

    /// <summary>A shared word of the variant's own, zero at first.</summary>
    protected ref ulong OwnWord => ref _sequence[OwnWordIndex];

    /// <summary>The host is about to unmap the range. On return no SPTE of any root, valid or invalid, maps a frame of it, and no
    /// TLB does.</summary>
    public abstract void RangeStart(GfnRange range);

    /// <summary>The host has unmapped the range; faults may map it again. Called once per start, by the same thread.</summary>
    public abstract void RangeEnd(GfnRange range);

    /// <summary>As <see cref="RangeStart"/> for a caller that must not sleep (mmu_notifier_range_blockable is false: the OOM
    /// reaper). A variant whose start sleeps or yields says here what it does instead.</summary>
    public virtual void RangeStartNonBlockable(GfnRange range) => RangeStart(range);

    /// <summary>The end of such a start.</summary>
    public virtual void RangeEndNonBlockable(GfnRange range) => RangeEnd(range);

    /// <summary>The updater is about to publish other memslots, under slots_lock. What must not see the array change between its
    /// start and its end is waited for here, or kept out by a lock that <see cref="AfterSwap"/> leaves
    /// (kvm_swap_active_memslots). Nothing to do where a start and its end need not see the same slots.</summary>
    public virtual void BeforeSwap() { }

    /// <summary>The memslots are published; the grace period of those before is still to come.</summary>
    public virtual void AfterSwap() { }

    /// <summary>The notifier was unregistered: starts whose end will never come must not block the tear-down. Nothing to do where
    /// nobody waits for an end.</summary>
    public virtual void Release() { }

    public void Dispose()
    {
        DisposeOwned();
        _block.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends what the variant owns: its locks.</summary>
    protected virtual void DisposeOwned() { }

    /// <summary>True if a fault on the frame must be tried again: an invalidation is in progress, or one ended since the
    /// snapshot.</summary>
    public virtual bool MustRetry(Gfn gfn, ulong snapshot, SharedHold hold)
    {
        // In progress first, sequence second: an end raises the sequence before it lowers the number.
        if (InProgress != 0 && IsInRange(gfn)) return true;
        return Sequence != snapshot;
    }

    /// <summary>As <see cref="MustRetry"/> without mmu_lock: a fault that need not wait for the lock to know. What it misses is
    /// found under the lock (mmu_invalidate_retry_gfn_unsafe).</summary>
    internal bool SeemsToRetry(Gfn gfn, ulong snapshot)
    {
        if (Vm.Machine.LoadRelaxed(ref *_inProgress) != 0 && IsInRange(gfn)) return true;
        return Vm.Machine.LoadRelaxed(ref *_sequence) != snapshot;
    }

    /// <summary>True if the memory behind the frame lies in the merged range, at whatever place: a slot over it may have been
    /// made since the start, if the variant lets slots change meanwhile. Older kernels compare the host's address, which comes to
    /// the same (reference 9.1). In the fault's section of the memslots' SRCU.</summary>
    private bool IsInRange(Gfn gfn)
    {
        GfnRange range = Range;
        if (range.Contains(gfn)) return true;
        if (!Vm.Settings.SharesMemory) return false;
        foreach (GfnRange place in Vm.Slots.Published.OtherPlaces(GfnRange.Of(gfn.Value, 1)))
        {
            if (range.Contains(place.Start)) return true;
        }
        return false;
    }

    /// <summary>Frames that a fault on another frame must leave alone when it installs more than one: the merged range of what is
    /// in progress, empty if nothing is. Under mmu_lock.</summary>
    internal GfnRange RangeInProgress => InProgress != 0 ? Range : default;

    /// <summary>Where else in the guest the memory of a range lies (kvm_handle_hva_range looks at every slot over what the host
    /// takes). In a section of the memslots' SRCU.</summary>
    protected virtual IReadOnlyList<GfnRange> OtherPlaces(GfnRange range) =>
        Vm.Settings.SharesMemory ? Vm.Slots.Published.OtherPlaces(range) : [];

    /// <summary>Books a start: widens the merged range, over all places of the memory. Overlapping invalidations share one range
    /// that never shrinks until all ended. The variant keeps other starts and ends out meanwhile, and lets no fault that was not
    /// told to retry install once the start has zapped: the exclusive hold does both.</summary>
    protected void Begin(GfnRange range)
    {
        TMachine machine = Vm.Machine;
        long open = InProgress;
        GfnRange merged = open == 0 ? range : Range;
        ulong start = Math.Min(merged.Start.Value, range.Start.Value), end = Math.Max(merged.End.Value, range.End.Value);
        foreach (GfnRange place in OtherPlaces(range))
        {
            (start, end) = (Math.Min(start, place.Start.Value), Math.Max(end, place.End.Value));
        }
        machine.StoreRelaxed(ref *_rangeStart, start);
        machine.StoreRelaxed(ref *_rangeEnd, end);
        machine.Store(ref *_inProgress, (ulong)(open + 1));
    }

    /// <summary>Books an end. As for <see cref="Begin"/>, no other start or end may run.</summary>
    protected void End()
    {
        Vm.Machine.Store(ref *_sequence, Sequence + 1);
        long open = InProgress - 1;
        Vm.Machine.Store(ref *_inProgress, (ulong)open);
        if (open < 0) Vm.Oracle.Report(Invariants.I23, $"{open} are in progress after an end without a start", 0);
    }

    /// <summary>A start that leaves mmu_lock and the count alone where no slot overlaps the range (kvm_handle_hva_range since
    /// 5.15). Start and end must see the same slots, or the count drifts (I25): the variant keeps them stable between.</summary>
    /// <param name="range">What the host takes.</param>
    /// <param name="mustCount">Books it even if no slot overlaps: then the end need not see the same.</param>
    /// <param name="mayYield">The zap may drop mmu_lock for others.</param>
    protected void StartWhereMapped(GfnRange range, bool mustCount = false, bool mayYield = true)
    {
        Vm.Machine.EnterRcu(Vm.Slots.Srcu);
        bool overlaps = Vm.Slots.Published.Overlaps(range, exceptId: -1);
        if (overlaps || mustCount)
        {
            ExclusiveHold hold = Vm.EnterExclusive();
            Begin(range);
            if (overlaps) Unmap(range, hold, mayYield);
            Vm.Exit(hold);
        }
        Vm.Machine.ExitRcu(Vm.Slots.Srcu);
        Vm.CheckUnmapped(range);
    }

    /// <summary>The end of <see cref="StartWhereMapped"/>, with the same arguments.</summary>
    protected void EndWhereMapped(GfnRange range, bool mustCount = false)
    {
        Vm.Machine.EnterRcu(Vm.Slots.Srcu);
        if (mustCount || Vm.Slots.Published.Overlaps(range, exceptId: -1))
        {
            ExclusiveHold hold = Vm.EnterExclusive();
            End();
            Vm.Exit(hold);
        }
        Vm.Machine.ExitRcu(Vm.Slots.Srcu);
    }

    internal string? NameOf(nint word) => (word - (nint)_sequence) switch
    {
        0 => "notifier.sequence",
        8 => "notifier.in-progress",
        16 or 24 => "notifier.range",
        OwnWordIndex * sizeof(ulong) => "notifier.own",
        _ => null,
    };

    /// <summary>The merged range of what is in progress. Under mmu_lock; a guess without.</summary>
    private GfnRange Range =>
        new(new Gfn(Vm.Machine.LoadRelaxed(ref *_rangeStart)), new Gfn(Vm.Machine.LoadRelaxed(ref *_rangeEnd)));

    /// <summary>Zaps the range in all roots, at each place of its memory, and flushes if anything was mapped
    /// (kvm_unmap_gfn_range). In a section of the memslots' SRCU.</summary>
    protected void Unmap(GfnRange range, ExclusiveHold hold, bool mayYield = true)
    {
        bool flush = ZapInRoots(range, hold, mayYield, flush: false);
        foreach (GfnRange place in OtherPlaces(range)) flush = ZapInRoots(place, hold, mayYield, flush);
        if (flush) Vm.Mmu.FlushRemoteTlbs();
    }

    private bool ZapInRoots(GfnRange range, ExclusiveHold hold, bool mayYield, bool flush)
    {
        RootStrategy<TMachine> roots = Vm.Strategy;
        for (TdpRoot root = roots.NextRoot(TdpRoot.None, RootFilter.All, hold); !root.IsNone;
             root = roots.NextRoot(root, RootFilter.All, hold))
        {
            flush = Vm.Mmu.ZapLeafs(root, range, hold, mayYield, flush);
        }
        return flush;
    }
}
