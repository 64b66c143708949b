namespace Lab.Mmu;

/// <summary>
/// Memslot updates: the pipeline that every strategy plugs into (reference 0.6; kvm_set_memslot, kvm_swap_active_memslots, Linux 6.16).
/// </summary>
public sealed unsafe partial class Vm<TMachine>
{
    /// <summary>One is published, the other is the spare that the next update prepares.</summary>
    private readonly MemslotArray[] _slotArrays = [new(), new()];
    private long _fastZaps;
    private int _freedLast;

    /// <summary>Slot generations made so far.</summary>
    public ulong LastGeneration { get; private set; }

    /// <summary>Domain of the memslots; a fault holds it from lookup to install.</summary>
    public Rcu Srcu { get; } = new("memslots (SRCU)");

    /// <summary>The published slots. Hold <see cref="Srcu"/> while using them.</summary>
    public MemslotArray Memslots => _slotArrays[Machine.Load(ref _words[PublishedSlots])];

    /// <summary>Fast zaps begun so far. Raised in the exclusive section that invalidates the roots, before it does.</summary>
    public long FastZaps => Volatile.Read(ref _fastZaps);

    /// <summary>The published slots and the spare, for the updater: only slots_lock's holder publishes.</summary>
    private MemslotArray Active => _slotArrays[_words[PublishedSlots]];

    /// <summary>Who carries out memslot updates instead of the pipeline here; mostly nobody.</summary>
    public ISlotKernel? SlotKernel => _slotKernel;

    private MemslotArray Spare => _slotArrays[_words[PublishedSlots] ^ 1];

    /// <summary>Where the time of the last update went. Hold slots_lock or be the only updater.</summary>
    public UpdatePhases Phases { get; } = new();

    /// <summary>
    /// Adds a slot with fresh memory behind it. One grace period. On return faults find the slot; a guest that saw the hole before may need
    /// to fault again.
    /// </summary>
    public MemslotResult CreateSlot(int id, GfnRange range, MemslotFlags flags)
    {
        long begin = BeginUpdate(id);
        MemslotResult result = CheckNew(id, range, flags);
        if (result == MemslotResult.Done)
        {
            Memslot slot = NewGeneration(id, range, flags);
            Spare.CopyFrom(Active);
            Spare.Set(slot);
            _slotKernel?.Create(slot);
            SwapSlots();
        }
        EndUpdate(id, begin);
        return result;
    }

    /// <summary>
    /// Deletes a slot in two steps around a fast zap: published as invalid, zapped, published without it. On return no vCPU reaches the slot's
    /// memory any more, and it is free.
    /// </summary>
    public MemslotResult DeleteSlot(int id)
    {
        long begin = BeginUpdate(id);
        bool found = Active.TryGet(id, out Memslot slot);
        if (found)
        {
            TakeDown(slot);
            Spare.CopyFrom(Active);
            Spare.Remove(id);
            SwapSlots();
            FreeMemory(slot);
        }
        EndUpdate(id, begin);
        return found ? MemslotResult.Done : MemslotResult.NoSuchSlot;
    }

    /// <summary>Moves a slot to another base. As a delete, except that the second step publishes it at its new place, with its memory made anew.</summary>
    public MemslotResult MoveSlot(int id, Gfn newBase)
    {
        long begin = BeginUpdate(id);
        MemslotResult result = MemslotResult.NoSuchSlot;
        if (Active.TryGet(id, out Memslot slot))
        {
            GfnRange range = new(newBase, newBase + slot.Range.Frames);
            result = !IsAddressable(range) ? MemslotResult.Invalid : Active.Overlaps(range, id) ? MemslotResult.Overlaps : MemslotResult.Done;
            if (result == MemslotResult.Done)
            {
                if (_slotKernel is { } kernel)
                {
                    kernel.Move(slot, newBase);
                    Spare.CopyFrom(Active);
                    Spare.Set(slot with { Range = range, Generation = ++LastGeneration });
                    SwapSlots();
                }
                else
                {
                    TakeDown(slot);
                    Spare.CopyFrom(Active);
                    Spare.Set(NewGeneration(id, range, slot.Flags & ~MemslotFlags.Invalid));
                    SwapSlots();
                    FreeMemory(slot);
                }
            }
        }
        EndUpdate(id, begin);
        return result;
    }

    /// <summary>
    /// Changes a slot's flags. Turning dirty logging on write-protects the slot in every valid root under the shared hold and
    /// flushes; nothing is zapped. Read-only cannot be changed after the slot was made.
    /// </summary>
    public MemslotResult SetFlags(int id, MemslotFlags flags)
    {
        long begin = BeginUpdate(id);
        MemslotResult result = MemslotResult.NoSuchSlot;
        if (Active.TryGet(id, out Memslot slot))
        {
            result = ((slot.Flags ^ flags) & ~MemslotFlags.LogDirtyPages) == 0 ? MemslotResult.Done : MemslotResult.Invalid;
            if (result == MemslotResult.Done && slot.Flags != flags)
            {
                Spare.CopyFrom(Active);
                Spare.Set(slot with { Flags = flags });
                _slotKernel?.SetFlags(slot, flags);
                // Before the grace period: what is mapped after it follows the new flags, what was mapped before is write-protected below.
                _hardware?.SetBackingFlags(slot.Frame, flags);
                SwapSlots();
                if (_slotKernel is null && (flags & MemslotFlags.LogDirtyPages) != 0) WriteProtect(slot.Range);
            }
        }
        EndUpdate(id, begin);
        return result;
    }

    /// <summary>
    /// Adds one-page slots that nobody touches, in every other frame from <paramref name="start"/> on. Where the kernel has the slots only the kernel
    /// has these: an update must not pay for the lab's copies of them.
    /// </summary>
    public MemslotResult CreateBystanders(int firstId, int count, Gfn start)
    {
        if (_slotKernel is { } kernel)
        {
            Machine.Enter(SlotsLock);
            kernel.CreateBystanders(firstId, count, start);
            Machine.Exit(SlotsLock);
            return MemslotResult.Done;
        }
        for (int index = 0; index < count; index++)
        {
            MemslotResult result = CreateSlot(firstId + index, GfnRange.Of(start.Value + 2 * (ulong)index, 1), MemslotFlags.None);
            if (result != MemslotResult.Done) return result;
        }
        return MemslotResult.Done;
    }

    /// <summary>
    /// Fetches and clears what vCPUs wrote to the slot since the last call; the number of pages. On return a write to any of them is noticed again.
    /// Only where the kernel has the slots.
    /// </summary>
    public long CollectDirty(int id)
    {
        ISlotKernel kernel = _slotKernel ?? throw new InvalidOperationException("Nobody keeps a dirty log: the running kernel does not have the slots.");
        Machine.Enter(SlotsLock);
        try
        {
            return Active.TryGet(id, out Memslot slot) ? kernel.CollectDirty(slot) : 0;
        }
        finally
        {
            Machine.Exit(SlotsLock);
        }
    }

    /// <summary>kvm_mmu_zap_all_fast for the TDP MMU. Hold slots_lock.</summary>
    private void ZapAllFast()
    {
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
        // In the same exclusive section as the invalidation: no vCPU can enter the guest on an invalid root in between (invariant I8).
        Requests.RaiseAll(Machine, VcpuRequests.FreeObsoleteRoots);
        long requested = Machine.Timestamp();
        Exit(hold);
        Pause(PausePoint.FastZap);
        Record(MmuEventKind.ZapInvalidatedStart, 0);
        Strategy.ZapInvalidatedRoots();
        Record(MmuEventKind.ZapInvalidatedEnd, 0);
        long end = Machine.Timestamp();
        CheckWatchedRootsEmpty();
        Phases.Add(UpdatePhase.LockWait, locked - begin);
        Phases.Add(UpdatePhase.Invalidate, invalidated - locked);
        Phases.Add(UpdatePhase.ReloadWait, requested - invalidated);
        Phases.Add(UpdatePhase.ZapWait, end - requested);
    }

    /// <summary>
    /// A reader-mode iteration over the valid roots: write-protects the range in each under the shared hold, with yields, and flushes. Takes
    /// no slots_lock: who needs the slots to stay holds it.
    /// </summary>
    internal void WriteProtect(GfnRange range, RootFilter filter = RootFilter.ValidOnly)
    {
        SharedHold hold = EnterShared();
        bool flush = false;
        for (TdpRoot root = Strategy.NextRoot(TdpRoot.None, filter, hold); !root.IsNone;
             root = Strategy.NextRoot(root, filter, hold))
            flush |= Mmu.WriteProtect(root, range, hold);
        Exit(hold);
        if (flush) Mmu.FlushRemoteTlbs();
    }

    private long BeginUpdate(int id)
    {
        Machine.Enter(SlotsLock);
        Phases.Clear();
        Record(MmuEventKind.UpdateStart, (ulong)id);
        return Machine.Timestamp();
    }

    private void EndUpdate(int id, long begin)
    {
        Phases.Close(Machine.Timestamp() - begin);
        Record(MmuEventKind.UpdateEnd, (ulong)id);
        Machine.Exit(SlotsLock);
    }

    /// <summary>True if the range holds frames, all of which a root can map. An end that wrapped around lies below the start.</summary>
    private static bool IsAddressable(GfnRange range) => !range.IsEmpty && range.End.Value <= GfnRange.All.End.Value;

    private MemslotResult CheckNew(int id, GfnRange range, MemslotFlags flags)
    {
        if (!IsAddressable(range) || id is < 0 or >= FrameStamp.FreedSlot) return MemslotResult.Invalid;
        // KVM_MEMSLOT_INVALID is the pipeline's own; from a caller it would make a slot whose faults are retried for ever.
        if ((flags & ~(MemslotFlags.LogDirtyPages | MemslotFlags.ReadOnly)) != 0) return MemslotResult.Invalid;
        if (Active.TryGet(id, out _) || Active.Overlaps(range, id)) return MemslotResult.Overlaps;
        return Active.Count == MemslotArray.Capacity ? MemslotResult.Invalid : MemslotResult.Done;
    }

    private Memslot NewGeneration(int id, GfnRange range, MemslotFlags flags)
    {
        ulong generation = ++LastGeneration;
        FrameStamp stamp = FrameStamp.Of(id, generation);
        ulong frame = _hardware is { } hardware ? hardware.AllocateBacking(range, stamp) : Memory.Allocate(Machine, stamp);
        _hardware?.SetBackingFlags(frame, flags);
        return new Memslot(id, range, flags, generation, frame);
    }

    private void FreeMemory(in Memslot slot)
    {
        _freedLast = slot.Id;
        if (_hardware is { } hardware) hardware.FreeBacking(slot.Frame, slot.Generation);
        else Memory.Free(Machine, slot.Frame, slot.Generation);
    }

    /// <summary>
    /// Does what updates leave to be done about memory that has a stamp on every page: what was freed is stamped so, what is made next is stamped
    /// ahead. An updater calls it between updates, where it is not timed; a stale access is noticed from then on. Nothing to do on a software walk.
    /// </summary>
    public void SettleMemory()
    {
        if (_hardware is not { } hardware) return;
        Machine.Enter(SlotsLock);
        hardware.SettleBacking(FrameStamp.Of(_freedLast, LastGeneration + 1));
        Machine.Exit(SlotsLock);
    }

    /// <summary>First half of a delete or move: on return nothing reaches the slot's memory through its old place.</summary>
    private void TakeDown(in Memslot slot)
    {
        if (_slotKernel is { } kernel)
        {
            kernel.Delete(slot);
            return;
        }
        PublishInvalid(slot);
        ZapAllFast();
    }

    private void PublishInvalid(in Memslot slot)
    {
        Spare.CopyFrom(Active);
        Spare.Set(slot with { Flags = slot.Flags | MemslotFlags.Invalid });
        SwapSlots();
    }

    /// <summary>
    /// Publishes the prepared array and waits until nobody uses the old one, which then becomes the spare. After it no fault can pick a
    /// slot from the old array. Where the kernel has the slots, no fault looks here, and there is nobody to wait for.
    /// </summary>
    private void SwapSlots()
    {
        Spare.Generation = Active.Generation + 1;
        if (_slotKernel is not null)
        {
            Machine.Store(ref _words[PublishedSlots], _words[PublishedSlots] ^ 1);
            return;
        }
        Notifier.BeforeSwap();
        Machine.Store(ref _words[PublishedSlots], _words[PublishedSlots] ^ 1);
        Notifier.AfterSwap();
        long begin = Machine.Timestamp();
        Machine.Synchronize(Srcu);
        Phases.Add(UpdatePhase.Srcu, Machine.Timestamp() - begin);
    }
}
