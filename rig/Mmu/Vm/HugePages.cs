namespace Lab.Mmu;

/// <summary>A slot that logs dirty pages is mapped by 4 KiB, so that a write costs the copy of one page and not of a large one.
/// When logging begins its large leafs are split, eagerly; when it ends they are put together again.</summary>
/// <remarks>
/// <b>Source.</b> kvm_mmu_slot_apply_flags, kvm_tdp_mmu_try_split_huge_pages, kvm_tdp_mmu_recover_huge_pages, Linux 6.16, with
/// eager_page_split on, as it is by default. What is left for a fault to split it splits itself.
/// <para><b>Runs beside.</b> Everything but another update, which slots_lock keeps out: faults, zaps of whole roots, notifiers,
/// ageing. Merging is a zapper of subtrees of valid roots, as <see cref="NxRecovery{TMachine}"/> is.</para>
/// <para><b>Exclusive</b> where leafs are on chains: those are told of each leaf, and may be by one thread only.</para>
/// </remarks>
public class HugePages<TMachine>(Vm<TMachine> vm)
    where TMachine : struct, IMachine
{
    private TableCache? _tables;

    protected Vm<TMachine> Vm { get; } = vm;

    private ILargeLeafs? Large => Vm.Settings.LeafLevel > Spte.LeafLevel ? Vm.Mmu as ILargeLeafs : null;

    /// <summary>The table pages that it held ready are given back; the VM ends.</summary>
    internal void Destroy() => _tables?.Drain();

    /// <summary>Logging has begun: every large leaf of the slot is split in the valid roots. Hold slots_lock. On return writes
    /// are not caught yet, and vCPUs may use what they have cached of large leafs: the write protection that follows
    /// flushes.</summary>
    internal void Split(in Memslot slot)
    {
        if (Large is not { } large) return;
        GfnRange range = slot.Range;
        TableCache tables = _tables ??= Vm.Mmu.NewCache();
        ForEachRoot((root, hold) => large.Split(tables, root, range, hold));
    }

    /// <summary>Logging has ended: tables whose frames the host backs by large pages become leafs in the valid roots. Hold
    /// slots_lock. On return no vCPU walks the tables; a leaf stays write-protected, as the one was that gave it, until a write
    /// faults.</summary>
    internal void Merge(in Memslot slot)
    {
        if (Large is not { } large) return;
        GfnRange range = slot.Range;
        ulong piece = Vm.Memory.PieceFrames;
        for (PageLevel level = Spte.LeafLevel + 1; level <= Vm.Settings.LeafLevel; level++)
        {
            if (piece % large.RangeOf(default, level).Frames != 0) continue;
            PageLevel merged = level;
            ForEachRoot((root, hold) =>
            {
                if (large.Merge(root, range, merged, hold, Vm.Strategy as IZapHooks)) Flush();
            });
        }
    }

    /// <summary>Before the read-side section ends, after which the tables may be freed (I21).</summary>
    protected virtual void Flush() => Vm.Mmu.FlushRemoteTlbs();

    private void ForEachRoot(Action<TdpRoot, MmuHold> work)
    {
        if (Vm.FaultsExclusively)
        {
            ExclusiveHold hold = Vm.EnterExclusive();
            ForEachRoot(work, hold);
            Vm.Exit(hold);
        }
        else
        {
            SharedHold hold = Vm.EnterShared();
            ForEachRoot(work, hold);
            Vm.Exit(hold);
        }
    }

    private void ForEachRoot(Action<TdpRoot, MmuHold> work, MmuHold hold)
    {
        RootStrategy<TMachine> roots = Vm.Strategy;
        for (TdpRoot root = roots.NextRoot(TdpRoot.None, RootFilter.ValidOnly, hold); !root.IsNone;
             root = roots.NextRoot(root, RootFilter.ValidOnly, hold))
        {
            Vm.Machine.EnterRcu(Vm.Rcu);
            work(root, hold);
            Vm.Machine.ExitRcu(Vm.Rcu);
        }
    }
}
