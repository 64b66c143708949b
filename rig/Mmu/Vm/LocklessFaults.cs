namespace Lab.Mmu;

/// <summary>Faults that need no mmu_lock: a page that was write-protected to log its next write becomes writable again, and a
/// frame without a memslot is emulated by its MMIO SPTE.</summary>
/// <remarks>
/// <b>Source.</b> fast_page_fault and handle_mmio_page_fault, Linux 6.16. Of the first, what write protection needs; without
/// access tracking there is no other entry that it could fix.
/// <para><b>Runs beside.</b> Everything: inside a read-side section of the page tables and one of the memslots. An entry that a
/// zapper took is not what was read any more, so the compare fails and nothing is revived (I20).</para>
/// <para><b>The log.</b> The frame is marked once the entry is writable, and before the guest makes its write: another vCPU may
/// write in between, and who harvests then takes the write protection first and finds the mark the next time.</para>
/// <para><b>Cached answers</b> name the generation of the memslots that were searched. One of another generation is no answer
/// (I35).</para>
/// </remarks>
public class LocklessFaults<TMachine>(Vm<TMachine> vm)
    where TMachine : struct, IMachine
{
    /// <summary>fast_page_fault gives up after so many lost races.</summary>
    private const int TriesMax = 4;

    private readonly ILocklessFaults? _tables = vm.Mmu as ILocklessFaults;
    private int _fixing;

    /// <summary>An entry has become writable whose frame is not marked yet. An oracle's look.</summary>
    internal bool IsFixing => Fixing != 0;

    /// <summary>How many there are.</summary>
    internal int Fixing => Volatile.Read(ref _fixing);

    protected Vm<TMachine> Vm { get; } = vm;

    /// <summary>Makes the entry for a write writable, if nothing but that is missing. True: it is, the frame is in the log if
    /// the slot logs, and the vCPU can make its access again. The slot is that of the frame, in the section in which it was
    /// found, and can be written.</summary>
    internal bool TryFix(TdpRoot root, in Memslot slot, Gfn gfn)
    {
        if (_tables is null) return false;
        bool isFixed = false;
        Vm.Machine.EnterRcu(Vm.Rcu);
        for (int tries = 0; tries < TriesMax; tries++)
        {
            (PageLevel level, ulong spte) = _tables.Look(root, gfn, out SpteRef entry);
            if (!Spte.IsPresent(spte) || !Spte.IsLeaf(spte, level)) break;
            isFixed = Spte.IsWritable(spte);
            // A large leaf of a slot that logs is for the slow path to split.
            if (isFixed || (spte & Spte.MmuWritable) == 0 || (level > Spte.LeafLevel && slot.DirtyBits != 0)) break;
            Interlocked.Increment(ref _fixing);
            isFixed = TryReplace(_tables, entry, spte | Spte.Writable, spte);
            if (isFixed && slot.DirtyBits != 0) Vm.DirtyLog.Mark(slot, gfn);
            Interlocked.Decrement(ref _fixing);
            if (isFixed) break;
        }
        Vm.Machine.ExitRcu(Vm.Rcu);
        return isFixed;
    }

    /// <summary>True if the tables hold an MMIO SPTE for the frame that is good for these slots.</summary>
    internal bool HasMmioFor(TdpRoot root, Gfn gfn, MemslotArray slots)
    {
        if (_tables is null) return false;
        Vm.Machine.EnterRcu(Vm.Rcu);
        (_, ulong spte) = _tables.Look(root, gfn, out _);
        Vm.Machine.ExitRcu(Vm.Rcu);
        return Spte.IsMmio(spte) && IsCurrent(Spte.MmioGeneration(spte), slots);
    }

    /// <summary>Puts an MMIO SPTE there: by these slots the frame has none. Without a table page nothing is cached.</summary>
    internal void CacheMmio(Vcpu<TMachine> vcpu, Gfn gfn, MemslotArray slots)
    {
        if (_tables is null) return;
        SharedHold hold = Vm.EnterShared();
        if (!Vm.Strategy.IsInvalid(vcpu.Root))
        {
            Vm.Machine.EnterRcu(Vm.Rcu);
            _tables.MapMmio(vcpu.Tables, vcpu.Root, gfn, slots.Generation);
            Vm.Machine.ExitRcu(Vm.Rcu);
        }
        Vm.Exit(hold);
    }

    /// <summary>The compare-and-exchange that makes an entry writable.</summary>
    protected virtual bool TryReplace(ILocklessFaults tables, SpteRef entry, ulong spte, ulong old) =>
        tables.TryReplace(entry, spte, old);

    /// <summary>Whether an answer of that generation holds for these slots.</summary>
    protected virtual bool IsCurrent(ulong generation, MemslotArray slots) => generation == slots.Generation;
}
