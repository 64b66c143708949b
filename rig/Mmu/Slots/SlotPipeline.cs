namespace Lab.Mmu;

/// <summary>Memslot updates (kvm_set_memory_region): the checks, slots_lock and the accounts of an update are here. How one is
/// carried out is the pipeline's: the lab's own (<see cref="LabSlots{TMachine}"/>), or the running kernel's
/// (<see cref="KernelSlots{TMachine}"/>).</summary>
public abstract unsafe class SlotPipeline<TMachine> : IDisposable
    where TMachine : struct, IMachine
{
    private readonly NativeBlock _block = new(4096);
    /// <summary>Publications so far: who waits for the next one cannot take the one after it for none.</summary>
    private readonly ulong* _published;

    /// <summary>One is published, the first after an even number of publications; the other is the spare that the next update
    /// prepares.</summary>
    private readonly MemslotArray[] _arrays = [new(), new()];
    private int _freedLast;

    private protected SlotPipeline(Vm<TMachine> vm, IGuestMemory memory)
    {
        Vm = vm;
        Memory = memory;
        // SAFETY: the word lies in the block that this pipeline owns.
        _published = (ulong*)_block.Address;
    }

    /// <summary>Domain of the memslots; a fault holds it from lookup to install.</summary>
    public Rcu Srcu { get; } = new("memslots (SRCU)");

    /// <summary>The slots that faults and notifiers search. Hold <see cref="Srcu"/> while using them.</summary>
    public MemslotArray Published => _arrays[Machine.Load(ref *_published) & 1];

    /// <summary>Address of the word that says which slots are published.</summary>
    internal nint PublishedWord => (nint)_published;

    /// <summary>The slots there are, for who holds slots_lock or is the only updater.</summary>
    public virtual MemslotArray Active => _arrays[*_published & 1];

    /// <summary>Slot generations made so far.</summary>
    public ulong LastGeneration { get; private protected set; }

    /// <summary>Where the time of the last update went. Hold slots_lock or be the only updater.</summary>
    public UpdatePhases Phases { get; } = new();

    /// <summary>The kernel that has the slots, or null.</summary>
    public virtual ISlotKernel? Kernel => null;

    private protected Vm<TMachine> Vm { get; }

    private protected TMachine Machine => Vm.Machine;

    /// <summary>What lies behind the slots.</summary>
    private protected IGuestMemory Memory { get; }

    private protected MemslotArray Spare => _arrays[(*_published + 1) & 1];

    /// <summary>Adds a slot with fresh memory behind it. On return faults find the slot; a guest that saw the hole before may
    /// need to fault again.</summary>
    public MemslotResult Create(int id, GfnRange range, MemslotFlags flags)
    {
        long begin = Begin(id);
        MemslotResult result = CheckNew(id, range, flags);
        if (result == MemslotResult.Done) Create(NewGeneration(id, range, flags));
        End(id, begin);
        return result;
    }

    /// <summary>Adds a slot over the whole memory of another: the memory then lies at two places in the guest, and is freed with
    /// the last of them. As for <c>Create</c>; refused unless <see cref="VmSettings.SharesMemory"/>, and where the processor
    /// walks, since what it finds there is stamped by place.</summary>
    public MemslotResult Share(int id, Gfn start, int other)
    {
        long begin = Begin(id);
        MemslotResult result = MemslotResult.NoSuchSlot;
        if (Active.TryGet(other, out Memslot shared))
        {
            GfnRange range = new(start, start + shared.Range.Frames);
            result = !Vm.Settings.SharesMemory || Vm.Mmu is IHardwareMmu ? MemslotResult.Invalid
                : CheckNew(id, range, MemslotFlags.None);
            if (result == MemslotResult.Done)
            {
                Create(new Memslot(id, range, MemslotFlags.None, shared.Generation, shared.Hva));
            }
        }
        End(id, begin);
        return result;
    }

    /// <summary>Deletes a slot. On return no vCPU reaches the slot's memory through it any more, and if no other slot lies over
    /// it, it is free.</summary>
    public MemslotResult Delete(int id)
    {
        long begin = Begin(id);
        bool found = Active.TryGet(id, out Memslot slot);
        if (found) Delete(slot);
        End(id, begin);
        return found ? MemslotResult.Done : MemslotResult.NoSuchSlot;
    }

    /// <summary>Moves a slot to another base, with memory made anew. On return no vCPU reaches the old one.</summary>
    public MemslotResult Move(int id, Gfn newBase)
    {
        long begin = Begin(id);
        MemslotResult result = MemslotResult.NoSuchSlot;
        if (Active.TryGet(id, out Memslot slot))
        {
            GfnRange range = new(newBase, newBase + slot.Range.Frames);
            result = !IsAddressable(range) ? MemslotResult.Invalid : Active.Overlaps(range, id) ? MemslotResult.Overlaps
                : MemslotResult.Done;
            if (result == MemslotResult.Done) Move(slot, range);
        }
        End(id, begin);
        return result;
    }

    /// <summary>Turns dirty logging of a slot on or off; nothing is zapped. On return, with logging on, a write through a
    /// translation from before the call faults; with it off, translations may stay write-protected until a write faults.
    /// Read-only cannot be changed after the slot was made.</summary>
    public MemslotResult SetFlags(int id, MemslotFlags flags)
    {
        long begin = Begin(id);
        MemslotResult result = MemslotResult.NoSuchSlot;
        if (Active.TryGet(id, out Memslot slot))
        {
            result = ((slot.Flags ^ flags) & ~MemslotFlags.LogDirtyPages) == 0 ? MemslotResult.Done : MemslotResult.Invalid;
            if (result == MemslotResult.Done && slot.Flags != flags) SetFlags(slot, flags);
        }
        End(id, begin);
        return result;
    }

    /// <summary>Adds one-page slots that nobody touches, in every other frame from <paramref name="start"/> on.</summary>
    public virtual MemslotResult CreateBystanders(int firstId, int count, Gfn start)
    {
        for (int index = 0; index < count; index++)
        {
            MemslotResult result = Create(firstId + index, GfnRange.Of(start.Value + 2 * (ulong)index, 1), MemslotFlags.None);
            if (result != MemslotResult.Done) return result;
        }
        return MemslotResult.Done;
    }

    /// <summary>Fetches and clears what vCPUs wrote to the slot since the last call; the number of pages. On return a write to
    /// any of them is noticed again. Zero if there is no such slot, or it does not log.</summary>
    public abstract long CollectDirty(int id);

    /// <summary>Does what updates leave to be done about memory that has a stamp on every page: what was freed is stamped so,
    /// what is made next is stamped ahead. An updater calls it between updates, where it is not timed; a stale access is noticed
    /// from then on.</summary>
    public void SettleMemory()
    {
        if (!Memory.NeedsSettling) return;
        Machine.Enter(Vm.SlotsLock);
        Memory.SettleBacking(FrameStamp.Of(_freedLast, LastGeneration + 1));
        Machine.Exit(Vm.SlotsLock);
    }

    /// <summary>The VM dies, its notifier is gone: the slots that the VM itself put there go (kvm_arch_destroy_vm, x86). Nothing
    /// to do where the kernel has them.</summary>
    public virtual void Release() { }

    public void Dispose()
    {
        Srcu.Dispose();
        _block.Dispose();
        GC.SuppressFinalize(this);
    }

    internal string? NameOf(nint word) => word == (nint)_published ? "published slots" : null;

    private protected abstract void Create(in Memslot slot);

    private protected abstract void Delete(in Memslot slot);

    private protected abstract void Move(in Memslot slot, GfnRange range);

    private protected abstract void SetFlags(in Memslot slot, MemslotFlags flags);

    /// <summary>The spare becomes the published array, and the other way round.</summary>
    private protected void Publish()
    {
        Spare.Generation = Active.Generation + 1;
        Machine.Store(ref *_published, *_published + 1);
    }

    /// <summary>A slot with memory of its own.</summary>
    private protected Memslot NewGeneration(int id, GfnRange range, MemslotFlags flags)
    {
        ulong generation = ++LastGeneration;
        Hva backing = Memory.AllocateBacking(range, FrameStamp.Of(id, generation));
        Memory.SetBackingFlags(backing, flags);
        return new Memslot(id, range, flags, generation, backing);
    }

    /// <summary>The slot is published no more. Its memory goes with the last slot over it.</summary>
    private protected void FreeMemory(in Memslot slot)
    {
        if (Vm.Settings.SharesMemory)
        {
            foreach (ref readonly Memslot other in Active.Slots) if (other.Hva == slot.Hva) return;
        }
        _freedLast = slot.Id;
        Memory.FreeBacking(slot.Hva, slot.Generation);
    }

    private long Begin(int id)
    {
        Machine.Enter(Vm.SlotsLock);
        Phases.Clear();
        Vm.Record(MmuEventKind.UpdateStart, (ulong)id);
        return Machine.Timestamp();
    }

    private void End(int id, long begin)
    {
        Phases.Close(Machine.Timestamp() - begin);
        Vm.Record(MmuEventKind.UpdateEnd, (ulong)id);
        Machine.Exit(Vm.SlotsLock);
    }

    /// <summary>True if the range holds frames, all of which a root can map. An end that wrapped around lies below the
    /// start.</summary>
    private static bool IsAddressable(GfnRange range) => !range.IsEmpty && range.End.Value <= GfnRange.All.End.Value;

    private MemslotResult CheckNew(int id, GfnRange range, MemslotFlags flags)
    {
        if (!IsAddressable(range) || id is < 0 or >= FrameStamp.FreedSlot) return MemslotResult.Invalid;
        // KVM_MEMSLOT_INVALID is the pipeline's own; from a caller it would make a slot whose faults are retried for ever.
        if ((flags & ~(MemslotFlags.LogDirtyPages | MemslotFlags.ReadOnly)) != 0) return MemslotResult.Invalid;
        if (Active.TryGet(id, out _) || Active.Overlaps(range, id)) return MemslotResult.Overlaps;
        return Active.Count == MemslotArray.Capacity ? MemslotResult.Invalid : MemslotResult.Done;
    }
}
